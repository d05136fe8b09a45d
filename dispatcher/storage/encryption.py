"""Field encryption (AES-256-GCM, key id in the value) and keyed hashes for searching."""

import base64
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
DIGEST_BYTES = 16
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})


class Cipher:
    """Seals one field of one row; a sealed value moved to another row or field does not open.

    `keys` are (key id, 32 bytes); the first seals, all open.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        if not keys:
            raise ValueError("at least one data key is needed")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys}
        self._hash_keys = [hmac.digest(key, b"search", "sha256") for _, key in keys]
        self._active = keys[0][0]
        self.key_ids = tuple(key_id for key_id, _ in keys)
        """The first seals; `hashes` keeps their order."""

    def seal(self, field: str, row: UUID, text: str) -> str:
        """Encrypt `text` for `field` ("patients.phone") of row `row`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._active].encrypt(nonce, text.encode(), _bound(field, row))
        return f"{self._active}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, field: str, row: UUID, value: str) -> str:
        """Decrypt. Raises KeyError for an unknown key id, InvalidTag for a value not its own."""
        key_id, _, encoded = value.partition(":")
        raw = base64.b64decode(encoded)
        nonce, sealed = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        return self._ciphers[key_id].decrypt(nonce, sealed, _bound(field, row)).decode()

    def hash(self, text: str) -> str:
        """The keyed hash under which a value is stored for searching."""
        return _digest(self._hash_keys[0], text)

    def hashes(self, text: str) -> list[str]:
        """All hashes under which a value may be stored while keys are being rotated."""
        return [_digest(key, text) for key in self._hash_keys]


def identity(last_name: str, first_name: str, birth_date: date) -> str:
    """The normalised identity that is hashed: no accents, case, spaces or hyphens."""
    return f"{_plain(last_name)}|{_plain(first_name)}|{birth_date.isoformat()}"


def digest_token(token: str) -> str:
    """The stored form of a random token: enough entropy to need no key."""
    return hashlib.sha256(token.encode()).hexdigest()


def _plain(name: str) -> str:
    # Unicode does not take ligatures apart: Lætitia and Laetitia are one person.
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(_LIGATURES))
    return "".join(character for character in decomposed if character.isalnum())


def _bound(field: str, row: UUID) -> bytes:
    return f"{field}/{row}".encode()


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256")[:DIGEST_BYTES].hex()
