"""What a password that somebody chooses has to be: long, and not what is tried first.

No rules of composition (OWASP ASVS 5, 6.2.5): a long sentence without a digit is a good password.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable

from zxcvbn import zxcvbn

from dispatcher.domain.calendar import NBSP

SHORTEST = 12
LONGEST = 200
ENOUGH_GUESSES = 10**9
"""Fewer, by zxcvbn's reckoning, and it is one of those that are tried first."""
LOOKED_AT = 72
"""So many signs are looked at: the work grows with the square, and longer ones are strong by it."""
TOO_SHORT = f"Choisissez au moins {SHORTEST}{NBSP}caractères, par exemple quatre mots sans rapport."
TOO_COMMON = (
    "Ce mot de passe est de ceux qu’on essaie en premier (mot courant, suite de touches, nom ou"
    f" identifiant). Choisissez autre chose{NBSP}: quatre mots sans rapport conviennent bien."
)
# zxcvbn knows 30,000 passwords of the world and English words; this is what is tried in France,
# and among ourselves.
_TRIED_HERE = (
    *("motdepasse", "mot", "passe", "azerty", "azertyuiop", "qsdfghjklm", "wxcvbn", "azertyui"),
    *("bonjour", "bienvenue", "soleil", "doudou", "loulou", "chouchou", "jetaime", "coucou"),
    *("france", "paris", "marseille", "lyon", "jura", "reunion", "vacances", "secret", "admin"),
    *("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre"),
    *("octobre", "novembre", "decembre", "printemps", "ete", "automne", "hiver"),
    *("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    *("cpts", "snp", "relais", "soins", "sante", "medecin", "medecine", "docteur", "infirmier"),
    *("infirmiere", "pharmacie", "pharmacien", "cabinet", "secretariat", "secretaire", "patient"),
    *("regulation", "regulateur", "coordination", "coordinateur", "coordinatrice", "urgence"),
    *("administration", "administrateur", "creneau", "maison", "territoire", "demonstration"),
)
_WORD = re.compile(r"[^\W_]+")
_SHORTEST_WORD = 3
_ONE_AT_A_TIME = threading.Lock()
"""zxcvbn keeps the words that it was given in a place that all threads share."""


def fault_of_password(password: str, about: Iterable[str] = ()) -> str | None:
    """The sentence that stands against a password, None if it may be chosen.

    `about` are texts that say who chooses it (name, login, territory): their words are guessed at
    once.
    """
    if len(password) < SHORTEST:
        return TOO_SHORT
    own = {word for text in about for word in _words(text)}
    with _ONE_AT_A_TIME:
        reckoned = zxcvbn(password[:LOOKED_AT], user_inputs=[*sorted(own), *_TRIED_HERE])
    return TOO_COMMON if reckoned["guesses"] < ENOUGH_GUESSES else None


def _words(text: str) -> set[str]:
    """« Anne Régule » as it stands and as it may be typed."""
    plain = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", text.lower())
        if not unicodedata.combining(sign)
    )
    return {
        word
        for written in (text.lower(), plain)
        for word in (*_WORD.findall(written), "".join(_WORD.findall(written)))
        if len(word) >= _SHORTEST_WORD
    }
