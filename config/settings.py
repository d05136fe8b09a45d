"""The settings of one process, frozen: the only reader of the environment.

A process with incomplete settings refuses to start and says what to do.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 ]{3,11}")
"""A number in E.164, a Messaging Service, or a name that takes no answers."""
_MODULE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
SMTP_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
"""By how a server is spoken to: where it usually listens."""
HIGHEST_PORT = 65535
MINIMUM_SECRET_LENGTH = 32
DATA_KEY_BYTES = 32


class IncompleteSettingsError(ValueError):
    """The environment lacks something or holds something unusable; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Twilio:
    """How to reach Twilio: a Messaging Service or one number, and where its API answers."""

    account_sid: str
    auth_token: str = field(repr=False)
    messaging_service_sid: str | None
    sender: str | None
    api_base_url: str | None
    senders: tuple[tuple[str, str], ...] = ()
    """By a territory's code: the number or the Messaging Service of its own."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """How e-mail leaves: a server, how it is spoken to, and our address."""

    host: str
    port: int
    security: str
    """`starttls`, `implicit` (TLS from the first byte) or `none` (a server on this machine)."""
    user: str | None
    password: str = field(repr=False)
    sender: str
    """Our address, « snp@example.org »; the territory's name is shown before it."""


@dataclass(frozen=True, slots=True)
class ProSanteConnect:
    """Who vouches for professionals: its discovery document, and what it knows us by."""

    discovery_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process of the house is told from outside. Durations are seconds.

    Secrets stay out of its repr, and so out of logs; addresses hold passwords.
    """

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    data_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    """Key ids and AES-256 keys, the one that seals first; the others still open."""
    public_base_url: str
    twilio: Twilio | None
    """None where SMS go another way."""
    sms_provider: str | None
    """The module of `dispatcher.gateways` that carries SMS; None in a demonstration without one."""
    demonstration_directory: Path | None
    """Where `./snp demo` keeps its data; None everywhere else."""
    proxy_count: int = 0
    sms_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the environment says to a provider other than Twilio, without its name in front."""
    call_rate: float = 0.0
    """Calls a minute that one account, or one address without one, may make; 0 for no limit."""
    sms_rate: float = 0.0
    """SMS per second that the provider allows each of our senders; 0 for no limit of ours."""
    sms_settle_after: float = 120.0
    """How long a send whose answer was lost may stay silent before the provider's list is asked."""
    promise_lease: float = 20.0
    """How long a worker owns a promise; past it another takes over."""
    relay_interval: float = 0.5
    log_level: str = "INFO"
    routing_url: str | None = None
    """Where a routing server answers `/table/v1/driving/…`; None where roads are estimated."""
    smtp: Smtp | None = None
    """None where no e-mail can be sent."""
    metrics_token: str | None = field(default=None, repr=False)
    """What Prometheus shows to read /metrics; None where nobody does."""

    pro_sante_connect: ProSanteConnect | None = None
    """None where professionals sign in with accounts of ours alone."""

    @property
    def is_demonstration(self) -> bool:
        """True under `./snp demo` only: sign-in page lists accounts, the telephone is shown."""
        return self.demonstration_directory is not None

    @property
    def is_served_over_tls(self) -> bool:
        """True when people reach the site by https: cookies are then marked secure."""
        return urlsplit(self.public_base_url).scheme == "https"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables that `.env.example` lists.

        Raises IncompleteSettingsError naming every fault at once, never a value.
        """
        reader = _Reader(environment)
        demonstration = reader.optional("DEMO_DIRECTORY")
        provider = reader.provider("SMS_PROVIDER")
        twilio = reader.twilio(required=demonstration is None) if provider is None else None
        settings = cls(
            database_url=reader.required("DATABASE_URL", "sqlite:///var/dispatcher.sqlite3"),
            redis_url=reader.required("REDIS_URL", "redis://127.0.0.1:6379/0"),
            secret_key=reader.secret("SECRET_KEY"),
            data_keys=reader.data_keys("DATA_KEY"),
            public_base_url=reader.url("PUBLIC_BASE_URL"),
            twilio=twilio,
            sms_provider=provider or ("twilio" if twilio else None),
            sms_options=reader.options(provider),
            demonstration_directory=Path(demonstration) if demonstration else None,
            proxy_count=int(reader.number("PROXY_COUNT", 0)),
            call_rate=reader.number("CALL_RATE", 1200),
            sms_rate=reader.number("SMS_RATE", 100),
            sms_settle_after=reader.number("SMS_SETTLE_AFTER", 120),
            promise_lease=reader.number("PROMISE_LEASE", 20),
            relay_interval=reader.number("RELAY_INTERVAL", 0.5),
            log_level=reader.optional("LOG_LEVEL") or "INFO",
            routing_url=reader.optional_url("ROUTING_URL"),
            smtp=reader.smtp(),
            metrics_token=reader.token("METRICS_TOKEN"),
            pro_sante_connect=reader.pro_sante_connect(),
        )
        if reader.faults:
            raise IncompleteSettingsError("\n".join(reader.faults))
        return settings


class _Reader:
    """Collects every fault of an environment instead of stopping at the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.faults: list[str] = []

    def optional(self, name: str) -> str | None:
        return self.environment.get(name, "").strip() or None

    def required(self, name: str, example: str) -> str:
        value = self.optional(name)
        if value is None:
            self.faults.append(f"{name} is missing, for example {name}={example}")
        return value or ""

    def number(self, name: str, default: float) -> float:
        text = self.optional(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = -1
        if not 0 <= value < float("inf"):
            self.faults.append(f"{name} must be a number, zero or more")
            return default
        return value

    def url(self, name: str) -> str:
        return self._address(name, self.required(name, "https://snp.example.org"))

    def optional_url(self, name: str) -> str | None:
        return self._address(name, self.optional(name) or "") or None

    def _address(self, name: str, text: str) -> str:
        value = text.rstrip("/")
        try:
            address = urlsplit(value)
            is_usable = address.scheme in {"http", "https"} and bool(address.hostname)
        except ValueError:
            is_usable = False
        if value and not is_usable:
            self.faults.append(f"{name} must begin with https:// (or http:// on this machine)")
        return value

    def secret(self, name: str) -> str:
        value = self.required(name, "<64 random characters>")
        if value and len(value) < MINIMUM_SECRET_LENGTH:
            self.faults.append(f"{name} must have at least {MINIMUM_SECRET_LENGTH} characters")
        return value

    def token(self, name: str) -> str | None:
        return self.secret(name) if self.optional(name) else None

    def data_keys(self, name: str) -> tuple[tuple[str, bytes], ...]:
        """`id:base64[,id:base64…]`, the key that seals first."""
        keys: list[tuple[str, bytes]] = []
        for part in self.required(name, "k1:<32 random bytes in base64>").split(","):
            if not part.strip():
                continue
            key_id, _, encoded = part.strip().rpartition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:  # binascii's among them
                key = b""
            if len(key) != DATA_KEY_BYTES:
                self.faults.append(f"{name} must hold 32 bytes in base64 after the key's id")
            keys.append((key_id or "k1", key))
        if len({key_id for key_id, _ in keys}) != len(keys):
            self.faults.append(f"{name} names the same key id twice")
        return tuple(keys)

    def provider(self, name: str) -> str | None:
        """None for Twilio, which needs no name."""
        found = self.optional(name)
        if found is not None and not _MODULE.fullmatch(found):
            self.faults.append(f"{name} must be the name of a module of dispatcher.gateways")
        return None if found == "twilio" else found

    def options(self, provider: str | None) -> dict[str, str]:
        """The variables that begin with the provider's name: PIGEON_KEY of pigeon is KEY."""
        prefix = f"{(provider or '').upper()}_"
        return {
            name.removeprefix(prefix): value
            for name, value in self.environment.items()
            if provider is not None and name.startswith(prefix)
        }

    def twilio(self, *, required: bool) -> Twilio | None:
        names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
        if not required and not any(self.optional(name) for name in names):
            return None
        account_sid = self.required("TWILIO_ACCOUNT_SID", "AC…")
        auth_token = self.required("TWILIO_AUTH_TOKEN", "<from Twilio's console>")
        service = self.optional("TWILIO_MESSAGING_SERVICE_SID")
        sender = self.optional("TWILIO_FROM")
        if service is None and sender is None:
            self.faults.append("TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM is missing")
        return Twilio(
            account_sid,
            auth_token,
            service,
            sender,
            self.optional("TWILIO_API_BASE_URL"),
            self.senders("TWILIO_SENDERS"),
        )

    def smtp(self) -> Smtp | None:
        host, sender = self.optional("SMTP_HOST"), self.optional("EMAIL_FROM")
        user, password = self.optional("SMTP_USER"), self.optional("SMTP_PASSWORD")
        security = self.optional("SMTP_SECURITY") or "starttls"
        port = int(self.number("SMTP_PORT", SMTP_PORTS.get(security, 0)))
        if host is None:
            return None
        if security not in SMTP_PORTS:
            self.faults.append("SMTP_SECURITY must be starttls, implicit or none")
        if not 0 < port <= HIGHEST_PORT:
            self.faults.append("SMTP_PORT must be a port, 587 for example")
        if sender is None or not _EMAIL.fullmatch(sender):
            self.faults.append("EMAIL_FROM must be an address, for example snp@example.org")
        if (user is None) != (password is None):
            self.faults.append("SMTP_USER and SMTP_PASSWORD go together")
        return Smtp(host, port, security, user, password or "", sender or "")

    def pro_sante_connect(self) -> ProSanteConnect | None:
        url = self.optional_url("PSC_DISCOVERY_URL")
        known_by = [self.optional(name) for name in ("PSC_CLIENT_ID", "PSC_CLIENT_SECRET")]
        if url is None:
            return None
        if "/.well-known/" not in url:
            self.faults.append("PSC_DISCOVERY_URL must be the address of …/.well-known/…")
        if None in known_by:
            self.faults.append("PSC_CLIENT_ID and PSC_CLIENT_SECRET go with PSC_DISCOVERY_URL")
        return ProSanteConnect(url, *(each or "" for each in known_by))

    def senders(self, name: str) -> tuple[tuple[str, str], ...]:
        """`territory=sender[,territory=sender…]`; a sender is +33… or MG…."""
        found: dict[str, str] = {}
        for part in (self.optional(name) or "").split(","):
            code, _, sender = (each.strip() for each in part.partition("="))
            if not part.strip():
                continue
            if not code or code in found or not _SENDER.fullmatch(sender):
                self.faults.append(f"{name} must be like lons=+33639980001,reunion=MG…, each once")
                break
            found[code] = sender
        return tuple(found.items())
