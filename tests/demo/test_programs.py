"""Logs of programs that run for long, and of those that fail."""

from pathlib import Path

from dispatcher.demo.programs import LONGEST_LOG, last_lines, shorten


def test_a_log_that_has_grown_is_emptied_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * (LONGEST_LOG + 1))

        shorten(log)
        writer.write(b"and on")

    assert log.read_bytes() == b"and on"
    assert (tmp_path / "web.log.1").stat().st_size == LONGEST_LOG + 1


def test_a_log_within_its_bounds_and_one_that_is_not_there_are_left(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * LONGEST_LOG)

    shorten(log)
    shorten(tmp_path / "none.log")

    assert log.stat().st_size == LONGEST_LOG
    assert [entry.name for entry in tmp_path.iterdir()] == ["web.log"]


def test_the_end_of_a_log_is_what_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("\n".join(f"line {number}" for number in range(1, 21)))

    assert list(last_lines(log, 3)) == ["line 18", "line 19", "line 20"]
    assert list(last_lines(tmp_path / "none.log")) == []


def test_of_a_json_line_what_it_says_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text(
        '{"event": "Booting", "level": "info"}\n'
        '{"event": "Failed", "exception": "Traceback\\n  File x\\nKeyError: 1"}\n'
        '"a text"\n'
    )

    assert list(last_lines(log)) == ["Booting", "Failed\u00a0: KeyError: 1", '"a text"']
