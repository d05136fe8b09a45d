"""What happened, past tense. Events hold ids and codes, never a name, a telephone or free text.

Each class declares its keys; the log stores them under the class's `kind` and reads them back
into the same class, so a key that is missing or unknown is an error and not a gap in the record.
"""

import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from dispatcher.domain.events.accounts import (
    NationalIdChanged,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordReplaced,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorRemoved,
    SecondFactorRequired,
    SecondFactorSet,
    SessionsEnded,
    TokenIssued,
    UserAccessChanged,
    UserCreated,
    UserSignedIn,
)
from dispatcher.domain.events.agendas import (
    AgendaAdded,
    AgendaExportMade,
    AgendaExportRevoked,
    AgendaRemoved,
    SlotBlocked,
    SlotUnblocked,
)
from dispatcher.domain.events.appointments import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentFulfilled,
    AppointmentMissed,
    PatientLate,
)
from dispatcher.domain.events.contracts import (
    ContractSaved,
    EvidenceMade,
    FigureTakenBack,
    FigureTyped,
    ReportRecipientAdded,
    ReportRecipientRemoved,
)
from dispatcher.domain.events.delegations import DelegationEnded, DelegationGranted
from dispatcher.domain.events.desk import RequestCorrected, RequestHanded, RequestNoted
from dispatcher.domain.events.directory import (
    DirectoryImported,
    PractitionerActivityChanged,
    PractitionerImported,
)
from dispatcher.domain.events.emails import EmailProgressed, EmailQueued
from dispatcher.domain.events.episodes import (
    EpisodeClosed,
    EpisodeOpened,
    ReinforcementAnswered,
    ReinforcementsCalled,
)
from dispatcher.domain.events.event import (
    CLOCK,
    ENGINE,
    OPERATOR,
    Actor,
    ActorKind,
    Event,
    JsonData,
)
from dispatcher.domain.events.invitations import (
    InvitationAccepted,
    InvitationRevoked,
    PractitionerInvited,
)
from dispatcher.domain.events.messages import (
    MessageHandled,
    MessageLinked,
    MessageProgressed,
    MessageQueued,
    MessageReceived,
    PatientReached,
    PhoneOptedIn,
    PhoneOptedOut,
    SatisfactionAnswered,
)
from dispatcher.domain.events.neighbours import (
    NeighbourAgreed,
    NeighbourAgreementEnded,
    NeighbourPlaceFreed,
    NeighbourPlaceTaken,
)
from dispatcher.domain.events.offers import (
    OfferAccepted,
    OfferAnsweredLate,
    OfferDeclined,
    OfferEnded,
    OfferMade,
    VolunteersAsked,
)
from dispatcher.domain.events.payments import (
    PaymentRuleAdded,
    PaymentRuleEnded,
    PaymentsClosed,
    RegulationHoursNoted,
    RegulationHoursTakenBack,
)
from dispatcher.domain.events.persons import PersonExported, PersonForgotten
from dispatcher.domain.events.places import (
    PlaceAdded,
    PlaceChanged,
    PlaceClosed,
    PlaceReopened,
)
from dispatcher.domain.events.promises import PromiseRetried
from dispatcher.domain.events.requests import (
    BookingLost,
    EffectNoted,
    GpSearchMoved,
    RequestAttended,
    RequestCancelled,
    RequestEscalated,
    RequestOpened,
    RequestRedirected,
    RequestReopened,
    RequestSearched,
    RequestUnfilled,
    RequestValidated,
    SearchFoundNothing,
)
from dispatcher.domain.events.schedules import (
    AbsenceCancelled,
    AbsenceDeclared,
    ScheduleDayRestored,
    ScheduleDaySkipped,
    ScheduleEnded,
    ScheduleSetUp,
)
from dispatcher.domain.events.settings import (
    LimitsChanged,
    RequestEnlarged,
    SettingsChanged,
    TextChanged,
)
from dispatcher.domain.events.slots import (
    SlotChanged,
    SlotHeld,
    SlotLetGo,
    SlotPassed,
    SlotPublished,
    SlotWithdrawn,
)

__all__ = [
    "CLOCK",
    "ENGINE",
    "EVENTS",
    "OPERATOR",
    "AbsenceCancelled",
    "AbsenceDeclared",
    "Actor",
    "ActorKind",
    "AgendaAdded",
    "AgendaExportMade",
    "AgendaExportRevoked",
    "AgendaRemoved",
    "AppointmentBooked",
    "AppointmentCancelled",
    "AppointmentConfirmed",
    "AppointmentFulfilled",
    "AppointmentMissed",
    "BookingLost",
    "ContractSaved",
    "DelegationEnded",
    "DelegationGranted",
    "DirectoryImported",
    "EffectNoted",
    "EmailProgressed",
    "EmailQueued",
    "EpisodeClosed",
    "EpisodeOpened",
    "Event",
    "EvidenceMade",
    "FigureTakenBack",
    "FigureTyped",
    "GpSearchMoved",
    "InvitationAccepted",
    "InvitationRevoked",
    "JsonData",
    "LimitsChanged",
    "MessageHandled",
    "MessageLinked",
    "MessageProgressed",
    "MessageQueued",
    "MessageReceived",
    "NationalIdChanged",
    "NeighbourAgreed",
    "NeighbourAgreementEnded",
    "NeighbourPlaceFreed",
    "NeighbourPlaceTaken",
    "OfferAccepted",
    "OfferAnsweredLate",
    "OfferDeclined",
    "OfferEnded",
    "OfferMade",
    "PasskeyAdded",
    "PasskeyRemoved",
    "PasswordReplaced",
    "PatientLate",
    "PatientReached",
    "PaymentRuleAdded",
    "PaymentRuleEnded",
    "PaymentsClosed",
    "PersonExported",
    "PersonForgotten",
    "PhoneOptedIn",
    "PhoneOptedOut",
    "PlaceAdded",
    "PlaceChanged",
    "PlaceClosed",
    "PlaceReopened",
    "PractitionerActivityChanged",
    "PractitionerImported",
    "PractitionerInvited",
    "PromiseRetried",
    "RecoveryCodeUsed",
    "RecoveryCodesRenewed",
    "RegulationHoursNoted",
    "RegulationHoursTakenBack",
    "ReinforcementAnswered",
    "ReinforcementsCalled",
    "ReportRecipientAdded",
    "ReportRecipientRemoved",
    "RequestAttended",
    "RequestCancelled",
    "RequestCorrected",
    "RequestEnlarged",
    "RequestEscalated",
    "RequestHanded",
    "RequestNoted",
    "RequestOpened",
    "RequestRedirected",
    "RequestReopened",
    "RequestSearched",
    "RequestUnfilled",
    "RequestValidated",
    "SatisfactionAnswered",
    "ScheduleDayRestored",
    "ScheduleDaySkipped",
    "ScheduleEnded",
    "ScheduleSetUp",
    "SearchFoundNothing",
    "SecondFactorRemoved",
    "SecondFactorRequired",
    "SecondFactorSet",
    "SessionsEnded",
    "SettingsChanged",
    "SlotBlocked",
    "SlotChanged",
    "SlotHeld",
    "SlotLetGo",
    "SlotPassed",
    "SlotPublished",
    "SlotUnblocked",
    "SlotWithdrawn",
    "TextChanged",
    "TokenIssued",
    "UserAccessChanged",
    "UserCreated",
    "UserSignedIn",
    "VolunteersAsked",
    "read_event",
]


def _all_events() -> dict[str, type[Event]]:
    return {cls.kind(): cls for cls in Event.__subclasses__()}


EVENTS: Mapping[str, type[Event]] = _all_events()


def read_event(kind: str, references: Mapping[str, UUID | None], data: Mapping[str, Any]) -> Event:
    """Rebuild the event that the log holds.

    Raises KeyError on an unknown kind, TypeError on keys that are missing or not declared.
    """
    cls = EVENTS[kind]
    hints = get_type_hints(cls)
    values: dict[str, Any] = {
        name: value for name, value in references.items() if name in hints and value is not None
    }
    values |= {name: _from_json(hints.get(name), value) for name, value in data.items()}
    for field in dataclasses.fields(cls):
        if field.name in cls.REFERENCES and field.name not in values and _optional(hints, field):
            values[field.name] = None
    return cls(**values)


def _optional(hints: Mapping[str, Any], field: "dataclasses.Field[Any]") -> bool:
    return type(None) in get_args(hints[field.name])


def _from_json(hint: object, value: object) -> object:
    if get_origin(hint) in {Union, types.UnionType}:
        hint = next((part for part in get_args(hint) if part is not type(None)), None)
    if isinstance(value, str) and hint is UUID:
        return UUID(value)
    if isinstance(value, str) and hint is datetime:
        return datetime.fromisoformat(value)
    return value
