"""The words by which people answer an SMS, as data: French first, then what patients write.

Phrases are separated by commas and stand as people spell them; `inbound` reads them, as it reads a
message, without case, accents, apostrophes and vowel signs. A word that means something else at the
beginning of a sentence (« arrêt de travail », "help me find …") stands in ALONE, one that means
something else in another of the languages (« dur » is Turkish for stop) in none.
"""

# ruff: noqa: RUF001 - the letters of six languages

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, Mapping[str, str]]
"""By the value of an `Intent`, then by language."""

OPENINGS: Final[Words] = {
    # The message may go on after these.
    "yes": {
        "fr": "oui, ok, okay, d’accord, je confirme, confirmé, confirmer",
        "en": "yes, yeah, yep, i confirm, confirm, confirmed",
        "ar": "نعم, موافق, موافقة, حسنا, تمام, أوكي, أؤكد",
        "pt": "sim, está bem, confirmo, confirmar, de acordo",
        "tr": "evet, tamam, olur, onaylıyorum, kabul",
        "uk": "так, добре, гаразд, підтверджую, згоден, згодна, ок",
    },
    "no": {
        "fr": "non, nan",
        "en": "no, nope",
        "ar": "لا, كلا",
        "pt": "não",
        "tr": "hayır",
        "uk": "ні",
    },
    "cancel": {
        "fr": (
            "annuler, annule, annulée, annulez, annulation, j’annule, je annule, merci d’annuler,"
            " à annuler, je dois annuler, je veux annuler, je voudrais annuler,"
            " je souhaite annuler, je préfère annuler, je suis obligé d’annuler,"
            " je suis obligée d’annuler"
        ),
        "en": (
            "cancel, cancelled, canceled, i cancel, please cancel, i want to cancel,"
            " i need to cancel, i have to cancel, i must cancel, i would like to cancel"
        ),
        "ar": "إلغاء, الغاء, ألغي, ألغوا, ألغ الموعد, أريد إلغاء, أرجو إلغاء, أود إلغاء",
        "pt": (
            "cancelar, cancela, cancele, cancelem, cancelo, anular, desmarcar, quero cancelar,"
            " preciso cancelar, preciso de cancelar, queria cancelar, gostaria de cancelar"
        ),
        "tr": "iptal, randevumu iptal, randevuyu iptal, randevuyu iptal et, vazgeçtim",
        "uk": (
            "скасувати, скасуйте, скасовую, скасуй, скасування, відмінити, відмініть, відміна,"
            " відміняю, хочу скасувати, прошу скасувати, мушу скасувати, потрібно скасувати"
        ),
    },
    "stop": {
        "fr": (
            "stop, stopall, stopsms, unsubscribe, désabonner, désabonnement, me désabonner,"
            " se désabonner, désinscrire, désinscription, me désinscrire"
        ),
        "uk": "стоп",
        "ar": "ستوب",
    },
    "call_back": {
        "fr": "rappel, rappeler, rappelez-moi, me rappeler, merci de me rappeler",
        "en": "call me, call me back, call back, callback, please call me, please call back",
        "ar": "اتصل بي, اتصلوا بي, أرجو الاتصال, معاودة الاتصال, كلموني",
        "pt": "ligue-me, liguem-me, liga-me, me ligue, me liguem, telefone-me, telefonem-me",
        "tr": "beni ara, beni arayın, beni arayınız, geri arayın, geri ara, arayın",
        "uk": (
            "передзвоніть, передзвони, передзвоніть мені, зателефонуйте, зателефонуйте мені,"
            " подзвоніть мені, наберіть мене"
        ),
    },
}

ALONE: Final[Words] = {
    # These mean it only when nothing follows but a greeting.
    "yes": {"ar": "أجل"},
    "stop": {
        "fr": "arrêt, arrêter, arrêtez, arrêt sms, fin",
        "en": "end, quit, optout, opt out, revoke",
        "ar": "توقف, إيقاف, قف, إلغاء الاشتراك",
        "pt": "parar, parem, sair",
        "tr": "durdur, durdurun",
        "uk": "зупинити, припинити, припиніть, відписатися",
    },
    "start": {
        "fr": "start, unstop, reprendre, reprise",
        "ar": "استئناف, بدء",
        "pt": "começar, iniciar, recomeçar, retomar",
        "tr": "başla, başlat",
        "uk": "старт, почати, відновити",
    },
    "help": {
        "fr": "help, aide, info, infos",
        "ar": "مساعدة",
        "pt": "ajuda",
        "tr": "yardım",
        "uk": "допомога, довідка",
    },
    "call_back": {
        "fr": "rappelez",
        "ar": "اتصال",
        "pt": "ligar, ligue, liguem, telefonar",
        "tr": "ara, arama",
    },
}

GREETINGS: Final[Mapping[str, str]] = {
    # Single words: passed over before an answer, and after one that must stand alone.
    "fr": (
        "bonjour, bonsoir, salut, coucou, bjr, bsr, slt, madame, monsieur, mme, mr, docteur, dr,"
        " merci, svp, stp, cordialement"
    ),
    "en": "hello, hi, good, morning, evening, please, thanks, thank, you, sir, madam, doctor",
    "ar": "السلام, عليكم, مرحبا, أهلا, صباح, مساء, الخير, شكرا, فضلك, من, لو, سمحت, سمحتم, دكتور",
    "pt": "olá, oi, bom, boa, dia, tarde, noite, obrigado, obrigada, por, favor, doutor, doutora",
    "tr": "merhaba, selam, iyi, günler, akşamlar, lütfen, teşekkürler, teşekkür, ederim, doktor",
    "uk": "вітаю, добрий, доброго, день, дня, вечір, дякую, будь, ласка, лікарю, привіт",
}

TURNED_ROUND: Final[Words] = {
    # What, after an answer, turns it round: « oui mais j’annule ». Regular expressions of words.
    "yes": {
        "fr": (
            r"^pas(?! de )|non|no|annul\w*|cancel|(?:ne|n) \w+(?: \w+)? pas"
            r"|(?:peux|pourrai|viens|viendrai|vais|serai)(?: \w+)? pas|impossible"
        ),
        "en": r"not|cannot|can t|cant|won t|wont|don t|dont|unable|cancel\w*",
        "ar": r"لا|لن|لم|ليس|لست|الغ\w*",
        "pt": r"nao|cancel\w*|anular|desmarc\w*",
        "tr": r"hayir|iptal|degil|yok|olmaz|gele?me\w*|gelmi\w*",
        "uk": r"ні|не|скас\w*|відмін\w*",
    },
    "no": {
        "fr": r"oui|ok|annul\w*",
        "en": r"yes|cancel\w*",
        "ar": r"نعم|موافق|[تن]?لغ\w*|الغ\w*",
        "pt": r"sim|anul\w*|desmarc\w*",
        "tr": r"evet|tamam|iptal",
        "uk": r"так|скас\w*|відмін\w*",
    },
    "cancel": {
        "fr": r"non|pas|oui|ok|si",
        "en": r"no|not|don t|dont|yes|if|unless",
        "ar": r"لا|لم|نعم|اذا",
        "pt": r"nao|sim|se (?:for|houver|tiver|der)",
        "tr": r"hayir|evet|degil|etme(?:y\w*|d\w*)?|olmasin|istemi\w*",
        "uk": r"ні|не|так|якщо",
    },
}

OUT_OF_TEN: Final = (
    # What may stand between a mark and its « 10 », in each language.
    "sur, out of, of, on, من, من أصل, de, em, üzerinden, із, з, зі"
)
MARK_NAMES: Final = (
    "note, ma note, je donne, je mets, score, mark, my mark, درجة, nota, puan, оцінка"
)
"""What may stand before a mark."""
