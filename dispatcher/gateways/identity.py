"""Asking Pro Santé Connect who somebody is (OpenID Connect, authorization code with PKCE).

What comes back is believed when the provider signed it, for us, for this browser's question, now,
and says that the person was identified with two factors (`acr` eidas1). joserfc checks signatures.
"""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import IO, Any, Protocol
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.logging import get_logger
from config.settings import ProSanteConnect

log = get_logger(__name__)

TIMEOUT = 5.0
"""Seconds for each answer; four are asked for one sign-in."""
MOST_BYTES = 1 << 20
LEEWAY = 30
"""Seconds that two machines' clocks may differ."""
OLDEST = 600
"""Seconds since an identity was told; it is told at the end of the sign-in it is asked for."""
SCOPE = "openid scope_all"
STRONG = frozenset({"eidas1", "eidas2", "eidas3"})
"""Each is two factors at least; eidas1 is what we ask for."""
ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Never `none`, and none with a shared secret."""
RANDOM_BYTES = 32
WELL_KNOWN = "/.well-known/"


class IdentityRefusedError(Exception):
    """What came back proves nobody's identity; the message names the reason, never a person."""


class IdentityUnavailableError(Exception):
    """The provider cannot be asked at this moment."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one browser was sent away with; it is kept for the way back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Question":
        """Three random numbers."""
        return cls(*(secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3)))


class IdentityProvider(Protocol):
    """Whoever knows professionals."""

    def address(self, question: Question, back_to: str) -> str:
        """Where the browser is sent. Raises IdentityUnavailableError."""
        ...

    def national_id(
        self, question: Question, back_to: str, answer: Mapping[str, str], now: datetime
    ) -> str:
        """The national number of whoever came back with `answer` in the address.

        Raises IdentityRefusedError, IdentityUnavailableError.
        """
        ...

    def sign_out_address(self, back_to: str) -> str:
        """Where one signs out there as well. Raises IdentityUnavailableError."""
        ...


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What carries our secret goes where it was sent, and nowhere else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        del req, fp, code, msg, headers, newurl


class OpenIdConnect:
    """Pro Santé Connect, as its discovery document describes it."""

    def __init__(self, settings: ProSanteConnect) -> None:
        self._settings = settings
        self._issuer = settings.discovery_url.partition(WELL_KNOWN)[0]
        self._opener = urllib.request.build_opener(_NoRedirects)

    def address(self, question: Question, back_to: str) -> str:
        """Where the browser is sent. Raises IdentityUnavailableError."""
        digest = hashlib.sha256(question.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back_to,
            "scope": SCOPE,
            "acr_values": "eidas1",
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._described()['authorization_endpoint']}?{urlencode(asked)}"

    def national_id(
        self, question: Question, back_to: str, answer: Mapping[str, str], now: datetime
    ) -> str:
        """The national number of whoever came back.

        Raises IdentityRefusedError, IdentityUnavailableError.
        """
        described = self._described()
        if not secrets.compare_digest(answer.get("state", "").encode(), question.state.encode()):
            raise IdentityRefusedError("state")
        if answer.get("iss", self._issuer) != self._issuer:  # RFC 9207
            raise IdentityRefusedError("another provider answered")
        if "error" in answer or not answer.get("code"):
            raise IdentityRefusedError("no code")
        told = self._exchange(described, question, back_to, answer["code"])
        claims = self._verified(described, question, str(told.get("id_token", "")), now)
        token = str(told.get("access_token", ""))
        person = self._json(described["userinfo_endpoint"], {"Authorization": f"Bearer {token}"})
        if person.get("sub") != claims["sub"]:
            raise IdentityRefusedError("sub")
        found = person.get("SubjectNameID") or person.get("preferred_username")
        if not isinstance(found, str) or not found.strip():
            raise IdentityRefusedError("no national number")
        return found.strip()

    def sign_out_address(self, back_to: str) -> str:
        """Where one signs out there as well; no token of theirs is kept for it."""
        asked = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back_to}
        return f"{self._described()['end_session_endpoint']}?{urlencode(asked)}"

    def _described(self) -> dict[str, str]:
        described = self._json(self._settings.discovery_url)
        needed = (
            "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
            "end_session_endpoint",
        )  # fmt: skip
        found = {name: str(described.get(name, "")) for name in needed}
        scheme = urlsplit(self._settings.discovery_url).scheme
        if found["issuer"] != self._issuer or any(
            urlsplit(address).scheme not in {"https", scheme} for address in found.values()
        ):
            raise IdentityUnavailableError("its description is not its own")
        return found

    def _exchange(
        self, described: Mapping[str, str], question: Question, back_to: str, code: str
    ) -> dict[str, Any]:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": question.verifier,
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        return self._json(described["token_endpoint"], sent=urlencode(sent).encode())

    def _verified(
        self, described: Mapping[str, str], question: Question, token: str, now: datetime
    ) -> dict[str, Any]:
        keys, moment = self._json(described["jwks_uri"]), int(now.timestamp())
        rules = jwt.JWTClaimsRegistry(
            now=moment,
            leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": question.nonce},
            acr={"essential": True, "values": sorted(STRONG)},
        )
        try:
            claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]  # their JSON, checked there
            rules.validate(claims)
            is_old = claims["iat"] < moment - OLDEST
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise IdentityRefusedError(type(error).__name__) from error
        audience = claims["aud"]
        is_shared = isinstance(audience, list) and len(audience) > 1
        authorised = claims.get("azp", None if is_shared else self._settings.client_id)
        if is_old or authorised != self._settings.client_id:
            raise IdentityRefusedError("old, or for another")
        return dict(claims)

    def _json(
        self, url: str, headers: Mapping[str, str] | None = None, sent: bytes | None = None
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the operator's address, and what it names
            url, data=sent, headers={"Accept": "application/json", **(headers or {})}
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                body = answer.read(MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                log.warning("identity_provider_refused", status=error.code)
            if 400 <= error.code < 500:  # noqa: PLR2004 - HTTP's refusals
                raise IdentityRefusedError(str(error.code)) from error
            raise IdentityUnavailableError(str(error.code)) from error
        except (OSError, ValueError) as error:
            log.warning("identity_provider_away", error=type(error).__name__)
            raise IdentityUnavailableError(type(error).__name__) from error
        try:
            found = json.loads(body)
        except ValueError as error:
            raise IdentityUnavailableError("no JSON") from error
        if not isinstance(found, dict):
            raise IdentityUnavailableError("no object")
        return found
