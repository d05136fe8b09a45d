"""The texts of the SMS: `config/sms/<language>/<kind>.txt`, with named placeholders.

Patients are written to in six languages, practitioners in French: `Shape.languages` says which
texts there have to be, so that none is missing by accident.

What a text may say is decided here, by the placeholders that each kind has. None of them holds a
motive, a profession, a speciality, a full name or the name of a place: a text cannot give away
what it cannot name (DESIGN §7, and the advice gathered in `DATA.md` on SMS).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from config.sms_leaks import about_health

DIRECTORY: Final = Path(__file__).parent / "sms"
REFERENCE_LANGUAGE: Final = "fr"
PATIENT_LANGUAGES: Final = ("fr", "en", "ar", "pt", "tr", "uk")
"""ISO 639-1, in the order in which they are offered."""

_PLACEHOLDER = re.compile(r"\{([a-zà-öø-ÿœ]+)\}")
_EMERGENCY_NUMBER = re.compile(r"(?<!\d)15(?!\d)")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the texts of a kind have: placeholders they must hold or may leave out, languages.

    `says_15`: whoever reads it may be getting worse, so it names the emergency number.
    """

    required: frozenset[str]
    optional: frozenset[str]
    languages: tuple[str, ...]
    says_15: bool = False

    @property
    def allowed(self) -> frozenset[str]:
        """All of them: what whoever renders gives, whatever the text in force makes of it."""
        return self.required | self.optional


def _to_patients(required: str, optional: str = "", *, says_15: bool = False) -> Shape:
    return Shape(
        frozenset(required.split()), frozenset(optional.split()), PATIENT_LANGUAGES, says_15
    )


def _to_practitioners(required: str, optional: str = "") -> Shape:
    return Shape(frozenset(required.split()), frozenset(optional.split()), (REFERENCE_LANGUAGE,))


# sender   the territory's name               day      « mardi 24 novembre »
# time     « à 14 h 30 », « entre 14 h et 18 h »
# address  first line of the address and town; « à votre domicile » for a visit
# phone    where a person answers             link     the page that shows the rest
# code     the four digits to answer with     choices  « 4821 (mardi 24 novembre à 14 h 30), … »
# answer   the word that was received: OUI, NON or ANNULER
# reason   why an hour cannot be taken, « elle est passée »; never anything about the patient but
#          from what hour on they can come
# delay    how late somebody will be, « environ 15 minutes »
# count    how many appointments it is about
# words    what a regulator wrote in answer; they are told on the page what an SMS must not say
SHAPES: Final[Mapping[str, Shape]] = {
    "confirmation": _to_patients("sender day time address phone link", says_15=True),
    "practitioner_notice": _to_practitioners("sender code day time link", "address phone"),
    "cancelled_by_practitioner": _to_patients("sender day time phone", says_15=True),
    "cancelled_by_patient": _to_practitioners("sender code day time", "link"),
    "cancelled_by_regulator_patient": _to_patients("sender day time phone", says_15=True),
    "cancelled_by_regulator_practitioner": _to_practitioners("sender code day time", "link"),
    "cancel_acknowledged": _to_patients("sender day time phone", says_15=True),
    "confirm_acknowledged": _to_patients("sender day time phone", says_15=True),
    "which_appointment": _to_patients("sender choices answer code"),
    "not_understood": _to_patients("sender phone", says_15=True),
    "stop_acknowledged": _to_patients("sender", "phone"),
    "start_acknowledged": _to_patients("sender", "phone"),
    "help": _to_patients("sender phone", says_15=True),
    "reminder": _to_patients("sender day time address phone link", says_15=True),
    "appointment_changed": _to_patients("sender day time address phone link", says_15=True),
    "late_notice": _to_practitioners("sender code day time delay", "phone"),
    "no_show_follow_up": _to_patients("sender day phone", says_15=True),
    "satisfaction": _to_patients("sender"),
    "satisfaction_thanks": _to_patients("sender"),
    "call_back_noted": _to_patients("sender phone", says_15=True),
    "regulator_answer": _to_patients("sender words", "phone"),
    "closing_question": _to_practitioners("sender day count link"),
    "publication_question": _to_practitioners("sender day time link"),
    "agenda_unread": _to_practitioners("sender day time link"),
    "reinforcement_call": _to_practitioners("sender day link"),
    "invitation": _to_practitioners("sender day link", "phone"),
    "offer": _to_practitioners("sender code day time link"),
    "offer_taken": _to_practitioners("sender code"),
    "offer_too_late": _to_practitioners("sender code"),
    "offer_choose_hour": _to_practitioners("sender code link"),
    "offer_hour_refused": _to_practitioners("sender code reason link"),
    "offer_released": _to_practitioners("sender code"),
    "offer_stands": _to_practitioners("sender code phone link"),
    "offer_which": _to_practitioners("sender choices answer code"),
    "offer_unknown": _to_practitioners("sender code phone"),
}
"""By `MessageKind`. A territory's own wording is held to the same."""


class TextsError(ValueError):
    """The texts cannot be used as they are; the message names every fault."""


class FaultKind(StrEnum):
    """Why a text cannot be used."""

    NO_SUCH_MESSAGE = "no message of this kind"
    EMPTY = "empty"
    BRACE = "a brace that is no placeholder"
    UNKNOWN = "cannot be said in this message"
    LOST = "is needed"
    ABOUT_HEALTH = "says something about health"
    WITHOUT_15 = "does not name the 15"


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands against a text. `names` are placeholders, or the word about health."""

    kind: FaultKind
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For developers: « {motive} cannot be said in this message »."""
        match self.kind:
            case FaultKind.UNKNOWN | FaultKind.LOST:
                return f"{_listed(self.names)} {self.kind.value}"
            case FaultKind.ABOUT_HEALTH:
                return f'"{self.names[0]}" {self.kind.value}'
            case _:
                return self.kind.value


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that were checked: rendering can only fail through what it is given."""

    by_language: Mapping[str, Mapping[str, str]]

    def render(self, kind: str, language: str, **values: str) -> str:
        """The house's own text of a kind, filled in. Raises TextsError as `fill`."""
        return fill(kind, self.of(kind, language), values)

    def of(self, kind: str, language: str) -> str:
        """The house's own text, unfilled. Raises TextsError where there is none."""
        try:
            return self.by_language[language][kind]
        except KeyError:
            raise TextsError(f"no text for {kind} in {language}") from None

    def language_for(self, kind: str, wished: str) -> str:
        """The language in which that kind is sent to whoever reads `wished`: it, else French."""
        return wished if wished in SHAPES[kind].languages else REFERENCE_LANGUAGE


def fill(kind: str, text: str, values: Mapping[str, str]) -> str:
    """A text of that kind, filled in; the values are exactly `SHAPES[kind].allowed`.

    Raises TextsError when one is missing, unknown or blank: better no SMS than one with a hole, or
    one that says more than it may.
    """
    shape = SHAPES[kind]
    if missing := shape.allowed - values.keys():
        raise TextsError(f"{kind}: no value for {_listed(missing)}")
    if unknown := values.keys() - shape.allowed:
        raise TextsError(f"{kind}: {_listed(unknown)} cannot be said in this message")
    if blank := {name for name, value in values.items() if not value.strip()}:
        raise TextsError(f"{kind}: blank value for {_listed(blank)}")
    return _PLACEHOLDER.sub(lambda match: values[match[1]].strip(), text)


def load(directory: Path = DIRECTORY) -> Texts:
    """Read and check every text. Raises TextsError: a process does not start without them."""
    if faults := check(directory):
        raise TextsError("\n".join(faults))
    return Texts({folder.name: _read(folder) for folder in _languages(directory)})


def check(directory: Path = DIRECTORY) -> list[str]:
    """The faults of the texts, one line each; none is what `./snp check` wants to see."""
    languages = {folder.name: _read(folder) for folder in _languages(directory)}
    if REFERENCE_LANGUAGE not in languages:
        return [f"{directory.name}/{REFERENCE_LANGUAGE}: no texts"]
    reference = languages[REFERENCE_LANGUAGE]
    faults = [
        f"{language}: no texts" for language in PATIENT_LANGUAGES if language not in languages
    ]
    unread = languages.keys() - set(PATIENT_LANGUAGES)
    faults += [f"{language}: nobody reads it" for language in sorted(unread)]
    for language in [known for known in PATIENT_LANGUAGES if known in languages]:
        texts = languages[language]
        expected_kinds = {kind for kind, shape in SHAPES.items() if language in shape.languages}
        faults += [f"{language}/{kind}: missing" for kind in sorted(expected_kinds - texts.keys())]
        for kind, text in texts.items():
            faults += [f"{language}/{kind}: {fault}" for fault in faults_of(kind, language, text)]
            if kind in SHAPES and kind not in expected_kinds:
                faults.append(f"{language}/{kind}: is not sent in this language")
            said, expected = _named(text), _named(reference.get(kind, text))
            if said != expected:
                faults.append(f"{language}/{kind}: {_listed(said ^ expected)} not as in French")
    return faults


def faults_of(kind: str, language: str, text: str) -> list[Fault]:
    """What stands against using a text for a kind; also what a territory's own wording must pass.

    An empty list when nothing does. Raises KeyError for a language that patients are not written
    to in.
    """
    shape = SHAPES.get(kind)
    if shape is None:
        return [Fault(FaultKind.NO_SUCH_MESSAGE)]
    if not text.strip():
        return [Fault(FaultKind.EMPTY)]
    named, around = _named(text), _PLACEHOLDER.sub(" ", text)
    faults = []
    if re.search(r"[{}]", around):
        faults.append(Fault(FaultKind.BRACE))
    if unknown := named - shape.allowed:
        faults.append(Fault(FaultKind.UNKNOWN, tuple(sorted(unknown))))
    if lost := shape.required - named:
        faults.append(Fault(FaultKind.LOST, tuple(sorted(lost))))
    if word := about_health(around, language):
        faults.append(Fault(FaultKind.ABOUT_HEALTH, (word,)))
    if shape.says_15 and not _EMERGENCY_NUMBER.search(around):
        faults.append(Fault(FaultKind.WITHOUT_15))
    return faults


def _named(text: str) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(text))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def _languages(directory: Path) -> list[Path]:
    return sorted(folder for folder in directory.iterdir() if folder.is_dir())


def _read(folder: Path) -> dict[str, str]:
    return {
        path.stem: path.read_text(encoding="utf-8").strip() for path in sorted(folder.glob("*.txt"))
    }
