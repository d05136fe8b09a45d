"""Telephone numbers of France and its overseas territories: normalised, named, shown.

Numbering plans come from libphonenumber. It does not know the numbers that Arcep sets aside for
fiction (decision 2018-0881), so these are listed here: demonstrations and tests use no others.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

NBSP: Final = "\u00a0"

REGIONS: Final = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC")
"""The French numbering plans."""

_TEN_DIGIT_PLANS: Final = ("FR", "GP", "MQ", "GF", "RE", "YT")
"""They share one space of ten-digit numbers: each can be dialled from any other as it stands."""

_OVERSEAS: Final = {
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
_METROPOLITAN: Final = frozenset(
    [f"{number:02d}" for number in range(1, 96) if number != 20] + ["20", "2A", "2B"]  # noqa: PLR2004
)

_FICTION_MOBILE = re.compile(r"^\+3363998\d{4}$")
_FICTION_LANDLINE = re.compile(r"^\+33(?:19900|26191|35301|46571|53649)\d{4}$")
_FICTION_NATIONAL = re.compile(r"^0(?:63998|19900|26191|35301|46571|53649)\d{4}$")
_TEN_DIGITS = re.compile(r"^0\d{9}$")
_SHAPE = re.compile(r"^[\d\s.()/+–-]*$")
_NATIONAL_DIGITS: Final = 9
"""A French number without its leading 0 or its country code."""
_SHORTEST: Final = 6
_LONGEST: Final = 40
"""Characters, all separators included: past this nobody typed a telephone number."""

_NATURE: Final = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.VOIP: "landline",
}


class NotAPhone(ValueError):
    """What was typed is not the telephone number that is needed; `sentence` tells a person why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PhoneKind(StrEnum):
    """What a number can be used for."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    """A fixed line, boxes' 09 numbers included: it takes no SMS."""
    FOREIGN = "foreign"
    SPECIAL = "special"
    """Free, shared or premium rate: a service, never a person."""


_NO_SMS: Final = {
    PhoneKind.LANDLINE: f"Ce numéro est une ligne fixe{NBSP}: il ne peut pas recevoir de SMS.",
    PhoneKind.FOREIGN: (
        f"Ce numéro est étranger{NBSP}: aucun SMS n’y est envoyé. Indiquez un mobile français."
    ),
    PhoneKind.SPECIAL: f"Ce numéro est un numéro spécial{NBSP}: il ne peut pas recevoir de SMS.",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that exists. Its repr hides it: telephone numbers do not belong in logs."""

    e164: str = field(repr=False)
    kind: PhoneKind
    region: str | None
    """ISO 3166 code of the numbering plan (FR, RE…); None for a code that serves no country."""

    def display(self) -> str:
        """As it is written there, with non-breaking spaces: 06 39 98 00 12, 0692 12 34 56."""
        number = phonenumbers.parse(self.e164)
        national = phonenumbers.national_significant_number(number)
        if self.region == "FR":
            return _spaced("0" + national, first=2)
        if self.region in REGIONS and len(national) == _NATIONAL_DIGITS:
            return _spaced("0" + national, first=4)
        text = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        return text.replace(" ", NBSP)

    @property
    def sms_refusal(self) -> str | None:
        """Why no SMS can go to this number, as a sentence for the regulator; None if it can."""
        return _NO_SMS.get(self.kind)


def kind_of(e164: str) -> PhoneKind:
    """What a number that was normalised before can be used for; foreign if it exists nowhere."""
    try:
        return normalise(e164, "FR").kind
    except NotAPhone:
        return PhoneKind.FOREIGN


def region_of(department: str) -> str:
    """The numbering plan of a département ("39" → FR, "974" → RE).

    Raises ValueError for a code that is no département.
    """
    code = department.strip().upper()
    if code in _OVERSEAS:
        return _OVERSEAS[code]
    if code in _METROPOLITAN:
        return "FR"
    raise ValueError(f"no such département: {department!r}")


def normalise(text: str, region: str) -> Phone:
    """Read what a person typed in `region` (or an E.164 number from elsewhere).

    A national number that does not exist in the region is tried in the other French plans: 0692…
    typed in Lons-le-Saunier is a mobile of La Réunion. Raises NotAPhone with a French sentence.
    """
    typed = _checked(text)
    digits = re.sub(r"\D", "", typed)
    if _FICTION_NATIONAL.match(digits):
        return _phone("+33" + digits[1:], "FR")
    elsewhere = _TEN_DIGIT_PLANS if _TEN_DIGITS.match(digits) else ()
    for candidate in (region, *elsewhere):
        number = _parsed(typed, candidate)
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if _FICTION_MOBILE.match(e164) or _FICTION_LANDLINE.match(e164):
            return _phone(e164, "FR")
        if phonenumbers.is_valid_number(number):
            return _phone(e164, phonenumbers.region_code_for_number(number))
    raise NotAPhone(_why_it_does_not_exist(_parsed(typed, region)))


def normalise_mobile(text: str, region: str) -> Phone:
    """`normalise`, for a number that must receive SMS.

    Raises NotAPhone for a landline, a foreign or a special number too, each with its sentence.
    """
    phone = normalise(text, region)
    if phone.sms_refusal is not None:
        raise NotAPhone(phone.sms_refusal)
    return phone


def _checked(text: str) -> str:
    typed = " ".join(text.split())
    if not typed:
        raise NotAPhone("Indiquez un numéro de téléphone.")
    # libphonenumber would read letters as the keys of an old telephone: 06 12 34 ABCD.
    if not _SHAPE.match(typed):
        raise NotAPhone(f"Un numéro de téléphone ne contient que des chiffres{NBSP}: vérifiez-le.")
    digits = sum(char.isdigit() for char in typed)
    if digits < _SHORTEST:
        raise NotAPhone(
            f"Il manque des chiffres{NBSP}: un numéro français en compte dix,"
            f" comme {_spaced('0639980012', first=2)}."
        )
    if len(typed) > _LONGEST:
        raise NotAPhone(_too_long())
    return typed


def _parsed(typed: str, region: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(typed, region)
    except NumberParseException as error:
        if error.error_type == NumberParseException.TOO_LONG:
            raise NotAPhone(_too_long()) from None
        raise NotAPhone("Ce n’est pas un numéro de téléphone.") from None


def _phone(e164: str, region: str | None) -> Phone:
    if _FICTION_MOBILE.match(e164):
        return Phone(e164, PhoneKind.MOBILE, region)
    if region not in REGIONS:
        return Phone(e164, PhoneKind.FOREIGN, None if region == "001" else region)
    nature = phonenumbers.number_type(phonenumbers.parse(e164))
    return Phone(e164, PhoneKind(_NATURE.get(nature, "special")), region)


def _why_it_does_not_exist(number: PhoneNumber) -> str:
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return _too_long()
    if reason in {
        phonenumbers.ValidationResult.TOO_SHORT,
        phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    }:
        return f"Il manque des chiffres à ce numéro{NBSP}: vérifiez-le avec votre interlocuteur."
    return f"Ce numéro n’existe pas{NBSP}: vérifiez-le avec votre interlocuteur."


def _too_long() -> str:
    return f"Ce numéro a trop de chiffres{NBSP}: indiquez un seul numéro de téléphone."


def _spaced(digits: str, *, first: int) -> str:
    groups = [digits[:first], *re.findall("..", digits[first:])]
    return NBSP.join(groups)
