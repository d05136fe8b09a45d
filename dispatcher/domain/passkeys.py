"""Passkeys (WebAuthn): what a browser is asked for, and whether what it answers holds.

Each passkey does for both steps at once, and so each must verify its owner (fingerprint, face,
PIN) and be found without a name being typed. No statement of its maker is asked for: which
authenticators a CPTS buys is none of our business.
"""

import hashlib
import ipaddress
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cbor2 import CBORDecodeError
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

VALID_FOR = timedelta(minutes=5)
"""A challenge is answered within this time, or not at all."""
NAME_LENGTH = 60
LONGEST_CREDENTIAL_ID = 1023
"""Bytes, by the specification."""
LONGEST_ANSWER = 16_384
"""Signs of the JSON that a browser posts; a usual one has about a thousand."""
_MALFORMED = (WebAuthnException, CBORDecodeError, ValueError, TypeError, LookupError, OverflowError)
"""What the library raises on an answer that is none; nothing else may pass for a refusal."""


class UnusableAnswerError(ValueError):
    """What came back is not the answer of a passkey to this challenge."""


@dataclass(frozen=True, slots=True)
class Site:
    """For whom passkeys are made: a domain, and the one address that pages are shown under."""

    domain: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """What is kept of a passkey; ids and keys in base64url."""

    credential_id: str
    public_key: str
    sign_count: int
    synced: bool
    """Whether its maker copies it to the owner's other devices."""


@dataclass(frozen=True, slots=True)
class UsedPasskey:
    """What an answer says of the passkey that gave it."""

    sign_count: int
    synced: bool


def site_of(public_base_url: str, name: str) -> Site | None:
    """The site at an address; None where browsers allow no passkeys: by IP, or without TLS.

    (`localhost` is allowed without.)
    """
    address = urlsplit(public_base_url)
    domain = address.hostname or ""
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        is_safe = address.scheme == "https" or domain == "localhost"
        return Site(domain, f"{address.scheme}://{address.netloc}", name) if is_safe else None
    return None


def creation_options(
    site: Site, challenge: bytes, user_id: UUID, login: str, name: str, known: Collection[str]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is told; `known` are ids of passkeys there already."""
    options = generate_registration_options(
        rp_id=site.domain,
        rp_name=site.name,
        user_id=user_id.bytes,
        user_name=login,
        user_display_name=name,
        challenge=challenge,
        timeout=_milliseconds(VALID_FOR),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return _as_json(options_to_json(options))


def request_options(site: Site, challenge: bytes, known: Collection[str] = ()) -> dict[str, Any]:
    """What `navigator.credentials.get` is told; without `known` any passkey of the site will do."""
    options = generate_authentication_options(
        rp_id=site.domain,
        challenge=challenge,
        timeout=_milliseconds(VALID_FOR),
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options_to_json(options))


def made(site: Site, challenge: bytes, answer: str) -> MadePasskey:
    """The passkey that was made for a challenge. Raises UnusableAnswerError."""
    credential = _parsed(answer)
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise UnusableAnswerError(type(error).__name__) from error
    if len(verified.credential_id) > LONGEST_CREDENTIAL_ID:
        raise UnusableAnswerError("the id is too long")
    return MadePasskey(
        bytes_to_base64url(verified.credential_id),
        bytes_to_base64url(verified.credential_public_key),
        verified.sign_count,
        verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def used(
    site: Site, challenge: bytes, answer: str, user_id: UUID, public_key: str, sign_count: int
) -> UsedPasskey:
    """What the passkey of an account answered to a challenge.

    Raises UnusableAnswerError; also where it counts no further than last time: two hold it then.
    """
    credential = _parsed(answer)
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
        handle = credential["response"].get("userHandle")
        is_theirs = not handle or base64url_to_bytes(handle) == user_id.bytes
    except _MALFORMED as error:
        raise UnusableAnswerError(type(error).__name__) from error
    if not is_theirs:
        raise UnusableAnswerError("made for another account")
    return UsedPasskey(
        verified.new_sign_count,
        verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def credential_id_in(answer: str) -> str:
    """Which passkey an answer says it is of; empty if it does not say."""
    named = _parsed(answer).get("id")
    return named if isinstance(named, str) else ""


def digest_of(challenge: bytes) -> str:
    """Under this a challenge that has served is remembered."""
    return hashlib.sha256(challenge).hexdigest()


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise UnusableAnswerError("too long")
    try:
        credential = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise UnusableAnswerError("no JSON") from error
    if not isinstance(credential, dict):
        raise UnusableAnswerError("no object")
    return credential


def _descriptors(known: Collection[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]


def _as_json(text: str) -> dict[str, Any]:
    options: Mapping[str, Any] = json.loads(text)
    return dict(options)


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
