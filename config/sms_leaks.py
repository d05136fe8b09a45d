"""What no SMS may say: words that tell of somebody's health, a profession, or a place of care.

One definition for the texts of the house and for those that a territory writes. It is a net with a
fine mesh, not a proof: it stops the words that give a reason for care away, in each language that
patients are written to in, and would rather refuse one too many (« cabinet » is a piece of
furniture as well). The patterns are written in plain form: lower case, no accents. To those of
French come the words of the catalogue's own labels, whatever is added to it.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what this file is about

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from config.catalogue import Catalogue

_WORDS: Final[Mapping[str, str]] = {
    "fr": (
        r"medecin|medic|docteur|\bdr\b|infirmi|\bkine|dentist|dentaire|sages? femmes?|sages?-femme"
        r"|pharmac|orthop|podolog|\bpsy|addict|ordonnance|consultation|\bsoin|\bsante|malad|douleur"
        r"|fievre|urgence vitale|diagnosti|traitement|sympto|\bmotif|vaccin|grossesse|enceinte"
        r"|cabinet|clinique|hopita|hospital|\bpatient|chirurg|gyneco|dermato|cardio|ophtalmo"
        r"|pediatr|radiolog|therap|blessure|infection|cancer|\bvih\b|\bivg\b|avortement|depress"
    ),
    "en": (
        r"doctor|\bdr\b|\bgp\b|\bnurs(?:e|es|ing)\b|\bdent(?:ist|al)|midwi|pharmac|physio|surge"
        r"|clinic|hospital|\bpatient|health|medic|\bill(?:ness)?\b|\bsick|disease|\bpains?\b|fever"
        r"|symptom|diagnos|treatment|prescri|vaccin|pregnan|therap|consult|\bpsych|addict|cancer"
        r"|infection|injur|\bcare\b|check-?up|\bhiv\b|abortion|depress"
    ),
    "ar": (
        r"طبيب|اطباء|طبي(?!ع)|\bالطب\b|دكتور|ممرض|تمريض|اسنان|صيدل|قابلة|مستشف|عياد|مريض|\bمرض"
        r"|\bالمرض|صحة|صحي(?!ح)|صحت|علاج|\b(?:ال)?الم\b|\bحمى\b|\bالحمى|\bاعراض|\bالاعراض|تشخيص"
        r"|وصفة|لقاح|تلقيح|حامل\b|نفسي|\b(?:ال)?جراح|استشار|فحص|دواء|ادوية|سرطان|اجهاض"
    ),
    "pt": (
        r"medic[oai]|doutor|\bdra?\b|enferm|dentist|dentari|parteir|farmac|fisioter|clinic|hospital"
        r"|consult|\bsaude|doenca|doente|\bdor(?:es)?\b|\bfebre|sintoma|diagnost|tratamento|receita"
        r"|vacina|gravid|terap|\bpsi[cq]|utente|paciente|cirurg|cancro|infecc|\bvih\b|aborto"
        r"|depress|\bexames?\b"
    ),
    "tr": (
        r"doktor|hekim|hemsire|\bdisci|\bebe(?:ye|niz)?\b|eczane|eczac|fizyoter|klini[kg]|hastane"
        r"|\bhasta|\bsaglik|muayene|tedavi|\bteshis|\bagri|\bates(?:i|iniz)?\b|semptom|recete"
        r"|\basi(?:si|niz)?\b|\bgebe|hamile|psikolo|psikiyat|\bilac|ameliyat|cerrah|kanser"
        r"|enfeksiyon|kurtaj"
    ),
    "uk": (
        r"лікар|медсестр|медик|медич|медиц|стоматолог|дантист|зубн|акушер|аптек|фармац|фізіотер"
        r"|клінік|госпітал|пацієнт|здоров|\bхвор|\bбіль\b|болить|температур|симптом|діагно|лікува"
        r"|рецепт|щеплен|вакцин|вагітн|терап|психол|психіатр|хірург|операці|онколог|інфекц|травм"
        r"|консультац|\bаборт|ліки\b"
    ),
}
_ALIKE: Final = str.maketrans({"ı": "i", "œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ł": "l"})
"""Letters that no decomposition makes plain."""


_AROUND: Final = " .,;:!?()«»\"'’-–…،؟"


def _without_marks(text: str) -> str:
    """Without accents, vowel points and invisible characters."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) not in {"Mn", "Cf"})


_ORDINARY: Final = frozenset(
    {"adolescent", "apres", "autre", "cassee", "deplacee", "enfant", "femme", "generale", "mal"}
    | {"pied", "prise", "qualifie", "rouge", "sage", "simple", "suites", "suivi", "superficielle"}
    | {"trouble", "une", "urgence", "urgent", "urgente"}
)
"""Words of the labels that say nothing by themselves; none of them stands alone in a label."""
_SHORTEST_WORD: Final = 3
_SHORTEST_ELSEWHERE: Final = 5
"""Letters: « dos » is Portuguese for « of the », a longer word is French in every language."""


@functools.cache
def _labels(language: str) -> re.Pattern[str]:
    """The words of all motives, professions and specialities, in singular and plural."""
    shortest = _SHORTEST_WORD if language == "fr" else _SHORTEST_ELSEWHERE
    words = {word for word in _words_of_labels() if len(word) >= shortest} - _ORDINARY
    stems = sorted(re.sub(r"(?<=\w{4})s$", "", word) for word in words)
    return re.compile(rf"\b(?:{'|'.join(stems)})(?:e?s)?\b")


def _words_of_labels() -> Iterator[str]:
    catalogue = Catalogue.load()
    for entry in chain(
        catalogue.professions.values(),
        catalogue.specialties.values(),
        catalogue.motives.values(),
        catalogue.motive_groups.values(),
    ):
        yield from re.findall(r"\w+", _plain(entry.label))


_PATTERNS: Final = {
    language: re.compile(_without_marks(words)) for language, words in _WORDS.items()
}


def about_health(text: str, language: str) -> str | None:
    """The word of the text that says something about health, as it is written; None without one.

    French is looked for in every language: it is what a hurried coordinator falls back to. Raises
    KeyError for a language that has no pattern.
    """
    plain = _plain(text)
    for pattern in (_PATTERNS[language], _PATTERNS["fr"], _labels(language)):
        found = pattern.search(plain)
        if found is not None:
            whole = _whole(plain, found)
            return next((word for word in text.split() if whole in _plain(word)), whole).strip(
                _AROUND
            )
    return None


def _plain(text: str) -> str:
    """Lower case, without marks; one kind of space."""
    return " ".join(_without_marks(text).casefold().translate(_ALIKE).split())


def _whole(text: str, found: re.Match[str]) -> str:
    """The whole word around what was found."""
    start, end = found.span()
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end]


_STREET = re.compile(
    r"(\d+\s*(bis|ter|quater|[a-d])?,?\s+)?"
    r"(rue|avenue|av|boulevard|bd|bld|place|pl|chemin|che|impasse|imp|allees?|route|rte|quai|square"
    r"|cours|passage|faubourg|fg|montee|sentier|ruelle|rond-point|esplanade|promenade|voie|lieu-dit"
    r"|lotissement|residence|hameau|zone|za|zac|zi)\b"
)


def discreet_address(line: str) -> str:
    """What of an address's first line an SMS may say: no name of a place that says « health ».

    « Centre d’addictologie, 3 rue X » leaves « 3 rue X ». The name of a street is a name and stays,
    « rue du Docteur-Martin » too; empty where nothing is left.
    """
    parts = [part.strip() for part in line.split(",") if part.strip()]
    kept = [part for part in parts if _STREET.match(_plain(part)) or not about_health(part, "fr")]
    return ", ".join(kept)
