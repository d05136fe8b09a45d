"""The majoration for unscheduled care (15 €): which visits open it, counted by doctor and week.

NGAP art. 14.1.3 (JORFTEXT000047542123, JO of 14 May 2023): a doctor who is not the patient's
médecin traitant sees within 48 h somebody whom the SAS's regulating doctor sent; 20 a week for each
doctor at most; not for psychiatrists, who have a rule of their own. Two things are our reading: a
week goes from Monday to Sunday, and the 48 hours begin when the request was regulated. What a
doctor bills for patients who did not come through this software is not known here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatcher.domain.calendar import local_day

SAS_ORIGINS: Final = frozenset({"SAS", "116117"})
"""Where a doctor who regulated does so for the SAS, unless somebody says otherwise (CSP D6311-33:
the SAS is reached by 15 and by 116 117)."""
WEEKLY_LIMIT = 20
EUR = 15
WITHIN = timedelta(hours=48)
_PHYSICIAN = "10"
"""TRE_G15."""
_PSYCHIATRISTS: Final = frozenset({"SM42", "SM43"})
"""TRE_R38: psychiatry, of adults and of children and adolescents."""


class NotDue(StrEnum):
    """Why a visit opens no majoration; the first that holds is told."""

    NO_DOCTOR = "no_doctor"
    PSYCHIATRIST = "psychiatrist"
    NOT_REGULATED = "not_regulated"
    OWN_PATIENT = "own_patient"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An appointment that the patient came to."""

    appointment_id: UUID
    practitioner_id: UUID
    profession: str
    """The practitioner's (TRE_G15)."""
    specialty: str | None
    """The practitioner's (TRE_R38)."""
    start: datetime
    regulated_at: datetime | None
    """When a doctor of the SAS regulated the request; None where none did."""
    own_patient: bool
    """Whether the practitioner is the patient's médecin traitant."""


@dataclass(frozen=True, slots=True)
class MajorationWeek:
    """The majorations of one doctor in one week, in the order of the visits."""

    practitioner_id: UUID
    monday: date
    due: tuple[UUID, ...]
    """Appointments, `WEEKLY_LIMIT` at most."""
    beyond: tuple[UUID, ...]
    """Appointments that would open one if the week were not full."""

    @property
    def is_full(self) -> bool:
        """Whether the week's last majoration is reached: the doctor is warned."""
        return len(self.due) >= WEEKLY_LIMIT


def why_not_due(visit: Visit) -> NotDue | None:
    """Why a visit opens no majoration; None where it does, the week's limit apart."""
    if visit.profession != _PHYSICIAN:
        return NotDue.NO_DOCTOR
    if visit.specialty in _PSYCHIATRISTS:
        return NotDue.PSYCHIATRIST
    if visit.regulated_at is None:
        return NotDue.NOT_REGULATED
    if visit.own_patient:
        return NotDue.OWN_PATIENT
    if visit.start - visit.regulated_at > WITHIN:
        return NotDue.TOO_LATE
    return None


def majoration_weeks(
    visits: Iterable[Visit], zone: ZoneInfo
) -> Mapping[tuple[UUID, date], MajorationWeek]:
    """The weeks in which a majoration is due, by doctor and the Monday of the week in `zone`.

    Of a full week the first visits open a majoration. Give whole weeks: a visit that is left out
    makes room for a later one.
    """
    opened = sorted(
        (visit for visit in visits if why_not_due(visit) is None),
        key=lambda visit: (*_week(visit, zone), visit.start, visit.appointment_id),
    )
    return {
        (practitioner_id, monday): MajorationWeek(
            practitioner_id, monday, ids[:WEEKLY_LIMIT], ids[WEEKLY_LIMIT:]
        )
        for (practitioner_id, monday), same in groupby(opened, key=lambda visit: _week(visit, zone))
        for ids in (tuple(visit.appointment_id for visit in same),)
    }


def monday_of(day: date) -> date:
    """The Monday of the week that a local day lies in."""
    return day - timedelta(days=day.weekday())


def _week(visit: Visit, zone: ZoneInfo) -> tuple[UUID, date]:
    return visit.practitioner_id, monday_of(local_day(visit.start, zone))
