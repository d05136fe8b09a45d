"""Boards that are the same for everybody are rendered once, however many territories there are."""

from dispatcher.web.live import CHARACTERS_KEPT, Renderings


def test_hundreds_of_boards_are_each_rendered_once_and_the_oldest_make_room() -> None:
    renderings, rendered = Renderings(), list[str]()

    def ask(etag: str, characters: int) -> None:
        def render() -> str:
            rendered.append(etag)
            return etag[0] * characters

        assert renderings.of(etag, render) == etag[0] * characters

    boards = [f"board-{number}" for number in range(300)]
    for board in boards * 2:
        ask(board, 20_000)
    assert rendered == boards

    ask("large", CHARACTERS_KEPT - 20_000)
    ask("board-299", 20_000)  # the last one still fits beside it
    assert rendered == [*boards, "large"]
    ask("board-0", 20_000)
    assert rendered == [*boards, "large", "board-0"]

    ask("larger", CHARACTERS_KEPT + 1)  # it is kept, alone
    ask("larger", CHARACTERS_KEPT + 1)
    assert rendered == [*boards, "large", "board-0", "larger"]
