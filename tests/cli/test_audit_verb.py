"""./snp audit: what the index knows of the locked versions; said so where none answers."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dispatcher import audit_verb, cli
from dispatcher.audit_verb import EXCUSES, Excuse, UnansweredError, Weakness, is_excused

LOCK = (
    "flask==3.1.3 \\\n    --hash=sha256:ab\n"
    "tzdata==2026.1 ; sys_platform == 'win32' \\\n    --hash=x\n"
)
WEAK = {"id": "PYSEC-1", "fixed_in": ["3.1.4"], "withdrawn": None}
WITHDRAWN = {"id": "PYSEC-2", "fixed_in": [], "withdrawn": "2026-01-01T00:00:00Z"}


@pytest.fixture
def known() -> dict[str, Any]:
    """What the index answers, by path; 404 for everything else."""
    return {
        "/pypi/flask/3.1.3/json": {"info": {}, "vulnerabilities": [WEAK, WITHDRAWN]},
        "/pypi/tzdata/2026.1/json": {"info": {}, "vulnerabilities": []},
    }


@pytest.fixture
def index(known: dict[str, Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = known.get(self.path)
            self.send_response(200 if told is not None else 404)
            self.end_headers()
            if told is not None:
                self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def audited(index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The verb over that lock and that index; the file of excuses, still without one."""
    lock, excuses = tmp_path / "lock.txt", tmp_path / "excuses.toml"
    lock.write_text(LOCK)
    excuses.write_text("")
    monkeypatch.setattr(audit_verb, "LOCK", lock)
    monkeypatch.setattr(audit_verb, "EXCUSES", excuses)
    monkeypatch.setenv("PIP_INDEX_URL", index)
    return excuses


def test_a_known_weakness_is_named_and_fails(
    audited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit"]) == 1
    said = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    assert "flask 3.1.3 : PYSEC-1, corrigée dans 3.1.4" in said
    assert "PYSEC-2" not in said

    audited.write_text('[[excuse]]\nid = "PYSEC-1"\nreason = "unreached"\nuntil = 9999-12-31\n')
    assert cli.main(["audit", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["id"], told["excused"]) == ("PYSEC-1", True)


def test_an_excuse_ends_on_its_day() -> None:
    weakness = Weakness("PYSEC-1", "flask", "3.1.3", ())
    excuse = Excuse("PYSEC-1", "unreached", date(2026, 11, 23))
    assert is_excused(weakness, [excuse], date(2026, 11, 23))
    assert not is_excused(weakness, [excuse], date(2026, 11, 24))
    assert not is_excused(weakness, [Excuse("PYSEC-9", "", date(2027, 1, 1))], date(2026, 1, 1))


@pytest.mark.parametrize("told", [None, {"info": {}}, []])
def test_an_index_that_does_not_say_is_told_and_nothing_fails(
    audited: Path, known: dict[str, Any], told: object, capsys: pytest.CaptureFixture[str]
) -> None:
    del audited
    known["/pypi/flask/3.1.3/json"] = told
    assert cli.main(["audit"]) == 0
    assert capsys.readouterr().err.startswith("Non vérifié")


def test_an_index_that_is_away_or_a_folder_is_told() -> None:
    for index in ("http://127.0.0.1:1/simple", "file:///srv/simple"):
        with pytest.raises(UnansweredError) as refused:
            audit_verb.weaknesses([("flask", "3.1.3")], index)
        assert "127" not in str(refused.value)


def test_every_excuse_has_a_reason_and_a_day() -> None:
    for excuse in audit_verb.read_excuses(EXCUSES.read_text("utf-8")):
        assert len(excuse.reason) > 20
        assert isinstance(excuse.until, date)


def test_the_locks_of_the_house_are_read_whole() -> None:
    locked = dict(audit_verb.pins(audit_verb.LOCK.read_text("utf-8")))
    assert locked.keys() >= {"flask", "sqlalchemy", "cryptography", "pytest"}
