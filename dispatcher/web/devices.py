"""Browsers in which somebody has signed in before: their tries are counted apart.

Refused tries are limited by login, and an attacker could so keep its owner out. Whoever has signed
in from a browser is known there by a cookie and has a count of their own (OWASP, device cookies).
The cookie opens nothing.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from dispatcher.web.access import cookie_name, house

COOKIE = "snp-device"
KNOWN_FOR = timedelta(days=365)
MOST_LOGINS = 20
"""A desk is shared by a team; the login that was used longest ago is forgotten first."""
ID_BYTES = 16


def digest_of(login: str) -> str:
    """The login as a digest: it may be somebody's mail address, and Redis need not know it."""
    return hashlib.sha256(login.strip().lower().encode(errors="replace")).hexdigest()


def known_as(login: str) -> str:
    """The id of this browser if `login` has signed in here before, else nothing."""
    known = _known()
    return str(known["id"]) if digest_of(login) in known["logins"] else ""


def remember(login: str) -> None:
    """From now on this browser is one in which `login` has signed in."""
    known, digest = _known(), digest_of(login)
    logins = [digest, *(each for each in known["logins"] if each != digest)][:MOST_LOGINS]
    value = _serializer().dumps({"id": known["id"], "logins": logins})

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(),
            value,
            max_age=KNOWN_FOR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _known() -> dict[str, Any]:
    try:
        found: dict[str, Any] = _serializer().loads(
            request.cookies.get(_cookie(), ""), max_age=int(KNOWN_FOR.total_seconds())
        )
    except BadSignature:
        return {"id": secrets.token_hex(ID_BYTES), "logins": []}
    return found


def _cookie() -> str:
    return cookie_name(house().settings, COOKIE)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="device")
