"""The shapes of what people ask for: shared by the HTML forms and the JSON API.

Shapes only: whether a telephone is a telephone or a commune exists is the service's to say.
"""

import unicodedata
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from dispatcher.domain import passwords
from dispatcher.domain.schedules import MOST_WEEKS

WRITTEN_CONTROLS = frozenset("\t\n\r")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _writable(text: str) -> str:
    """Refuse control characters: nobody types them, and PostgreSQL cannot store all of them."""
    if any(unicodedata.category(sign) == "Cc" for sign in text if sign not in WRITTEN_CONTROLS):
        raise PydanticCustomError("control_character", "control character")
    return text


def _one_line(text: str) -> str:
    """Refuse ends of lines as well: names go into headers of e-mails, file names and SMS."""
    if len(text.splitlines()) > 1:
        raise PydanticCustomError("control_character", "control character")
    return _writable(text)


def _plausible(instant: datetime) -> datetime:
    """Refuse instants at the ends of the calendar: no zone could be applied to them."""
    if not EARLIEST <= instant < LATEST:
        raise PydanticCustomError("implausible_instant", "implausible instant")
    return instant


def _plausible_day(day: date) -> date:
    """The same for local days."""
    if not EARLIEST.date() <= day < LATEST.date():
        raise PydanticCustomError("implausible_instant", "implausible day")
    return day


Writable = AfterValidator(_writable)
OneLine = AfterValidator(_one_line)
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), OneLine
]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=30), OneLine]
EmailText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), OneLine]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), Writable]
PatientNote = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300), Writable]
PasswordText = Annotated[str, StringConstraints(max_length=passwords.LONGEST)]
"""As it is typed; whether it may be chosen is domain/passwords.py's to say."""
CodeText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), OneLine
]
Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
Day = Annotated[date, AfterValidator(_plausible_day)]


class Shape(BaseModel):
    """Refuses unknown fields: a misspelt field must not be silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PatientShape(Shape):
    """Who needs care. `commune` is an INSEE code; `gp` a practitioner of the territory."""

    last_name: Name
    first_name: Name
    birth_date: date
    phone: ShortText
    by_telephone: bool = False
    """Whoever has no mobile is told by a person: any number that exists will do."""
    commune: CodeText
    has_gp: bool = False
    gp: UUID | None = None
    ald: bool = False
    """A long-term illness; kept only of who has no médecin traitant, to find them one first."""
    c2s: bool = False
    """The complementary cover of people of small means; kept as `ald` is."""
    sex: Literal["female", "male"] | None = None
    """FHIR AdministrativeGender; null when it was not asked."""
    language: Literal["fr", "en", "ar", "pt", "tr", "uk"] | None = None
    """ISO 639-1 of their SMS and page; null for `need.language` where it is one of these, else for
    what is known of them, else for French."""


class NeedShape(Shape):
    """What is needed, in the national codes (TRE_G15, TRE_R38, AMB / HH / VR)."""

    profession: CodeText
    specialty: CodeText | None = None
    modalities: list[CodeText] = Field(default_factory=lambda: ["AMB"], min_length=1, max_length=3)
    motive: CodeText | None = None
    note: Note = ""
    delay_hours: int
    earliest: Instant | None = None
    language: CodeText | None = None
    """ISO 639-1, of a patient who needs to be received in it; null where French will do."""
    needs_step_free: bool = False
    travel_km: float | None = Field(default=None, ge=0, le=500, allow_inf_nan=False)
    """How far the patient can go, as the crow flies: 0 for not at all, null for no limit."""
    radius_km: float | None = Field(default=None, gt=0, le=500, allow_inf_nan=False)
    """A search radius for this request alone; null for the territory's."""
    excluded_practitioners: list[UUID] = Field(default_factory=list, max_length=50)
    """Who is not to see this patient: of the territory, or of a neighbour that shares slots."""


class RegulationShape(Shape):
    """Whether a regulating doctor has seen the request."""

    by: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Writable] | None = (
        None
    )
    at: Instant | None = None
    sas: bool | None = None
    """Whether that doctor regulates for the SAS; null: they do if the origin is SAS or 116117."""


class OpenRequest(Shape):
    """`POST /api/v1/requests`, and the form of a new request."""

    territory: CodeText
    patient: PatientShape
    need: NeedShape
    origin: CodeText
    regulated: RegulationShape = RegulationShape()
    confirm_duplicate: bool = False


class PublishSlot(Shape):
    """`POST /api/v1/slots`: one patient (`places` 1) or a walk-in period of several."""

    practitioner: UUID
    place: UUID
    start: Instant
    end: Instant
    places: int = Field(default=1, ge=1, le=100)
    modality: CodeText = "AMB"
    visibility: list[CodeText] = Field(default_factory=lambda: ["SNP", "CPTS"], min_length=1)
    shared: bool = False
    """Whether the neighbouring territories that agreed to it may use the slot."""
    minimum_notice_minutes: int | None = Field(default=None, ge=0, le=2880)
    """Null for the practitioner's own; a walk-in period needs none."""
    note: PatientNote = ""
    """Shown to the patient on the page of their appointment, in no SMS."""


class OpenEpisode(Shape):
    """A crisis by its name; kilometres as the crow flies."""

    name: Name
    radius_km: Annotated[float, Field(allow_inf_nan=False)]


class OpenHours(Shape):
    """What somebody who is called opens: patients may come between two instants."""

    start: Instant
    end: Instant
    places: int = Field(ge=1, le=100)


class AnnounceFree(Shape):
    """« Libre maintenant »: patients may come from now on."""

    place: UUID
    minutes: int = Field(default=120, ge=60, le=360)
    places: int = Field(default=4, ge=2, le=30)


class ChangeSlot(Shape):
    """What a published slot is to be."""

    place: UUID
    start: Instant
    end: Instant
    places: int = Field(ge=1, le=100)
    modality: CodeText
    visibility: list[CodeText] = Field(min_length=1)
    shared: bool = False
    minimum_notice_minutes: int | None = Field(default=None, ge=0, le=2880)
    note: PatientNote = ""


class WallHours(Shape):
    """A piece of a day, as the clocks on the wall show it."""

    start: time
    end: time


class SetUpSchedule(Shape):
    """A weekly template. Weekdays count from 0, Monday; days are local, both included."""

    place: UUID
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = Field(min_length=1, max_length=7)
    hours: list[WallHours] = Field(min_length=1, max_length=4)
    each_minutes: int | None = Field(default=None, ge=5, le=240)
    """Slots for one patient of so many minutes; null for walk-in periods of `places`."""
    places: int = Field(default=1, ge=1, le=100)
    modality: CodeText = "AMB"
    visibility: list[CodeText] = Field(default_factory=lambda: ["SNP", "CPTS"], min_length=1)
    shared: bool = False
    minimum_notice_minutes: int | None = Field(default=None, ge=0, le=2880)
    note: PatientNote = ""
    first_day: Day
    last_day: Day | None = None
    every_weeks: int = Field(default=1, ge=1, le=MOST_WEEKS)
    on_holidays: bool = False
    asks_first: bool = False
    """Ask on the evening before instead of publishing ahead."""


class DeclareAbsence(Shape):
    """Nothing is offered between two instants."""

    start: Instant
    end: Instant


class AddAgenda(Shape):
    """The address of an agenda that a practitioner keeps elsewhere (iCalendar).

    Events whose title holds `word` become slots at `place`, each cut into slots of `slot_minutes`
    where that is given.
    """

    url: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), Writable
    ]
    word: ShortText = ""
    place: UUID | None = None
    slot_minutes: Literal[10, 15, 20, 30] | None = None


class BookSlot(Shape):
    """A regulator's own choice. `override` says why a rule is passed over."""

    slot: UUID
    override: Note | None = None


class WriteNote(Shape):
    """What a regulator leaves beside a request for colleagues."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Writable
    ]


class CancelRequest(Shape):
    """Who gives up, and why."""

    by: Literal["patient", "practitioner", "regulator"]
    reason: Note = ""


class CloseRequest(Shape):
    """How the request ended. `reason` is a code of the catalogue or words, `note` adds words."""

    status: Literal["fulfilled", "no_show", "redirected", "unfilled"]
    reason: Note = ""
    note: Note = ""


class ChangeText(Shape):
    """A territory's own wording of an SMS, with its placeholders."""

    kind: CodeText
    language: CodeText
    text: Annotated[str, StringConstraints(max_length=600), Writable]
    base: Annotated[str, StringConstraints(max_length=64)]
    """The digest of the text that was in force when its author began."""


class PracticeShape(Shape):
    """Who asks for patients: its name, the origin of its requests, and where to call it back."""

    name: Name
    origin: CodeText
    phone: ShortText


class CreateUser(Shape):
    """A new account; a requester's has a practice, a practitioner's its practitioner."""

    territory: CodeText
    login: Name
    display_name: Name
    role: Literal[
        "regulator", "practitioner", "delegate", "requester", "coordinator", "administrator"
    ]
    password: PasswordText
    practitioner: UUID | None = None
    practice: PracticeShape | None = None


class FoundTerritory(Shape):
    """A new territory. `timezone` is an IANA name, `department` an INSEE département.

    `settings` are those of `domain.policy.Policy`; what is absent has its default.
    """

    code: CodeText
    name: Name
    timezone: CodeText
    department: CodeText
    phone: ShortText
    settings: dict[str, Any] = Field(default_factory=dict)


class RegisterPlace(Shape):
    """A place of practice."""

    label: Name
    address: Name
    postcode: CodeText
    commune: CodeText
    phone: ShortText | None = None
    step_free: bool = False
    """Reached and entered without a step."""


class DescribePlace(Shape):
    """A place of practice as its practitioner describes it. `commune` is an INSEE code."""

    label: Name
    address: Name
    postcode: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10), Writable] = ""
    """The commune's own where it is empty."""
    commune: CodeText
    phone: ShortText = ""
    step_free: bool = False
    access: PatientNote = ""
    """How to get in, in words for the patient."""
    finess: ShortText = ""
    siret: ShortText = ""


class RegisterPractitioner(Shape):
    """A volunteer with their places. `languages` are ISO 639-1; French is always one of them."""

    profession: CodeText
    specialty: CodeText | None = None
    rpps: CodeText | None = None
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), OneLine] = ""
    last_name: Name
    first_name: Name
    phone: ShortText | None = None
    email: EmailText | None = None
    min_age: int | None = Field(default=None, ge=0, le=120)
    max_age: int | None = Field(default=None, ge=0, le=120)
    daily_cap: int | None = Field(default=None, ge=1)
    weekly_cap: int | None = Field(default=None, ge=1)
    minimum_notice_minutes: int = Field(default=30, ge=0, le=2880)
    patient_sex: Literal["female", "male"] | None = None
    """Receives only these."""
    languages: list[CodeText] = Field(default_factory=lambda: ["fr"], max_length=20)
    accepts_offers: bool = False
    """May be asked by SMS for a patient when no published slot fits."""
    modalities: list[CodeText] = Field(default_factory=lambda: ["AMB"], min_length=1, max_length=3)
    """What they take when they are asked."""
    places: list[RegisterPlace] = Field(min_length=1)


class ChangeLimits(Shape):
    """A practitioner's own rules. `languages` are ISO 639-1, `step_free` places without a step."""

    patient_sex: Literal["female", "male"] | None = None
    min_age: int | None = Field(default=None, ge=0, le=120)
    max_age: int | None = Field(default=None, ge=0, le=120)
    languages: list[CodeText] = Field(default_factory=lambda: ["fr"], max_length=20)
    daily_cap: int | None = Field(default=None, ge=1, le=200)
    weekly_cap: int | None = Field(default=None, ge=1, le=1000)
    minimum_notice_minutes: int = Field(default=30, ge=0, le=2880)
    accepts_offers: bool = False
    modalities: list[CodeText] = Field(default_factory=lambda: ["AMB"], min_length=1, max_length=3)
    step_free: list[UUID] = Field(default_factory=list, max_length=20)
    accepts_new_patients: bool | None = None
    """As a general practitioner of their own; null where they do not say."""
    email: EmailText | None = None
    """Their own address; null leaves it, an empty one takes it off."""
    notice_channel: Literal["sms", "email", "both"] | None = None
    """How they wish to be told; null leaves it."""
