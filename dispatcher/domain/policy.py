"""What a territory may set for itself, with what holds where it set nothing.

Stored as the JSON of `Territory.settings`. Whoever writes it goes through `from_mapping`, so that
what is stored can always be read; whoever reads it does too.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.setting_rules import (
    UNKNOWN,
    Rule,
    SettingError,
    keep,
    number,
    optional,
    part,
    read,
    whole,
    yes_or_no,
)
from dispatcher.domain.sms_policy import SmsPolicy

DELAYS = (4, 8, 12, 24, 48, 72)
"""Hours that can be asked (the national platform’s windows), as in `config/catalogue`."""

_WIDEN_MINUTES = {4: 10, 8: 20, 12: 30, 24: 120, 48: 360, 72: 720}
"""Minutes for care of the same day, then the 2 h, 6 h and 12 h of the services that ask nurses in
widening circles."""


@dataclass(frozen=True, slots=True)
class OfferPolicy:
    """How volunteers are asked when no published slot fits."""

    automatic: bool = True
    """Ask without a regulator's word."""
    after_minutes: int = 10
    """How long a request waits for a published slot before anybody is asked."""
    wave_size: int = 5
    """Volunteers asked at a time, after the patient's own practitioner."""
    widen_minutes: Mapping[int, int] = field(default_factory=lambda: dict(_WIDEN_MINUTES))
    """By asked delay in hours: how long a wave has before the next one is asked too."""
    hour_minutes: int = 15
    """How long a volunteer who said yes has to choose the hour before the regulator is told."""

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Self:
        """Read settings; what is absent keeps its default. Raises InvalidError by field."""
        return cls(**read(settings, _OFFER_RULES))

    def widen_after(self, delay_hours: int) -> timedelta:
        """The time between two waves of a request with that delay: the nearest shorter one's."""
        known = [hours for hours in sorted(self.widen_minutes) if hours <= delay_hours]
        chosen = known[-1] if known else min(self.widen_minutes)
        return timedelta(minutes=self.widen_minutes[chosen])


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of a territory. Every field has the value that holds until it is changed."""

    weights: Weights = field(default_factory=Weights)
    radius_km: float | None = None
    """Search radius as the crow flies; None for the département's of the national table."""
    enlarge_km: float | None = None
    """Added when nothing nearer fits; None for the national table's, half of a radius set here."""
    road_factor: float = 1.3
    """Road kilometres for one as the crow flies, where no routing server says better."""
    grace_hours: float = 0.0
    """How long after the asked delay a patient may still be seen."""
    escalate_share: float = 1 / 3
    """A request returns to the regulator when this share of its delay is left."""
    saturday_until: int = 12
    """Local hour at which Saturday's unscheduled care becomes PDSA: 12 or 14 by region."""
    bridge_days: bool = False
    """Whether the days around a public holiday are PDSA, as some regions have it."""
    outside_hours: bool = False
    """Whether slots outside the hours of unscheduled care are used."""
    validate_requesters: bool = True
    """Whether a regulator says yes to what a requester asks for before it is searched."""
    offers: OfferPolicy = field(default_factory=OfferPolicy)
    sms: SmsPolicy = field(default_factory=SmsPolicy)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Self:
        """Read settings; what is absent keeps its default.

        Raises InvalidError that names each field at fault (`weights.wait`, `offers.wave_size`).
        """
        faults: dict[str, str] = {}
        values: dict[str, Any] = {}
        for name, value in settings.items():
            if name == "weights":
                values[name] = part(name, value, Weights.from_mapping, faults, prefix="")
            elif name == "offers":
                values[name] = part(name, value, OfferPolicy.from_mapping, faults, prefix="offers.")
            elif name == "sms":
                values[name] = part(name, value, SmsPolicy.from_mapping, faults, prefix="sms.")
            elif name in _RULES:
                keep(name, value, _RULES[name], values, faults)
            else:
                faults[name] = UNKNOWN
        if faults:
            raise InvalidError(faults)
        return cls(**values)

    @classmethod
    def in_force(cls, stored: Mapping[str, Any]) -> Self:
        """The policy that stored settings make, whatever they hold.

        What cannot be read any more, since a rule was tightened or a setting renamed, has its
        default: a territory goes on working, and its settings page can be saved again.
        """
        try:
            return cls.from_mapping(stored)
        except InvalidError as error:
            faults = error.fields
        readable = {
            name: {inner: each for inner, each in value.items() if f"{name}.{inner}" not in faults}
            if isinstance(value, Mapping)
            else value
            for name, value in stored.items()
            if name not in faults
        }
        return cls.from_mapping(readable)

    def as_json(self) -> dict[str, Any]:
        """The whole of it in the stored form."""
        stored = dataclasses.asdict(self)
        widen = stored["offers"]["widen_minutes"]
        stored["offers"]["widen_minutes"] = {str(hours): each for hours, each in widen.items()}
        return stored

    def in_danger_at(self, due_at: datetime, delay_hours: float) -> datetime:
        """When `escalate_share` of the asked delay is left."""
        return due_at - timedelta(hours=delay_hours) * self.escalate_share

    def limit_km(self, radius: float, national_enlargement: float) -> float:
        """How far a search with that radius goes when nothing nearer fits."""
        if self.enlarge_km is not None:
            return radius + self.enlarge_km
        if self.radius_km is not None or not national_enlargement:
            return radius * 1.5
        return radius + national_enlargement


def _widening(value: object) -> dict[int, int]:
    if not isinstance(value, Mapping) or not value:
        raise SettingError("Indiquez une durée pour chaque délai.")
    minutes = whole(1, 2880, "Indiquez une durée entre 1 et 2 880 minutes.")
    found: dict[int, int] = {}
    for hours, each in value.items():
        if str(hours) not in {str(delay) for delay in DELAYS}:
            raise SettingError("Ce délai n’existe pas.")
        found[int(hours)] = minutes(each)
    return found


_RULES: Mapping[str, Rule] = {
    "radius_km": optional(
        number(0, 500, "Indiquez un rayon de plus de 0 km, et de 500 km au plus.", above=True)
    ),
    "enlarge_km": optional(number(0, 500, "Indiquez une distance de 0 à 500 km.")),
    "road_factor": number(1, 3, "Indiquez un facteur de 1 à 3."),
    "grace_hours": number(0, 24, "Indiquez une durée de 0 à 24 heures."),
    "escalate_share": number(0, 1, f"Indiquez une part du délai entre 0 et 100{NBSP}%."),
    "saturday_until": whole(8, 20, "Indiquez une heure du samedi, de 8 h à 20 h."),
    "bridge_days": yes_or_no,
    "outside_hours": yes_or_no,
    "validate_requesters": yes_or_no,
}
_OFFER_RULES: Mapping[str, Rule] = {
    "automatic": yes_or_no,
    "after_minutes": whole(0, 1440, "Indiquez une durée de 0 à 1 440 minutes."),
    "wave_size": whole(1, 50, "Sollicitez au moins un volontaire à la fois, et 50 au plus."),
    "widen_minutes": _widening,
    "hour_minutes": whole(1, 240, "Indiquez une durée de 1 à 240 minutes."),
}
