"""A passkey provider of our own: what a telephone and its browser answer, with real signatures."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, MAY_SYNC, SYNCED, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40
"""The flags of authenticator data (WebAuthn level 3, §6.1)."""
EC2, ES256, P256 = 2, -7, 1
"""COSE's names (RFC 9053)."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey in one device. What a test changes of it is what an attacker changes."""

    origin: str
    counts: bool = False
    """Whether it counts its uses, as security keys do and telephones do not."""
    flags: int = PRESENT | VERIFIED | MAY_SYNC | SYNCED
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: bytes = b""
    domain: str = ""
    """What it was made for; taken from the options, as browsers do."""
    count: int = 0

    def create(self, options: Mapping[str, Any], **lies: Any) -> str:
        """As `navigator.credentials.create`, in the form in which our script posts it."""
        self.domain, self.user_handle = options["rp"]["id"], unb64(options["user"]["id"])
        known = {unb64(each["id"]) for each in options["excludeCredentials"]}
        if self.credential_id in known:
            raise ValueError("InvalidStateError")
        numbers = self.key.public_key().public_numbers()
        public = {
            1: EC2,
            3: ES256,
            -1: P256,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(HAS_KEY, lies) + attested + cbor2.dumps(public)
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, lies)
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(statement)})

    def get(self, options: Mapping[str, Any], **lies: Any) -> str:
        """As `navigator.credentials.get`."""
        allowed = {unb64(each["id"]) for each in options["allowCredentials"]}
        if allowed and self.credential_id not in allowed and not lies.get("anyway"):
            raise ValueError("NotAllowedError")
        self.count += self.counts
        client, data = self._client("webauthn.get", options, lies), self._data(0, lies)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(lies.get("signature", signature)),
                "userHandle": b64(lies.get("user_handle", self.user_handle)),
            }
        )

    def _client(self, kind: str, options: Mapping[str, Any], lies: Mapping[str, Any]) -> bytes:
        said = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", options["challenge"]),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, more: int, lies: Mapping[str, Any]) -> bytes:
        domain = lies.get("domain", self.domain)
        flags = lies.get("flags", self.flags) | more
        count = lies.get("count", self.count)
        digest = hashlib.sha256(domain.encode()).digest()
        return digest + bytes([flags]) + int(count).to_bytes(4, "big")

    def _answer(self, response: Mapping[str, str]) -> str:
        named = b64(self.credential_id)
        return json.dumps(
            {"id": named, "rawId": named, "type": "public-key", "response": dict(response)}
        )
