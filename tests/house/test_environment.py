"""Every variable that the settings read is in `.env.example`, and nothing else is."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from config.settings import IncompleteSettingsError, Settings

ROOT = Path(__file__).resolve().parents[2]
MADE_BY_THE_DEMONSTRATION = {"DEMO_DIRECTORY"}
READ_BY_GUNICORN = {"PORT", "WEB_CONCURRENCY"}


class Recording(Mapping[str, str]):
    """An environment without anything in it, that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def listed() -> list[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)


def test_the_example_lists_what_is_read_and_nothing_else() -> None:
    environment = Recording()
    with pytest.raises(IncompleteSettingsError):
        Settings.from_environment(environment)

    assert set(listed()) == (environment.asked - MADE_BY_THE_DEMONSTRATION) | READ_BY_GUNICORN
    assert len(listed()) == len(set(listed()))


def test_the_example_holds_no_secret() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")

    for name in (
        "SECRET_KEY",
        "DATA_KEY",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "SMTP_PASSWORD",
    ):
        assert re.search(rf"^{name}=$", text, re.MULTILINE), name
