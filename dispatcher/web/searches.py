"""What a regulator looks for may be a patient's name or number: an address carries it sealed.

Addresses stand in the history of browsers and in the logs of proxies. A search is posted, and the
page that shows what it found has it in its address in a form that this house alone can open.
"""

import binascii

from cryptography.exceptions import InvalidTag

from dispatcher.web.access import house, viewer

FIELD = "recherche"
"""Its name in addresses and forms; what is typed goes by `q`."""
LONGEST = 80
_BOUND_TO = "searches.words"


def typed(words: str) -> str:
    """What was typed, no longer than anybody looks for."""
    return words.strip()[:LONGEST]


def sealed(words: str) -> str:
    """For an address; empty for nothing. Colleagues of the territory may open it as well."""
    if not words:
        return ""
    return house().db.cipher.seal(_BOUND_TO, viewer().territory_id, words)


def opened(token: str) -> str:
    """The words; empty for what another territory sealed, or a key that is gone, or nobody."""
    if not token:
        return ""
    try:
        return house().db.cipher.open(_BOUND_TO, viewer().territory_id, token)
    except (InvalidTag, KeyError, binascii.Error, ValueError):
        return ""
