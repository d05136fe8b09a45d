"""What an SMS costs, and what becomes of the characters that GSM-7 lacks."""

# ruff: noqa: RUF001 - characters that look like others are what is tested

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.gsm import ALPHABET, BASIC, EXTENSION, Encoding, count, encode, to_gsm

NBSP, NNBSP = "\u00a0", "\u202f"


def test_the_alphabet_has_its_127_characters_and_10_of_the_extension() -> None:
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert BASIC.isdisjoint(EXTENSION)


@pytest.mark.parametrize("char", sorted(ALPHABET))
def test_what_the_alphabet_has_is_kept(char: str) -> None:
    assert to_gsm(char) == char
    assert encode(char).encoding is Encoding.GSM_7


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ê â î ô û ç ë ï", "e a i o u c e i"),
        ("é è ù à ì ò ä ö ü ñ Ç É", "é è ù à ì ò ä ö ü ñ Ç É"),
        ("À Â È Ê Ë Î Ï Ô Ù Û Ÿ ÿ", "A A E E E I I O U U Y y"),
        ("œuf, cœur, ŒUVRE", "oeuf, coeur, OEUVRE"),
        ("l’hôpital, ‘tel’, l`un", "l'hopital, 'tel', l'un"),
        ("« Ça va »", '"Ça va"'),
        (f"«{NBSP}Ça va{NNBSP}»", '"Ça va"'),
        ("«Ça va» “oui” „non‟", '"Ça va" "oui" "non"'),
        (f"14{NBSP}h{NNBSP}30", "14 h 30"),
        ("lundi – mardi — 8‑12 − 3", "lundi - mardi - 8-12 - 3"),
        ("etc…", "etc..."),
        ("n° 12, 2²", "no 12, 22"),
        ("5‰", "5/1000"),
        ("½ · × ÷ µ •", "1/2 . x / u -"),
        ("12 €, [x], {y}, ~, ^, |, \\", "12 €, [x], {y}, ~, ^, |, \\"),
        ("a\tb", "a b"),
        ("a\u2028b", "a\nb"),
        ("a\u200bb\u00adc\ufeff", "abc"),
        ("a\x00\x1bb", "ab"),
        ("ﬁn", "fin"),
        ("Łódź, Gülşen, ığdır, đ", "Lodz, Gülsen, igdir, d"),
        ("Þór ð", "Thor d"),
        ("Ça va 🙂", "Ça va :)"),
        ("Merci ❤️ à demain 😉", "Merci <3 à demain ;)"),
        ("Rendez-vous 🎉 confirmé", "Rendez-vous confirmé"),
        ("🎉 Rendez-vous confirmé 👍🏽", "Rendez-vous confirmé"),
        ("Bien👍reçu", "Bienrecu"),
        ("📞 0353010012\n✅\nMerci 🙏🏻\nÀ bientôt", "0353010012\n\nMerci\nA bientot"),
        ("famille 👨‍👩‍👧 attendue", "famille attendue"),
        ("1️⃣ entrez, 2️⃣ attendez", "1 entrez, 2 attendez"),
        ("⚠️ 14 h → 15 h", "! 14 h -> 15 h"),
        ("🇫🇷 Lons", "FR Lons"),
        ("≤ 15 min, ± 5", "<= 15 min, +/- 5"),
        ("un † deux", "un deux"),
        ("a\u200eb\u2069", "ab"),  # marks of direction, pasted with a name
        ("a\ud83db", "ab"),  # half a pair
        ("…", "..."),
    ],
)
def test_what_it_lacks_is_replaced_by_its_nearest(typed: str, sent: str) -> None:
    assert to_gsm(typed) == sent
    assert encode(typed).encoding is Encoding.GSM_7


def test_an_accent_typed_apart_is_the_same_letter() -> None:
    apart = unicodedata.normalize("NFD", "à é ê ç")

    assert to_gsm(apart) == "à é e c"


def test_an_accent_that_belongs_to_no_letter_is_dropped() -> None:
    assert to_gsm("x\u0302") == "x"


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا", "Київ", "您好", "🙂", "🎉 🎉", "👨‍👩‍👧", "Καλημέρα",
        "ça va, Київ – « так » 🙂 …", "à l’heure,\u200e شكرا",
        "12 ₴", "†",
    ],
)  # fmt: skip
def test_what_has_no_equivalent_stays_and_the_message_is_ucs_2(text: str) -> None:
    encoded = encode(text)

    assert encoded.text == text
    assert encoded.encoding is Encoding.UCS_2


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("так 🙂", 6),  # an emoji is a pair of units
        ("так 👨‍👩‍👧", 12),  # three pairs and two joiners
        ("نعم ✓", 5),
        ("é ê ’ так", 9),
    ],
)
def test_in_ucs_2_everything_is_kept_and_counted_in_units(text: str, characters: int) -> None:
    encoded = encode(text)

    assert (encoded.text, encoded.characters) == (text, characters)
    assert encoded.encoding is Encoding.UCS_2


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("т" + "🙂" * 34, 1),  # 69 units
        ("т" * 2 + "🙂" * 34, 1),  # 70
        ("т" * 3 + "🙂" * 34, 2),
        # 66 units, then a pair that does not fit in the 67th: it opens the second segment.
        ("т" * 66 + "🙂" + "т" * 65, 2),
        ("т" * 66 + "🙂" + "т" * 66, 3),
    ],
)
def test_a_pair_is_never_parted(text: str, segments: int) -> None:
    assert encode(text).segments == segments


@pytest.mark.parametrize(
    ("text", "characters", "segments"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("é" * 160, 160, 1),
        ("ê" * 160, 160, 1),
        ("œ" * 80, 160, 1),
        ("œ" * 81, 162, 2),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("a" * 158 + "€", 160, 1),
        ("a" * 159 + "€", 161, 2),
    ],
)
def test_gsm_7_carries_160_septets_then_153_a_segment(
    text: str, characters: int, segments: int
) -> None:
    encoded = encode(text)

    assert encoded.encoding is Encoding.GSM_7
    assert (encoded.characters, encoded.segments) == (characters, segments)


def test_an_escape_is_never_parted_from_its_character() -> None:
    # 152 + € + 152: the € does not fit in the 153rd septet of the first segment, so the second
    # holds € and 151, and the last character needs a third. Cut blindly, 306 septets make two.
    encoded = encode("a" * 152 + "€" + "a" * 152)

    assert (encoded.characters, encoded.segments) == (306, 3)


@pytest.mark.parametrize(
    ("text", "characters", "segments"),
    [
        ("б", 1, 1),
        ("б" * 70, 70, 1),
        ("б" * 71, 71, 2),
        ("б" * 134, 134, 2),
        ("б" * 135, 135, 3),
        ("🙂" * 35, 70, 1),
        ("🙂" * 36, 72, 2),
        # 33 pairs fill 66 of 67 units: a pair is not cut, so two segments hold 66 pairs.
        ("🙂" * 66, 132, 2),
        ("🙂" * 67, 134, 3),
    ],
)
def test_ucs_2_carries_70_units_then_67_a_segment(
    text: str, characters: int, segments: int
) -> None:
    encoded = encode(text)

    assert encoded.encoding is Encoding.UCS_2
    assert (encoded.characters, encoded.segments) == (characters, segments)


def test_counting_answers_as_the_command_line_does() -> None:
    assert count("Rendez-vous à 14 h 30 – 12 €") == {
        "encoding": "GSM-7",
        "characters": 29,
        "segments": 1,
        "text": "Rendez-vous à 14 h 30 - 12 €",
    }


@given(st.text())
def test_no_text_is_too_strange_to_be_counted(text: str) -> None:
    encoded = encode(text)

    assert encoded.text.count("?") <= sum(
        unicodedata.normalize("NFKD", char).count("?") for char in text
    )
    assert (encoded.encoding is Encoding.GSM_7) == (set(encoded.text) <= ALPHABET)
    assert encoded.segments <= encoded.characters <= 2 * len(encoded.text)


@given(st.text())
def test_replacing_twice_is_replacing_once(text: str) -> None:
    once = to_gsm(text)

    assert to_gsm(once) == once


@given(st.text(alphabet=sorted(ALPHABET)))
def test_a_text_of_the_alphabet_is_left_alone(text: str) -> None:
    assert to_gsm(text) == text
