"""The shapes of answers. Instants carry the territory's offset; nobody's identity is in them."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from dispatcher.domain.messages import MessageStatus
from dispatcher.domain.states import AppointmentStatus, RequestStatus, SlotStatus
from dispatcher.services.commands import Shape


class ReasonShape(Shape):
    """One term of the choice: `value` in points (one is a kilometre), `text` in French."""

    term: str
    value: float
    text: str


class AppointmentShape(Shape):
    """The request's appointment. `distance_km` is null when it is not known."""

    id: UUID
    slot: UUID
    practitioner: UUID
    start: AwareDatetime
    end: AwareDatetime
    distance_km: float | None
    status: AppointmentStatus
    reasons: list[ReasonShape]


class NearMissShape(Shape):
    """A slot that exactly one reason stands against."""

    slot: UUID
    practitioner: UUID
    reason: str
    start: AwareDatetime
    distance_km: float | None
    text: str


class MessageShape(Shape):
    """An SMS of the request. `segments` is how many it is billed as."""

    id: UUID
    to_role: str | None
    status: MessageStatus
    segments: int | None
    at: AwareDatetime


class EventShape(Shape):
    """A step in the request's log."""

    kind: str
    at: AwareDatetime


class RequestShape(Shape):
    """A request. `code` is what people say to name it; `refused` counts slots by reason."""

    id: UUID
    code: str
    status: RequestStatus
    appointment: AppointmentShape | None
    refused: dict[str, int]
    near_misses: list[NearMissShape]
    messages: list[MessageShape]
    events: list[EventShape]


class CandidateShape(Shape):
    """A slot that may be given. `start` is when the patient would be seen, `cost` in points."""

    slot: UUID
    practitioner: UUID
    start: AwareDatetime
    distance_km: float | None
    cost: float
    reasons: list[ReasonShape]


class CandidatesShape(Shape):
    """The best slots, cheapest first. `feasible` is how many could be given in all."""

    candidates: list[CandidateShape]
    feasible: int
    refused: dict[str, int]
    near_misses: list[NearMissShape]


class SlotShape(Shape):
    """A published slot: `taken` of its `places` are booked."""

    id: UUID
    practitioner: UUID
    place: UUID
    start: AwareDatetime
    end: AwareDatetime
    places: int
    taken: int
    modality: str
    visibility: list[str]
    shared: bool
    status: SlotStatus


class PlaceShape(Shape):
    """Where a practitioner works. `commune` is an INSEE code."""

    id: UUID
    commune: str


class PractitionerShape(Shape):
    """A volunteer: profession TRE_G15, specialty TRE_R38."""

    id: UUID
    rpps: str | None
    profession: str
    specialty: str | None
    display_name: str
    places: list[PlaceShape]


class OutcomesShape(Shape):
    """Counts of requests opened in a period. `within_delay_share` is null when none was booked."""

    requests: int
    booked: int
    honoured: int
    no_show: int
    cancelled: int
    redirected: int
    unfilled: int
    live: int
    within_delay: int
    within_delay_share: float | None


class DayShape(OutcomesShape):
    """One local day: the requests opened on it, and the places of slots that start on it."""

    day: date
    slots_opened: int
    slots_used: int
    slots_lost: int


class FigureShape(Shape):
    """One indicator: what it says and how it is computed, and its value in the period.

    A duration's value is its median in seconds. `value` is null when it cannot be known.
    """

    code: str
    label: str
    formula: str
    events: list[str] = Field(description="Kinds of the log's events that it is computed from.")
    unit: str
    additive: bool = Field(description="Whether figures of days add up to those of periods.")
    value: float | None
    p90: float | None = Field(description="Of a duration: nine of ten did not exceed it.")
    parts: dict[str, dict[str, int]] = Field(
        description="By dimension (`origin`, `commune` …), by code of the catalogue; `unknown` is"
        " what the log did not hold yet, `unspecified` what nobody said."
    )


class ComparedFigureShape(Shape):
    """The same indicator in the other period."""

    code: str
    value: float | None
    p90: float | None


class ComparedShape(Shape):
    """The other period, both days included, and every indicator in it."""

    first: date
    last: date
    figures: list[ComparedFigureShape]


class TypedFigureShape(Shape):
    """A figure from outside, with the day that it describes and the document that it is from."""

    code: str
    label: str
    formula: str
    giver: str
    unit: str = Field(description="`number`, or `percent` from 0 to 100.")
    value: float
    on: date
    origin: str


class IndicatorsShape(OutcomesShape):
    """The activity of a period; what cannot be known is null, which is not zero."""

    median_time_to_appointment_minutes: float | None
    median_time_to_booking_s: float | None
    volunteers_active: int
    slots_opened: int
    slots_used: int
    slots_lost: int
    satisfaction_answers: int
    satisfaction_mean: float | None = Field(description="Of marks from 0 to 10.")
    satisfaction_nps: float | None = Field(
        description="Share of 9 and 10 less that of 0 to 6, from -100 to 100."
    )
    by_day: list[DayShape]
    by_profession: dict[str, OutcomesShape]
    by_origin: dict[str, OutcomesShape]
    figures: list[FigureShape] = Field(description="Every indicator, each defined once.")
    compared: ComparedShape | None = Field(description="With `compare`; null without.")
    typed: list[TypedFigureShape] = Field(
        description="Of the figures that only the health insurance or the ARS can compute, the"
        " latest that was typed in up to the period's end."
    )


class FieldFaultShape(Shape):
    """`field` is a dotted path into the body (`patient.phone`), or a parameter's name."""

    field: str
    message: str


class ProblemShape(Shape):
    """RFC 9457. `code` is stable, `title` and `detail` are French sentences for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldFaultShape] | None = None
    reasons: list[str] | None = Field(
        default=None, description="With `not-feasible`: the rules that stand against the booking."
    )
    requests: list[str] | None = Field(
        default=None, description="With `duplicate-request`: the patient's live requests."
    )

    def as_json(self) -> dict[str, Any]:
        """The body; members that say nothing are left out."""
        return self.model_dump(exclude_none=True)
