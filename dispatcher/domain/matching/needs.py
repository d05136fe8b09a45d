"""What is matched: the needs of waiting requests and the slots that are open for them."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Need:
    """One waiting request, as far as matching is concerned: no name, no motive.

    Codes are national: profession TRE_G15, specialty TRE_R38, modality AMB / HH / VR, visibility
    TRE_R314. Instants are aware. Coordinates are degrees (WGS 84), both or none.
    """

    request_id: UUID
    profession: str
    specialty: str | None
    modalities: frozenset[str]
    age: int | None
    """Whole years at the time of asking."""
    longitude: float | None
    latitude: float | None
    asked_at: datetime
    due_at: datetime
    earliest: datetime | None
    """Before this the patient cannot come."""
    gp_id: UUID | None
    """The patient's médecin traitant, where that is one of the territory's practitioners."""
    excluded_practitioners: frozenset[UUID]
    sees: frozenset[str]
    """The visibilities that this request has access to; one in common with the slot's is enough."""
    radius_km: float
    """How far the patient, or the visiting practitioner, goes; `math.inf` for no limit."""
    sex: str | None = None
    """`female` or `male`; None when it was not asked."""
    language: str | None = None
    """ISO 639-1, of a patient who needs to be received in it; None where French will do."""
    needs_step_free: bool = False
    """Cannot take a step to reach an office."""
    travel_km: float = math.inf
    """How far the patient can go to an office, as the crow flies; 0 for not at all."""
    enlarged_km: float | None = None
    """How far the search goes, at a price, when nothing within the radius fits; None for the radius
    alone."""

    @property
    def limit_km(self) -> float:
        """The distance from which on a slot is too far."""
        return self.radius_km if self.enlarged_km is None else max(self.radius_km, self.enlarged_km)


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """One published slot with what its practitioner allows.

    One place is an appointment at `start`; several places are a walk-in period in which patients
    may come from `start` on (the *plage* of the national platform, `max_patients` N).
    """

    slot_id: UUID
    practitioner_id: UUID
    place_id: UUID | None
    profession: str
    specialty: str | None
    modality: str
    visibility: frozenset[str]
    start: datetime
    end: datetime
    places: int
    taken: int
    longitude: float | None
    latitude: float | None
    min_age: int | None
    """Both limits are included: 3 to 15 takes a child of 15."""
    max_age: int | None
    day: date
    """The local day of `start`: the day that the practitioner's cap counts in."""
    daily_cap: int | None
    booked_that_day: int
    """The practitioner's live appointments on `day`, over all of their slots."""
    load: float
    """Places booked over places offered by the practitioner in the rolling period, 0 to 1."""
    minimum_notice: timedelta
    patient_sex: str | None = None
    """`female` or `male` where the practitioner only receives these."""
    languages: frozenset[str] = frozenset({"fr"})
    """ISO 639-1: in which the practitioner receives."""
    step_free: bool = False
    """Whether the place is reached and entered without a step."""
    weekly_cap: int | None = None
    booked_that_week: int = 0
    """The practitioner's live appointments from the Monday to the Sunday around `day`."""
    price: float = 0.0
    """What the slot is worth to those who have not called yet, in points of cost, not faded."""
    outside_hours: bool = False
    """Starts in the permanence des soins of a territory that does not use such slots."""
    neighbour: bool = False
    """Published in a neighbouring territory that agreed to show it."""


def monday_of(day: date) -> date:
    """The Monday of the week that a weekly cap counts a local day in."""
    return day - timedelta(days=day.weekday())


NEAR_MISSES = timedelta(hours=24)
"""What starts so long after the delay has passed is no answer to the request, not even nearly."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a territory tolerates; the defaults are what nobody has to think about."""

    grace: timedelta = field(default=timedelta())
    """How long after the asked delay a patient may still be seen."""
    walk_in_margin: timedelta = field(default=timedelta(minutes=30))
    """Nobody is sent to a walk-in period with less than this left: its queue would not be seen.

    The same half hour as the NHS Directory of Services, which drops a place that closes sooner.
    """

    def looks_until(self, due_at: datetime, now: datetime) -> datetime:
        """What starts from then on is neither counted nor shown to a need due at `due_at`.

        It hangs on nothing but the need: whoever else is waiting changes no count of it. One that
        is overdue goes on looking a day ahead.
        """
        return max(due_at, now) + self.grace + NEAR_MISSES


DEFAULT_LIMITS = Limits()
