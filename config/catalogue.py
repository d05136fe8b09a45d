"""What a form can be filled with: codes with their French labels, read from `config/catalogue/`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

DIRECTORY = Path(__file__).parent / "catalogue"

_CODE = re.compile(r"[A-Za-z0-9_]+", re.ASCII)


class BadCatalogueError(ValueError):
    """A file of the catalogue cannot be used; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A code, which is stored and never changes, and what people read."""

    code: str
    label: str


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Specialty(Entry):
    """A speciality of one profession (TRE_R38)."""

    profession: str


@dataclass(frozen=True, slots=True)
class Motive(Entry):
    """Why a patient asks, and which professions that is usually for.

    `group` is what the log and the figures tell of it.
    """

    professions: frozenset[str]
    group: str


@dataclass(frozen=True, slots=True)
class Cancellation(Entry):
    """Why an appointment or a request is cancelled, and who may say so."""

    by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Protocol(Entry):
    """What a pharmacist may do without a prescription, and for whom."""

    motives: frozenset[str]
    redirection: str
    """How a request that was answered so has ended."""
    min_age: int
    max_age: int | None
    sex: str | None
    """`female`, `male` (FHIR AdministrativeGender); None for everybody."""
    conditions: tuple[str, ...]
    exclusions: tuple[str, ...]
    """What sends the patient to a doctor instead: sentences for the pharmacist to go through."""
    afterwards: str
    source: str

    def suits(self, motive: str | None, age: int, sex: str | None) -> bool:
        """Whether it may be offered; a sex that nobody said is left to the pharmacist."""
        return (
            motive in self.motives
            and self.min_age <= age
            and (self.max_age is None or age <= self.max_age)
            and (self.sex is None or sex in {None, self.sex})
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every list, by code, in the order in which it is shown."""

    professions: Mapping[str, Entry]
    """TRE_G15."""
    specialties: Mapping[str, Specialty]
    """TRE_R38."""
    modalities: Mapping[str, Entry]
    """HL7 v3 ActCode: AMB, HH, VR. The labels go on from a noun: « consultation au cabinet »."""
    visibilities: Mapping[str, Entry]
    """TRE_R314."""
    origins: Mapping[str, Entry]
    delays: tuple[int, ...]
    """Hours, ascending."""
    motive_groups: Mapping[str, Entry]
    motives: Mapping[str, Motive]
    redirections: Mapping[str, Entry]
    unfilled_reasons: Mapping[str, Entry]
    cancellers: Mapping[str, Entry]
    cancellations: Mapping[str, Cancellation]
    effects: Mapping[str, Entry]
    """What an answered request led to, beyond the care itself."""
    protocols: Mapping[str, Protocol]
    """Of pharmacies."""
    languages: Mapping[str, Entry]
    """ISO 639-1, French first. The labels go on from a noun: « reçoit en français »."""

    @classmethod
    def load(cls, directory: Path = DIRECTORY) -> Self:
        """Read the files.

        Raises BadCatalogueError where a code is no code, is there twice, or refers to nothing.
        """
        lists: dict[str, Any] = {}
        for path in sorted(directory.glob("*.toml")):
            lists |= tomllib.loads(path.read_text(encoding="utf-8"))
        professions = _by_code(Entry(**entry) for entry in lists["profession"])
        cancellers = _by_code(Entry(**entry) for entry in lists["canceller"])
        motive_groups = _by_code(Entry(**entry) for entry in lists["motive_group"])
        motives = _by_code(
            Motive(
                entry["code"],
                entry["label"],
                professions=_all_known(entry["professions"], professions, entry),
                group=_known(entry["group"], motive_groups, entry),
            )
            for entry in lists["motive"]
        )
        redirections = _by_code(Entry(**entry) for entry in lists["redirection"])
        return cls(
            professions=professions,
            specialties=_by_code(
                Specialty(
                    entry["code"],
                    entry["label"],
                    profession=_known(entry["profession"], professions, entry),
                )
                for entry in lists["specialty"]
            ),
            modalities=_by_code(Entry(**entry) for entry in lists["modality"]),
            visibilities=_by_code(Entry(**entry) for entry in lists["visibility"]),
            origins=_by_code(Entry(**entry) for entry in lists["origin"]),
            delays=tuple(sorted(lists["delays"])),
            motive_groups=motive_groups,
            motives=motives,
            redirections=redirections,
            unfilled_reasons=_by_code(Entry(**entry) for entry in lists["unfilled"]),
            cancellers=cancellers,
            cancellations=_by_code(
                Cancellation(
                    entry["code"],
                    entry["label"],
                    by=_all_known(entry["by"], cancellers, entry),
                )
                for entry in lists["cancellation"]
            ),
            protocols=_by_code(
                _protocol(entry, motives, redirections) for entry in lists["protocol"]
            ),
            effects=_by_code(Entry(**entry) for entry in lists["effect"]),
            languages=_by_code(Entry(**entry) for entry in lists["language"]),
        )

    def protocol_for(self, motive: str | None, age: int, sex: str | None) -> Protocol | None:
        """The protocol that may answer such a request."""
        suiting = (each for each in self.protocols.values() if each.suits(motive, age, sex))
        return next(suiting, None)

    def motives_for(self, profession: str) -> list[Motive]:
        """The motives usually addressed to a profession, in order."""
        return [motive for motive in self.motives.values() if profession in motive.professions]

    def cancellations_by(self, canceller: str) -> list[Cancellation]:
        """The reasons that one who cancels may give, in order."""
        return [reason for reason in self.cancellations.values() if canceller in reason.by]


def _by_code(entries: Iterable[E]) -> dict[str, E]:
    by_code: dict[str, E] = {}
    for entry in entries:
        if not _CODE.fullmatch(entry.code):
            raise BadCatalogueError(f"{entry!r}: a code is made of letters, digits and _")
        if entry.code in by_code:
            raise BadCatalogueError(f"{entry!r}: the code is there twice")
        by_code[entry.code] = entry
    return by_code


def _known(code: str, codes: Mapping[str, Entry], entry: Mapping[str, Any]) -> str:
    if code not in codes:
        raise BadCatalogueError(f"{entry!r}: {code!r} is not in the catalogue")
    return code


def _all_known(
    named: Iterable[str], codes: Mapping[str, Entry], entry: Mapping[str, Any]
) -> frozenset[str]:
    return frozenset(_known(code, codes, entry) for code in named)


def _protocol(
    entry: Mapping[str, Any], motives: Mapping[str, Entry], redirections: Mapping[str, Entry]
) -> Protocol:
    return Protocol(
        entry["code"],
        entry["label"],
        motives=_all_known(entry["motives"], motives, entry),
        redirection=_known(entry["redirection"], redirections, entry),
        min_age=entry["min_age"],
        max_age=entry.get("max_age"),
        sex=entry.get("sex"),
        conditions=tuple(entry["conditions"]),
        exclusions=tuple(entry["exclusions"]),
        afterwards=entry["afterwards"],
        source=entry["source"],
    )
