"""What people set: a territory's rules, a practitioner's own, how far one request is searched."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):
    """A territory's settings were changed; `changed` names them, `weights.wait` and so on."""

    changed: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChanged(Event):
    """A territory worded one of its SMS anew, or went back to the house's own wording."""

    message_kind: str
    language: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsChanged(Event):
    """A practitioner's own rules were changed; `changed` names them, `daily_cap` and so on."""

    practitioner_id: UUID
    changed: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEnlarged(Event):
    """A regulator changed how far the request is searched for; None for the territory's radius."""

    request_id: UUID
    radius_km: float | None
