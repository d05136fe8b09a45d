"""Random numbers that a browser answers with a passkey: bound to it by its signed cookie.

That each is answered once is held in the database: a cookie can be copied.
"""

import base64
import secrets
from typing import Any

from flask import session

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.passkeys import VALID_FOR, Site, site_of
from dispatcher.domain.roles import Account
from dispatcher.services.passkeys import PasskeyRefusedError, check_passkey, options_to_prove
from dispatcher.web.access import house

ISSUER = "Relais SNP"
"""What applications and passkeys call us."""
HELD = "challenge"
SIZE = 32
"""Bytes; the specification asks for 16 at least."""
TO_ADD, TO_SIGN_IN, TO_PROVE = "add", "sign-in", "prove"


def possible() -> bool:
    """Whether browsers allow passkeys at our address."""
    return _site() is not None


def site() -> Site:
    """For whom passkeys are made. Raises NotFoundError where there can be none."""
    found = _site()
    if found is None:
        raise NotFoundError
    return found


def begin(purpose: str) -> bytes:
    """A new challenge for this browser; the one before is forgotten."""
    challenge = secrets.token_bytes(SIZE)
    session[HELD] = {
        "for": purpose,
        "is": base64.b64encode(challenge).decode(),
        "at": int(house().clock().timestamp()),
    }
    return challenge


def taken(purpose: str) -> bytes:
    """The challenge that this browser was given for a purpose, a short time ago.

    Raises PasskeyRefusedError.
    """
    held = session.pop(HELD, None)
    if held is None or held["for"] != purpose:
        raise PasskeyRefusedError
    if house().clock().timestamp() - held["at"] > VALID_FOR.total_seconds():
        raise PasskeyRefusedError
    return base64.b64decode(held["is"])


def asked(purpose: str, account: Account | None) -> dict[str, Any]:
    """What the browser is told, to use a passkey of this account, or any of the site's."""
    return options_to_prove(house(), account, site(), begin(purpose))


def answered(purpose: str, account: Account | None, answer: str) -> Account:
    """Whose passkey answered. Raises PasskeyRefusedError."""
    return check_passkey(house(), account, site(), taken(purpose), answer)


def _site() -> Site | None:
    return site_of(house().settings.public_base_url, ISSUER)
