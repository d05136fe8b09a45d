"""A bell that notes what was rung."""

from collections.abc import Sequence

from dispatcher.storage.unit import Ring


class RecordingBell:
    """Implements `Bell`. `rung` is every promise that was rung for, in order."""

    def __init__(self) -> None:
        self.rung: list[Ring] = []
        self.is_there = True

    def ring(self, rings: Sequence[Ring]) -> None:
        self.rung.extend(rings)

    def answers(self) -> bool:
        return self.is_there

    def depths(self) -> dict[str, int]:
        return {"urgent": 2, "messages": 0} if self.is_there else {}
