"""Telephone numbers: what a regulator types, what is kept, what is said when it is none."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from dispatcher.domain.phones import (
    NBSP,
    NotAPhone,
    PhoneKind,
    normalise,
    normalise_mobile,
    region_of,
)


def an_example(region: str, nature: int) -> str:
    """The library's own example of a number: nobody's that we know."""
    number = phonenumbers.example_number_for_type(region, nature)
    assert number is not None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "typed",
    [
        "06 39 98 00 12",
        "0639980012",
        "06.39.98.00.12",
        "06-39-98-00-12",
        "06/39/98/00/12",
        f"06{NBSP}39{NBSP}98{NBSP}00{NBSP}12",
        " 06 39 98 00 12\n",
        "+33639980012",
        "+33 6 39 98 00 12",
        "+33 (0)6 39 98 00 12",
        "0033 6 39 98 00 12",
        "33639980012",
        "639980012",
    ],
)
def test_a_mobile_is_read_however_it_is_typed(typed: str) -> None:
    phone = normalise(typed, "FR")

    assert (phone.e164, phone.kind, phone.region) == ("+33639980012", PhoneKind.MOBILE, "FR")


@pytest.mark.parametrize("region", ["FR", "RE", "YT", "GP"])
def test_the_mobiles_of_fiction_are_the_same_everywhere(region: str) -> None:
    # In Mayotte 0639… is a real prefix: the range set aside for fiction must not become one of it.
    assert normalise("06 39 98 00 12", region).e164 == "+33639980012"


@pytest.mark.parametrize("start", ["01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49"])
def test_the_landlines_of_fiction_are_landlines(start: str) -> None:
    phone = normalise(f"{start} 00 12", "RE")

    assert (phone.kind, phone.region) == (PhoneKind.LANDLINE, "FR")
    assert phone.e164 == "+33" + start.replace(" ", "")[1:] + "0012"


def test_the_mobiles_of_fiction_are_not_known_to_the_library() -> None:
    # The companion of the rule above: the day this fails, the list is no longer needed.
    assert not phonenumbers.is_valid_number(phonenumbers.parse("+33639980012"))


@pytest.mark.parametrize(
    ("typed", "kind", "region"),
    [
        ("+687 75 12 34", PhoneKind.MOBILE, "NC"),
        ("+689 87 12 34 56", PhoneKind.MOBILE, "PF"),
        ("+681 82 12 34", PhoneKind.MOBILE, "WF"),
        ("+687 25 12 34", PhoneKind.LANDLINE, "NC"),
    ],
)
def test_the_pacific_is_overseas_and_not_abroad(typed: str, kind: PhoneKind, region: str) -> None:
    phone = normalise(typed, "FR")
    assert (phone.kind, phone.region) == (kind, region)
    assert normalise(phone.display(), region) == phone


@pytest.mark.parametrize("region", ["FR", "GP", "MQ", "GF", "RE", "YT", "PM"])
def test_a_mobile_of_every_french_plan_takes_sms(region: str) -> None:
    phone = normalise_mobile(an_example(region, PhoneNumberType.MOBILE), "FR")

    assert (phone.kind, phone.sms_refusal) == (PhoneKind.MOBILE, None)


@pytest.mark.parametrize("region", ["GP", "MQ", "GF", "RE", "YT"])
def test_an_overseas_number_typed_the_national_way_is_read_anywhere_in_france(region: str) -> None:
    e164 = an_example(region, PhoneNumberType.MOBILE)
    national = "0" + e164[4:]

    assert normalise(national, "FR").e164 == e164
    assert normalise(national, region).e164 == e164
    assert normalise(national, "RE").region == region


def test_a_region_s_own_numbers_come_first() -> None:
    mobile = an_example("FR", PhoneNumberType.MOBILE)

    assert normalise("0" + mobile[3:], "RE").e164 == mobile


# Fiction, and the library's examples.
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("+33639980012", "06 39 98 00 12"),
        ("+33353010012", "03 53 01 00 12"),
        ("+262692123456", "0692 12 34 56"),
        ("+590690001234", "0690 00 12 34"),
        ("+41781234567", "+41 78 123 45 67"),
    ],
)
def test_a_number_is_shown_as_it_is_written_where_it_lives(typed: str, shown: str) -> None:
    assert normalise(typed, "FR").display() == shown.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("region", "nature", "kind"),
    [
        ("FR", PhoneNumberType.FIXED_LINE, PhoneKind.LANDLINE),
        ("RE", PhoneNumberType.FIXED_LINE, PhoneKind.LANDLINE),
        ("FR", PhoneNumberType.VOIP, PhoneKind.LANDLINE),
        ("FR", PhoneNumberType.TOLL_FREE, PhoneKind.SPECIAL),
        ("FR", PhoneNumberType.SHARED_COST, PhoneKind.SPECIAL),
        ("FR", PhoneNumberType.PREMIUM_RATE, PhoneKind.SPECIAL),
        ("CH", PhoneNumberType.MOBILE, PhoneKind.FOREIGN),
        ("BE", PhoneNumberType.FIXED_LINE, PhoneKind.FOREIGN),
        ("US", PhoneNumberType.MOBILE, PhoneKind.FOREIGN),
        ("001", PhoneNumberType.TOLL_FREE, PhoneKind.FOREIGN),
    ],
)
def test_other_numbers_are_known_for_what_they_are(
    region: str, nature: int, kind: PhoneKind
) -> None:
    number = (
        "+80012345678" if region == "001" else an_example(region, nature)
    )  # the one country code that is no country's

    phone = normalise(number, "FR")

    assert phone.kind is kind
    assert phone.region == (None if region == "001" else region)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("03 53 01 00 12", "Ce numéro est une ligne fixe : il ne peut pas recevoir de SMS."),
        ("0800 00 00 00", "Ce numéro est un numéro spécial : il ne peut pas recevoir de SMS."),
        (
            "+41 78 123 45 67",
            "Ce numéro est étranger : aucun SMS n’y est envoyé. Indiquez un mobile français.",
        ),
    ],
)
def test_a_number_that_takes_no_sms_is_refused_for_sms_only(typed: str, sentence: str) -> None:
    assert normalise(typed, "FR").sms_refusal == sentence.replace(" :", f"{NBSP}:")
    with pytest.raises(NotAPhone) as refusal:
        normalise_mobile(typed, "FR")

    assert refusal.value.sentence == sentence.replace(" :", f"{NBSP}:")


@pytest.mark.parametrize(
    ("typed", "start"),
    [
        ("", "Indiquez un numéro"),
        (" \n", "Indiquez un numéro"),
        ("demander à sa fille", "Un numéro de téléphone ne contient que des chiffres"),
        ("06 39 98 ABCD", "Un numéro de téléphone ne contient que des chiffres"),
        ("O6 39 98 00 12", "Un numéro de téléphone ne contient que des chiffres"),
        ("06 39 98 00 12 poste 3", "Un numéro de téléphone ne contient que des chiffres"),
        ("15", "Il manque des chiffres"),
        ("3639", "Il manque des chiffres"),
        ("116 117", "Il manque des chiffres à ce numéro"),
        ("06 39 98 00", "Il manque des chiffres à ce numéro"),
        ("06 39 98 00 12 3", "Ce numéro a trop de chiffres"),
        ("06 39 98 00 12 / 03 53 01 00 12", "Ce numéro a trop de chiffres"),
        ("0" * 41, "Ce numéro a trop de chiffres"),
        ("06 00 00 00 00 " * 9, "Ce numéro a trop de chiffres"),
        ("07 00 00 00 00", "Ce numéro n’existe pas"),
        ("+262 639 98 00 12", "Ce numéro n’existe pas"),
        ("+999 123 456 789", "Ce n’est pas un numéro de téléphone."),
        ("+ + + 123456", "Ce n’est pas un numéro de téléphone."),
    ],
)
def test_what_is_no_telephone_is_told_in_a_sentence(typed: str, start: str) -> None:
    with pytest.raises(NotAPhone) as refusal:
        normalise(typed, "FR")

    assert refusal.value.sentence.startswith(start)
    assert refusal.value.sentence.endswith(".")
    assert " :" not in refusal.value.sentence


def test_a_number_with_a_digit_missing_is_not_taken_for_a_short_one_of_saint_pierre() -> None:
    # 0 + six digits is a number of Saint-Pierre-et-Miquelon: only there, or with its +508.
    local = an_example("PM", PhoneNumberType.FIXED_LINE)[4:]

    assert normalise(f"0{local}", "PM").region == "PM"
    with pytest.raises(NotAPhone):
        normalise(f"0{local}", "FR")


def test_a_number_stays_out_of_logs() -> None:
    assert "639980012" not in repr(normalise("06 39 98 00 12", "FR"))


@pytest.mark.parametrize(
    ("department", "region"),
    [
        ("39", "FR"),
        ("01", "FR"),
        ("2A", "FR"),
        ("2b", "FR"),
        ("95", "FR"),
        ("971", "GP"),
        ("972", "MQ"),
        ("973", "GF"),
        ("974", "RE"),
        ("975", "PM"),
        ("976", "YT"),
        ("977", "BL"),
        ("978", "MF"),
    ],
)
def test_a_departement_says_which_numbers_are_local(department: str, region: str) -> None:
    assert region_of(department) == region


@pytest.mark.parametrize("department", ["", "0", "00", "96", "99", "979", "2C"])
def test_what_is_no_departement_is_refused(department: str) -> None:
    with pytest.raises(ValueError, match="no such département"):
        region_of(department)


@given(st.text(), st.sampled_from(["FR", "RE", "PM"]))
def test_whatever_is_typed_is_a_number_or_a_sentence(typed: str, region: str) -> None:
    phone = None
    sentence = "."
    try:
        phone = normalise(typed, region)
    except NotAPhone as refusal:
        sentence = refusal.sentence

    assert sentence.endswith(".")
    assert phone is None or normalise(phone.e164, region) == phone


@given(st.from_regex(r"\+?[0-9 .()/-]{6,20}", fullmatch=True))
def test_a_number_that_was_read_is_read_the_same_from_what_is_shown(typed: str) -> None:
    try:
        phone = normalise(typed, "FR")
    except NotAPhone:
        return
    assert normalise(phone.display(), phone.region or "FR").e164 == phone.e164
