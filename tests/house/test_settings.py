"""The settings: complete or refused, told all at once, never a value among the faults."""

import base64
import dataclasses
import re
from pathlib import Path

import pytest

from config.settings import IncompleteSettingsError, Settings

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(bytes(32)).decode()
WHOLE = {
    "DATABASE_URL": "postgresql://snp:verysecret@db/snp",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": "s" * 32,
    "DATA_KEY": f"k1:{KEY}",
    "PUBLIC_BASE_URL": "https://snp.example.org/",
    "TWILIO_ACCOUNT_SID": "AC0",
    "TWILIO_AUTH_TOKEN": "a-token-of-twilio",
    "TWILIO_FROM": "+33639980000",
}


def faults(**changes: str | None) -> list[str]:
    environment = {name: value for name, value in (WHOLE | changes).items() if value is not None}
    with pytest.raises(IncompleteSettingsError) as refused:
        Settings.from_environment(environment)
    return str(refused.value).splitlines()


def test_a_complete_environment_is_read_with_its_defaults() -> None:
    settings = Settings.from_environment(WHOLE)

    assert settings.public_base_url == "https://snp.example.org"
    assert settings.data_keys == (("k1", bytes(32)),)
    assert (settings.promise_lease, settings.sms_settle_after, settings.relay_interval) == (
        20,
        120,
        0.5,
    )
    assert (settings.is_demonstration, settings.is_served_over_tls) == (False, True)
    assert settings.twilio is not None
    assert (settings.twilio.sender, settings.twilio.messaging_service_sid) == (
        "+33639980000",
        None,
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"DATABASE_URL": None}, "DATABASE_URL is missing"),
        ({"REDIS_URL": " "}, "REDIS_URL is missing"),
        ({"SECRET_KEY": "s" * 31}, "SECRET_KEY must have at least 32 characters"),
        ({"DATA_KEY": "k1:tooshort"}, "DATA_KEY must hold 32 bytes"),
        ({"DATA_KEY": f"k1:{KEY},k1:{KEY}"}, "DATA_KEY names the same key id twice"),
        ({"DATA_KEY": "é"}, "DATA_KEY must hold 32 bytes"),
        ({"PUBLIC_BASE_URL": "snp.example.org"}, "PUBLIC_BASE_URL must begin with https://"),
        ({"TWILIO_ACCOUNT_SID": None}, "TWILIO_ACCOUNT_SID is missing"),
        ({"TWILIO_FROM": None}, "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM is missing"),
        ({"PROMISE_LEASE": "soon"}, "PROMISE_LEASE must be a number"),
        ({"RELAY_INTERVAL": "-1"}, "RELAY_INTERVAL must be a number"),
        ({"SMS_SETTLE_AFTER": "inf"}, "SMS_SETTLE_AFTER must be a number"),
        ({"PROXY_COUNT": "nan"}, "PROXY_COUNT must be a number"),
        ({"SMTP_HOST": "smtp", "EMAIL_FROM": "snp"}, "EMAIL_FROM must be an address"),
        ({"SMTP_HOST": "smtp", "EMAIL_FROM": "a@b.fr", "SMTP_PORT": "0"}, "SMTP_PORT must be"),
        ({"SMTP_HOST": "smtp", "EMAIL_FROM": "a@b.fr", "SMTP_USER": "x"}, "SMTP_USER and"),
    ],
)
def test_a_fault_is_told_by_the_name_of_its_variable(
    changes: dict[str, str | None], told: str
) -> None:
    (fault,) = faults(**changes)

    assert fault.startswith(told)


def test_every_fault_is_told_at_once_and_never_a_value() -> None:
    told = faults(
        DATABASE_URL=None,
        SECRET_KEY="short-secret",
        DATA_KEY="k1:bm90IHRoaXJ0eXR3bw==",
        PROXY_COUNT="x",
    )

    assert len(told) == 4
    for secret in ("short-secret", "bm90", "verysecret", "a-token"):
        assert secret not in "\n".join(told)


def test_email_is_optional_and_its_port_follows_how_the_server_is_spoken_to() -> None:
    assert Settings.from_environment(WHOLE).smtp is None
    account = {"SMTP_HOST": "smtp.example.org", "EMAIL_FROM": "snp@example.org"}
    ports = {
        security: Settings.from_environment(WHOLE | account | {"SMTP_SECURITY": security}).smtp
        for security in ("starttls", "implicit", "none", "")
    }
    assert [smtp.port for smtp in ports.values() if smtp] == [587, 465, 25, 587]
    told = faults(**account, SMTP_SECURITY="sometimes")
    assert told[0] == "SMTP_SECURITY must be starttls, implicit or none"
    secret = Settings.from_environment(
        WHOLE | account | {"SMTP_USER": "snp", "SMTP_PASSWORD": "a-password-of-smtp"}
    )
    assert "a-password-of-smtp" not in repr(secret)


def test_several_keys_are_read_in_their_order() -> None:
    other = base64.b64encode(bytes(range(32))).decode()
    settings = Settings.from_environment(WHOLE | {"DATA_KEY": f"new:{other}, {KEY}"})

    assert [key_id for key_id, _ in settings.data_keys] == ["new", "k1"]


def test_the_demonstration_needs_no_twilio(tmp_path: Path) -> None:
    environment = {name: value for name, value in WHOLE.items() if "TWILIO" not in name}
    settings = Settings.from_environment(environment | {"DEMO_DIRECTORY": str(tmp_path)})

    assert settings.is_demonstration
    assert settings.twilio is None


def test_settings_cannot_be_changed_and_do_not_show_their_secrets_by_accident() -> None:
    settings = Settings.from_environment(WHOLE)

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.secret_key = "other"  # type: ignore[misc]  # that is what is refused
    for secret in (WHOLE["SECRET_KEY"], "a-token-of-twilio", "verysecret", repr(bytes(32))):
        assert secret not in repr(settings)


def named_in(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z][A-Z_]+)`", text))


def test_every_variable_is_explained_in_the_readme() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))

    assert listed - named_in((ROOT / "README.md").read_text(encoding="utf-8")) == set()


def test_the_guard_sees_a_variable_that_is_not_explained() -> None:
    """The companion."""
    assert {"NEW_SETTING"} - named_in("| `DATABASE_URL`, `REDIS_URL` |") == {"NEW_SETTING"}
