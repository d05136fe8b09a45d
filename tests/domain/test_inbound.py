"""What people answer by SMS, and what is made of it."""

# ruff: noqa: RUF001 - people type what their telephone gives them

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.inbound import Intent, understand

YES, NO, CANCEL, STOP = Intent.YES, Intent.NO, Intent.CANCEL, Intent.STOP
START, HELP, CALL_BACK, UNKNOWN = Intent.START, Intent.HELP, Intent.CALL_BACK, Intent.UNKNOWN


@pytest.mark.parametrize(
    ("body", "intent"),
    [
        ("OUI", YES),
        ("oui", YES),
        ("Oui.", YES),
        ("OUI !!!", YES),
        ("  oui\n", YES),
        ("« Oui »", YES),
        ("ＯＵＩ", YES),
        ("o\u200bui", YES),
        ("Bonjour, oui", YES),
        ("Ok merci", YES),
        ("D’accord", YES),
        ("d'accord docteur", YES),
        ("Je confirme", YES),
        ("Confirmé", YES),
        ("ok pas de souci", YES),
        ("NON", NO),
        ("non merci", NO),
        ("Non, désolée.", NO),
        ("ANNULER", CANCEL),
        ("annuler", CANCEL),
        ("Annulé", CANCEL),
        ("Annule\u0301", CANCEL),
        ("J’annule", CANCEL),
        ("Bonjour j'annule merci", CANCEL),
        ("Merci d’annuler", CANCEL),
        ("Je souhaite annuler mon rendez-vous", CANCEL),
        ("Je suis obligée d’annuler", CANCEL),
        ("CANCEL", CANCEL),
        ("STOP", STOP),
        ("Stop svp", STOP),
        ("StopAll", STOP),
        ("STOP SMS", STOP),
        ("unsubscribe", STOP),
        ("End", STOP),
        ("QUIT", STOP),
        ("ARRÊT", STOP),
        ("arret sms", STOP),
        ("Désabonner", STOP),
        ("se désabonner", STOP),
        ("desabonnement", STOP),
        ("START", START),
        ("unstop", START),
        ("reprendre", START),
        ("HELP", HELP),
        ("Aide", HELP),
        ("info ?", HELP),
        ("RAPPEL", CALL_BACK),
        ("Rappelez-moi demain matin", CALL_BACK),
        ("Merci de me rappeler", CALL_BACK),
    ],
)
def test_an_answer_is_understood_however_it_is_written(body: str, intent: Intent) -> None:
    assert understand(body).intent is intent


@pytest.mark.parametrize(
    "body",
    [
        "NON STOP",
        "Non stop ça suffit",
        "non, arrêtez",
        "NON",
    ],
)
def test_no_is_never_a_stop(body: str) -> None:
    assert understand(body).intent is NO


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n",
        "🙂",
        "???",
        "merci",
        "Bonjour",
        "4821",
        "Qui êtes-vous ?",
        "A aimé « répondez ANNULER »",
        "Il faut annuler ?",
        "ne pas annuler",
        "Je ne veux pas annuler",
        "Annuler ? non non",
        "annuler si vous n’avez pas plus tôt",
        "oui mais non",
        "oui j’annule",
        "ok mais je ne pourrai pas venir",
        "oui je peux pas",
        "je confirme pas",
        "non annuler",
        "non oui",
        "arrêt de travail svp",
        "end of the day ?",
        "infos sur le médecin",
        "stopper",
        "ouistiti",
        "nonchalant",
    ],
)
def test_what_could_be_read_two_ways_is_left_to_a_person(body: str) -> None:
    understood = understand(body)

    assert understood.intent is UNKNOWN
    assert understood.words == body.strip()


@pytest.mark.parametrize(
    ("body", "intent", "code", "words"),
    [
        ("OUI 4821", YES, "4821", ""),
        ("OUI4821", YES, "4821", ""),
        ("oui-4821.", YES, "4821", ""),
        ("oui\n4821\nà 18 h", YES, "4821", "à 18 h"),
        ("OUI n° 4821", YES, "4821", ""),
        ("OUI code : 4821", YES, "4821", ""),
        ("4821 OUI", YES, "4821", ""),
        ("Bonjour, 4821 : oui", YES, "4821", ""),
        ("OUI 4821 à 17h30", YES, "4821", "à 17h30"),
        ("OUI, à 17h30 !", YES, None, "à 17h30"),
        ("oui mais pas avant 18 h", YES, None, "mais pas avant 18 h"),
        ("NON 4821 trop loin", NO, "4821", "trop loin"),
        ("ANNULER 4821 merci", CANCEL, "4821", "merci"),
        ("annuler le 4821", CANCEL, None, "le 4821"),
        ("OUI 48211", YES, None, "48211"),
        ("OUI 482", YES, None, "482"),
        ("OUI ٤٨٢١", YES, "4821", ""),
        ("OUI 4821 Docteur L’Œuf, 2e étage", YES, "4821", "Docteur L’Œuf, 2e étage"),
        ("4821", UNKNOWN, "4821", "4821"),
        ("N° 4821", UNKNOWN, "4821", "N° 4821"),
    ],
)
def test_a_code_beside_the_keyword_is_read_and_the_words_after_are_kept(
    body: str, intent: Intent, code: str | None, words: str
) -> None:
    understood = understand(body)

    assert (understood.intent, understood.code, understood.words) == (intent, code, words)


@pytest.mark.parametrize("keyword", ["STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "REVOKE"])
def test_what_twilio_takes_for_a_stop_is_one_for_us(keyword: str) -> None:
    # Except CANCEL, which says « annuler » in English: our patients' most useful word.
    assert understand(keyword).intent is STOP


@given(st.text())
def test_no_message_is_too_strange_to_be_read(body: str) -> None:
    understood = understand(body)

    assert understood.code is None or (len(understood.code) == 4 and understood.code.isascii())
    assert understood.words == understood.words.strip()


@given(st.text(alphabet="ouinONannulerSTOP 4821,.’é\n"))
def test_reading_is_the_same_in_capitals(body: str) -> None:
    assert understand(body.upper()).intent is understand(body).intent


@given(st.sampled_from(["non", "NON", "Non,", "non !"]), st.text())
def test_no_followed_by_anything_is_never_a_stop(answer: str, rest: str) -> None:
    assert understand(f"{answer} {rest}").intent in {NO, UNKNOWN}


@given(st.from_regex(r"[0-9]{4}", fullmatch=True), st.sampled_from(["", "à 17h30", "trop loin"]))
def test_every_code_is_read_and_no_word_lost(code: str, words: str) -> None:
    understood = understand(f"OUI {code} {words}")

    assert (understood.intent, understood.code, understood.words) == (YES, code, words)
