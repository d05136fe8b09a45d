"""Codes, instants and people in the French of the pages."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.catalogue import Catalogue
from config.communes import Communes
from dispatcher.domain import calendar, phones
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.nobody import BORN
from dispatcher.domain.roles import Account
from dispatcher.services.house import House

MONTHS_SHOWN_UNTIL = 2
"""Years: until this age a child's months are told."""
SOON = 1 / 3
"""The share of the delay that is left when it is shown as short, whatever the territory says of
when it wants to be told."""
FOREIGN_GP = f"Un médecin hors du{NBSP}territoire"
NO_GP = "Aucun médecin traitant"


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """What is left of a delay: `level` is fine, soon, late or past, never told by colour alone."""

    text: str
    level: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a list of a form."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Says what a page shows in one territory at one moment."""

    catalogue: Catalogue
    communes: Communes
    zone: ZoneInfo
    now: datetime

    @classmethod
    def of(cls, house: House, account: Account) -> "Wording":
        """For whoever is signed in; seconds are cut off: a page stays the same for a minute."""
        return cls(
            house.catalogue,
            house.communes,
            ZoneInfo(account.timezone),
            house.clock().replace(second=0, microsecond=0),
        )

    def profession(self, code: str) -> str:
        """« Médecin »; a code that has left the catalogue is shown as it is."""
        entry = self.catalogue.professions.get(code)
        return entry.label if entry else code

    def specialty(self, code: str | None) -> str:
        """« Pédiatrie », or nothing."""
        entry = self.catalogue.specialties.get(code or "")
        return entry.label if entry else code or ""

    def motive(self, code: str | None) -> str:
        """« Fièvre », or nothing."""
        entry = self.catalogue.motives.get(code or "")
        return entry.label if entry else code or ""

    def modality(self, code: str) -> str:
        """« au cabinet »."""
        entry = self.catalogue.modalities.get(code)
        return entry.label if entry else code

    def modalities(self, codes: Iterable[str]) -> list[str]:
        """In the order of the catalogue, whatever the order of asking."""
        order = {code: place for place, code in enumerate(self.catalogue.modalities)}
        return [self.modality(code) for code in sorted(codes, key=lambda c: order.get(c, 99))]

    def origin(self, code: str) -> str:
        """« SAS – Centre 15 »."""
        entry = self.catalogue.origins.get(code)
        return entry.label if entry else code

    def language(self, code: str) -> str:
        """« arabe »."""
        entry = self.catalogue.languages.get(code)
        return entry.label if entry else code

    def commune(self, insee: str) -> str:
        """« Champagnole (39300) »."""
        commune = self.communes.get(insee)
        return commune.label if commune else insee

    def commune_name(self, insee: str) -> str:
        """« Champagnole »."""
        commune = self.communes.get(insee)
        return commune.name if commune else insee

    def moment(self, instant: datetime) -> str:
        """« 9 h 12 » today, « hier à 9 h 12 », « mardi 24 novembre à 9 h 12 »."""
        if calendar.local_day(instant, self.zone) == calendar.local_day(self.now, self.zone):
            return calendar.hour(instant, self.zone)
        return calendar.relative_day_and_hour(instant, self.now, self.zone)

    def relative(self, instant: datetime) -> str:
        """« aujourd’hui à 9 h 12 »."""
        return calendar.relative_day_and_hour(instant, self.now, self.zone)

    def birth(self, birth_date: date) -> str:
        """« 03/02/1950 (76 ans) »; « identité effacée » of the forgotten."""
        if birth_date == BORN:
            return self.age(birth_date)
        return f"{birth_date:%d/%m/%Y} ({self.age(birth_date)})"

    def age(self, birth_date: date) -> str:
        """« 76 ans », « 19 mois », « moins d’un mois », « identité effacée » of the forgotten."""
        if birth_date == BORN:
            return "identité effacée"
        today = calendar.local_day(self.now, self.zone)
        months = (today.year - birth_date.year) * 12 + today.month - birth_date.month
        months -= today.day < birth_date.day
        if months < 1:
            return f"moins d’un{NBSP}mois"
        if months < MONTHS_SHOWN_UNTIL * 12:
            return f"{months}{NBSP}mois"
        return f"{months // 12}{NBSP}ans"

    def time_left(self, due_at: datetime, delay_hours: int) -> TimeLeft:
        """« reste 3 h 20 », « délai dépassé de 20 min »."""
        left = due_at - self.now
        if left < timedelta():
            return TimeLeft(f"délai dépassé de {calendar.duration(-left)}", "late")
        level = "soon" if left < timedelta(hours=delay_hours) * SOON else "fine"
        return TimeLeft(f"reste {calendar.duration(left)}", level)


def shown_phone(e164: str, department: str) -> str:
    """« 06 39 98 00 12 »; empty for that of a patient who was forgotten."""
    if not e164:
        return ""
    return phones.normalise(e164, phones.region_of(department)).display()


def person(first_name: str, last_name: str) -> str:
    """« Camille DUPONT »: which of the two is the family name must be clear on the telephone."""
    return f"{first_name} {last_name.upper()}"


def plain(text: str) -> str:
    """Without accents, case and punctuation, for searching: « lons le saunier »."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    letters = "".join(char if char.isalnum() else " " for char in decomposed if char.isascii())
    return " ".join(letters.split())
