"""What people answer by SMS, and what is made of it."""

# ruff: noqa: RUF001 - people type what their telephone gives them

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.inbound import Intent, mark_of, understand
from dispatcher.domain.inbound_words import OPENINGS
from dispatcher.domain.languages import CANCEL_WORDS, YES_WORDS, Language

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
    ("body", "intent"),
    [
        ("Yes", YES),
        ("yes please", YES),
        ("Hello, yes thank you", YES),
        ("I confirm", YES),
        ("No thanks", NO),
        ("Please cancel my appointment", CANCEL),
        ("I need to cancel, sorry", CANCEL),
        ("call me back please", CALL_BACK),
        ("please call me", CALL_BACK),
        ("Start", START),
        ("Help please", HELP),
        ("نعم", YES),
        ("نَعَمْ", YES),
        ("نعـــم", YES),
        ("السلام عليكم، نعم", YES),
        ("\u200fنعم\u200e", YES),
        ("حسناً", YES),
        ("أجل", YES),
        ("لا", NO),
        ("لا شكرا", NO),
        ("إلغاء", CANCEL),
        ("الغاء", CANCEL),
        ("أريد إلغاء الموعد", CANCEL),
        ("توقف", STOP),
        ("مساعدة", HELP),
        ("استئناف", START),
        ("اتصلوا بي", CALL_BACK),
        ("اتصل بي من فضلك", CALL_BACK),
        ("Sim", YES),
        ("SIM, obrigada", YES),
        ("Está bem", YES),
        ("Não", NO),
        ("nao obrigado", NO),
        ("CANCELAR", CANCEL),
        ("Bom dia, quero cancelar", CANCEL),
        ("desmarcar", CANCEL),
        ("Parar", STOP),
        ("SAIR", STOP),
        ("começar", START),
        ("Ajuda", HELP),
        ("Ligue-me por favor", CALL_BACK),
        ("Evet", YES),
        ("EVET, TEŞEKKÜRLER", YES),
        ("tamam", YES),
        ("HAYIR", NO),
        ("hayır", NO),
        ("hayir", NO),
        ("İPTAL", CANCEL),
        ("iptal", CANCEL),
        ("IPTAL", CANCEL),
        ("ıptal", CANCEL),
        ("Randevumu iptal etmek istiyorum", CANCEL),
        ("durdur", STOP),
        ("BAŞLAT", START),
        ("YARDIM", HELP),
        ("yardım", HELP),
        ("Beni arayın lütfen", CALL_BACK),
        ("Так", YES),
        ("ТАК, дякую", YES),
        ("Підтверджую", YES),
        ("Ні", NO),
        ("Скасувати", CANCEL),
        ("Добрий день, скасуйте будь ласка", CANCEL),
        ("СТОП", STOP),
        ("Відписатися", STOP),
        ("старт", START),
        ("Допомога", HELP),
        ("Передзвоніть мені", CALL_BACK),
        ("зателефонуйте, будь ласка", CALL_BACK),
    ],
)
def test_an_answer_is_understood_in_the_patients_language(body: str, intent: Intent) -> None:
    assert understand(body).intent is intent


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("نعم ٤٨٢١", "4821", ""),
        ("نعم ۴۸۲۱", "4821", ""),
        ("EVET 4821", "4821", ""),
        ("так 4821 о 17:30", "4821", "о 17:30"),
        ("sim 4821", "4821", ""),
        ("٤٨٢١ نعم", "4821", ""),
    ],
)
def test_a_code_is_read_beside_a_word_of_any_language(body: str, code: str, words: str) -> None:
    understood = understand(body)

    assert (understood.intent, understood.code, understood.words) == (YES, code, words)


@pytest.mark.parametrize("language", list(Language))
def test_the_words_that_our_texts_ask_for_are_understood(language: Language) -> None:
    assert understand(YES_WORDS[language]).intent is YES
    assert understand(CANCEL_WORDS[language]).intent is CANCEL
    assert understand(CANCEL_WORDS[language].lower()).intent is CANCEL


def test_each_language_can_say_each_of_the_words() -> None:
    """STOP, START and HELP in Latin letters are everybody's: telephones and providers know them."""
    for intent in ("yes", "no", "cancel", "call_back"):
        assert set(OPENINGS[intent]) == set(Language)


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
        "dur",
        "yes but I can't come",
        "yes I am not able",
        "don't cancel",
        "cancel? no",
        "no, please cancel",
        "stopping by",
        "call the police",
        "لا تلغ الموعد",
        "نعم لكن لن أحضر",
        "não cancele",
        "sim mas não posso",
        "iptal etmeyin",
        "evet ama gelemem",
        "не скасовуйте",
        "так, але не прийду",
        "ні, скасуйте",
        "ара",
        "quero parar de fumar",
        "fin de semaine",
        "من أنت؟",
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


@pytest.mark.parametrize(
    ("body", "mark"),
    [
        ("9", 9),
        ("0", 0),
        ("10", 10),
        (" 10 \n", 10),
        ("10.", 10),
        ("8!", 8),
        ("9/10", 9),
        ("9 / 10", 9),
        ("10/10", 10),
        ("10/10 parfait", 10),
        ("9 sur 10 rien à redire", 9),
        ("10 parfait", None),
        ("8/10 à 14h", None),
        ("9 sur 10", 9),
        ("7 sur 10, un peu long", 7),
        ("Note : 8", 8),
        ("je mets 8 merci", 8),
        ("Bonjour, 9 merci", 9),
        ("9, très bien accueilli", 9),
        ("10 ! Merci beaucoup", 10),
        ("9 👍", 9),
        ("9 out of 10", 9),
        ("٩", 9),
        ("١٠", 10),
        ("٩ من ١٠", 9),
        ("8 de 10", 8),
        ("10 üzerinden", None),
        ("9 з 10", 9),
        ("11", None),
        ("100", None),
        ("-3", None),
        ("8,5", None),
        ("8/100", None),
        ("8 ou 9", None),
        ("8-9", None),
        ("9h", None),
        ("9 h", None),
        ("10h30", None),
        ("9:30", None),
        ("à 9", None),
        ("oui à 10", None),
        ("4821", None),
        ("3 personnes devant moi", None),
        ("le 9 novembre", None),
        ("dix", None),
        ("merci", None),
        ("", None),
    ],
)
def test_a_mark_is_a_number_from_0_to_10_and_nothing_else(body: str, mark: int | None) -> None:
    assert mark_of(body) == mark


@pytest.mark.parametrize(
    ("body", "intent", "code"),
    [
        ("ouii", YES, None),
        ("Ouiii !", YES, None),
        ("anuler", CANCEL, None),
        ("Annuller 4821", CANCEL, "4821"),
        ("annulr", CANCEL, None),
        ("nonn", NO, None),
        ("Bonjour, rapel svp", CALL_BACK, None),
    ],
)
def test_a_slip_of_the_finger_is_understood(body: str, intent: Intent, code: str | None) -> None:
    assert (understand(body).intent, understand(body).code) == (intent, code)


@pytest.mark.parametrize(
    "body",
    ["stopp", "stoop", "sto", "desaboner", "noon", "annuel", "cancer", "appel", "avenue", "oi"],
)
def test_what_silences_or_is_another_word_is_never_guessed(body: str) -> None:
    assert understand(body).intent is UNKNOWN


@given(st.text())
def test_no_message_is_too_strange_to_be_read(body: str) -> None:
    understood = understand(body)

    assert understood.code is None or (len(understood.code) == 4 and understood.code.isascii())
    assert understood.words == understood.words.strip()
    assert mark_of(body) in {None, *range(11)}


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
