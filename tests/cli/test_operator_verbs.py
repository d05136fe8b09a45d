"""The verbs with which a house is set up and looked after, on a real database."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher import cli
from dispatcher.services import accounts
from dispatcher.storage.migrate import upgrade

PASSWORD = "un mot de passe assez long"
ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "s" * 64,
    "DATA_KEY": f"k1:{base64.b64encode(bytes(32)).decode()}",
    "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "nobody's",
    "TWILIO_FROM": "+33757000000",
}
TERRITORY = [
    *("territory", "create", "--code", "cpts-essai", "--name", "CPTS d’essai"),
    *("--timezone", "Europe/Paris", "--department", "39", "--phone", "03 84 00 00 00"),
]
USER = [
    *("user", "create", "--territory", "cpts-essai", "--login", "Regul"),
    *("--display-name", "Régulation", "--role", "regulator"),
]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'house.sqlite3'}"
    upgrade(url)
    for name, value in {**ENVIRONMENT, "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    monkeypatch.chdir(tmp_path)


def answered(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.splitlines()[-1]


@pytest.mark.usefixtures("environment")
def test_a_territory_and_its_first_account_are_made_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(TERRITORY) == 0
    assert cli.main(USER) == 0
    user_id = answered(capsys)

    account = accounts.sign_in(cli.open_house(), "regul", PASSWORD)

    assert str(account.user_id) == user_id
    assert account.territory_code == "cpts-essai"
    assert account.display_name == "Régulation"


@pytest.mark.usefixtures("environment")
def test_a_token_is_issued_for_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(TERRITORY)
    cli.main(USER)
    user_id = answered(capsys)

    assert cli.main(["user", "token", "--login", "regul", "--label", "essai"]) == 0

    account = accounts.account_of_token(cli.open_house(), answered(capsys))
    assert account is not None
    assert str(account.user_id) == user_id


@pytest.mark.usefixtures("environment")
def test_a_refusal_names_the_field_and_changes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(USER) == 2
    assert "territory\u00a0: Ce territoire n’existe pas." in capsys.readouterr().err
    assert cli.main(["user", "token", "--login", "regul", "--label", "essai"]) == 2
    assert "login\u00a0: Ce compte n’existe pas." in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_a_log_without_a_day_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["log", "verify", "--json"]) == 0

    verdict: dict[str, Any] = json.loads(answered(capsys))
    assert verdict == {"days": 0, "events": 0, "broken": [], "unsealed": [], "digest": ""}


def test_a_text_is_counted_as_it_would_leave(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sms", "count", "être à l’heure", "--json"]) == 0

    # ê and ’ are replaced by what GSM-7 has: 14 characters, one SMS
    assert json.loads(answered(capsys)) == {
        "encoding": "GSM-7",
        "characters": 14,
        "segments": 1,
        "text": "etre à l'heure",
    }
