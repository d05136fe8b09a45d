"""The lines of one professional, and what they change of what is known here.

What somebody typed here is never overwritten: a value is replaced only where it is still what an
import wrote, and filled in where it was empty. So what imports wrote is kept beside.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dispatcher.domain.directory.extract import Entry

PERSON_FIELDS = ("title", "last_name", "first_name", "profession", "specialty")
PLACE_FIELDS = ("label", "address", "postcode", "commune", "phone", "finess", "siret")
AT_A_PRACTICE = "Cabinet"


@dataclass(frozen=True, slots=True)
class Site:
    """A place as the directory knows it; `key` is its own name for it."""

    key: str
    values: Mapping[str, str]
    """By PLACE_FIELDS; empty where it says nothing."""


@dataclass(frozen=True, slots=True)
class Person:
    """A professional as the directory knows them, all lines together."""

    rpps: str
    lines: tuple[int, ...]
    values: Mapping[str, str]
    """By PERSON_FIELDS."""
    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place that is known here. `imported` is what imports wrote of it, None if typed here."""

    id: object
    values: Mapping[str, str]
    imported: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Known:
    """A professional who is known here; `imported` as for a place."""

    id: object
    values: Mapping[str, str]
    imported: Mapping[str, str] | None
    places: Sequence[KnownPlace]


class Verdict(StrEnum):
    """What an import does about somebody."""

    NEW = "new"
    UPDATED = "updated"
    SAME = "same"
    OTHER_NAME = "other_name"
    """The number is known here under another name: nothing is changed, a person has to look."""
    WITHOUT_NUMBER = "without_number"
    """Somebody of that name and profession is here without an RPPS number: nothing is changed."""
    ABSENT = "absent"
    """They are here, and the directory no longer has them where it was read: a person decides."""


TO_CHECK = frozenset({Verdict.OTHER_NAME, Verdict.WITHOUT_NUMBER, Verdict.ABSENT})


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """What changes of a known place, by field."""

    id: object
    site: Site
    changes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does about one person."""

    person: Person
    verdict: Verdict
    changes: Mapping[str, str] = field(default_factory=dict)
    """New values of the person, by field."""
    kept: tuple[str, ...] = ()
    """Fields that say something else here, and were typed here."""
    new_sites: tuple[Site, ...] = ()
    places: tuple[PlaceChange, ...] = ()
    """Known places that the directory has too, changed or not."""
    gone: int = 0
    """Places that an earlier import brought and that the directory no longer has; they stay."""


def people_of(entries: Iterable[Entry], specialties: Sequence[str]) -> list[Person]:
    """The entries by person, in the order of the file.

    `specialties` are those that a request can ask for, the one that counts most first.
    """
    by_rpps: dict[str, list[Entry]] = {}
    for entry in entries:
        by_rpps.setdefault(entry.rpps, []).append(entry)
    return [_person(rpps, lines, specialties) for rpps, lines in by_rpps.items()]


def compare(person: Person, known: Known | None, namesake: Known | None = None) -> Plan:
    """What an import does about a person: `known` has the number, `namesake` none but the name."""
    if known is None:
        if namesake is not None:
            return Plan(person, Verdict.WITHOUT_NUMBER)
        return Plan(person, Verdict.NEW, dict(person.values), new_sites=person.sites)
    if not _same_person(person, known):
        return Plan(person, Verdict.OTHER_NAME)
    changes, kept = _merged(person.values, known.values, known.imported)
    new_sites, places = [], []
    for site in person.sites:
        place = _place_of(site, known.places)
        if place is None:
            new_sites.append(site)
            continue
        of_place, kept_there = _merged(site.values, place.values, place.imported)
        kept += [f"place.{name}" for name in kept_there]
        places.append(PlaceChange(place.id, site, of_place))
    found = {change.id for change in places}
    gone = sum(place.imported is not None and place.id not in found for place in known.places)
    differs = changes or new_sites or any(change.changes for change in places)
    return Plan(
        person,
        Verdict.UPDATED if differs else Verdict.SAME,
        changes,
        tuple(dict.fromkeys(kept)),
        tuple(new_sites),
        tuple(places),
        gone,
    )


def plain(name: str) -> str:
    """A name as two files would both write it: no accents, case, spaces or hyphens."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe"))
    return "".join(sign for sign in decomposed if sign.isalnum())


def _person(rpps: str, lines: Sequence[Entry], specialties: Sequence[str]) -> Person:
    first = lines[0]
    # a line counts for one profession: the first is the person's, as it is their name's
    skills = {line.skill for line in lines if line.profession == first.profession}
    specialty = next((code for code in specialties if code in skills), "")
    sites: dict[str, Site] = {}
    for line in lines:
        values = {name: getattr(line, name) for name in PLACE_FIELDS}
        values["label"] = values["label"] or AT_A_PRACTICE
        sites.setdefault(line.site, Site(line.site, values))
    values = {
        "title": first.title,
        "last_name": first.last_name,
        "first_name": first.first_name,
        "profession": first.profession,
        "specialty": specialty,
    }
    return Person(rpps, tuple(line.number for line in lines), values, tuple(sites.values()))


def _same_person(person: Person, known: Known) -> bool:
    """Whether a number that is known here stands for the same person.

    A name may change (marriage) or be longer (« Martin », « Martin-Petit »); one that has nothing
    in common with ours is a number mistyped here or there, unless it was never typed here.
    """
    theirs, ours = plain(person.values["last_name"]), plain(known.values["last_name"])
    if theirs in ours or ours in theirs:
        return True
    same_first = plain(person.values["first_name"]) == plain(known.values["first_name"])
    as_imported = known.imported is not None and (
        known.imported.get("last_name") == known.values["last_name"]
    )
    return same_first and as_imported


def _merged(
    theirs: Mapping[str, str], ours: Mapping[str, str], imported: Mapping[str, str] | None
) -> tuple[dict[str, str], list[str]]:
    """New values by field, and the fields where ours was typed here and says something else."""
    changes: dict[str, str] = {}
    kept: list[str] = []
    for name, value in theirs.items():
        mine = ours.get(name, "")
        if not value or value == mine:
            continue
        if not mine or (imported is not None and imported.get(name, "") == mine):
            changes[name] = value
        elif plain(value) != plain(mine):  # accents and capitals are better here
            kept.append(name)
    return changes, kept


def _place_of(site: Site, places: Sequence[KnownPlace]) -> KnownPlace | None:
    """The known place that the site is: by the directory's key, its numbers, or its address."""
    for place in places:
        if place.imported is not None and place.imported.get("key") == site.key:
            return place
    for number in ("finess", "siret"):
        for place in places:
            if site.values[number] and place.values.get(number) == site.values[number]:
                return place
    where = (site.values["commune"], plain(site.values["address"]))
    for place in places:
        if (place.values.get("commune"), plain(place.values.get("address", ""))) == where:
            return place
    return None
