"""A provider of OpenID Connect on this machine: real keys, real redirections, told how to lie."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "relais-snp", "secret-de-l-essai"


class IdentityServer:
    """`with IdentityServer(clock) as server:`; `claims`, `person` and `header` are what it tells.

    What a test puts there replaces the truth; None takes a claim away.
    """

    def __init__(self, clock: Any) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
        self.stranger = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
        self.clock = clock
        self.claims: dict[str, Any] = {}
        self.person: dict[str, Any] = {"SubjectNameID": "810000000001"}
        self.signing: Any = self.key
        self.algorithm = "RS256"
        self.status = 200
        self.described: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                split = urlsplit(self.path)
                asked = {name: each[0] for name, each in parse_qs(split.query).items()}
                if split.path == "/realm/auth":
                    self.send_response(302)
                    self.send_header("Location", outer.sent_back(asked))
                    self.end_headers()
                    return
                self._told(outer.answered(split.path, self.headers.get("Authorization", "")))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._told(outer.exchanged({k: v[0] for k, v in parse_qs(body).items()}))

            def _told(self, answer: dict[str, Any] | None) -> None:
                body = json.dumps(answer).encode()
                self.send_response(outer.status if answer is not None else 400)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/realm"

    @property
    def discovery_url(self) -> str:
        return f"{self.issuer}/.well-known/wallet-openid-configuration"

    def sent_back(self, asked: dict[str, str]) -> str:
        """The person says yes on their telephone."""
        assert asked["response_type"] == "code"
        assert asked["scope"] == "openid scope_all"
        assert (asked["acr_values"], asked["code_challenge_method"]) == ("eidas1", "S256")
        assert asked["client_id"] == CLIENT_ID
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        told = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(told)}"

    def exchanged(self, sent: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code, once, for whoever asked for it."""
        asked = self.codes.pop(sent["code"], None)
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = encoded(digest)
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != sent["redirect_uri"]
            or (sent["client_id"], sent["client_secret"]) != (CLIENT_ID, CLIENT_SECRET)
        ):
            return None
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "f:somebody",
            "iat": now,
            "exp": now + 120,
            "nonce": asked["nonce"],
            "acr": "eidas1",
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "k1"}
        if self.algorithm == "none":
            token = unsigned(claims)
        elif self.algorithm == "HS256":
            token = signed_by_public_key(claims, self.key)
        else:
            token = jwt.encode(header, claims, self.signing, algorithms=[self.algorithm])
        return {"access_token": "at", "token_type": "Bearer", "id_token": token}

    def answered(self, path: str, authorization: str) -> dict[str, Any] | None:
        if path.endswith("wallet-openid-configuration"):
            names = {
                "authorization_endpoint": "auth",
                "token_endpoint": "token",
                "userinfo_endpoint": "userinfo",
                "jwks_uri": "certs",
                "end_session_endpoint": "logout",
            }
            addresses = {name: f"{self.issuer}/{last}" for name, last in names.items()}
            return {"issuer": self.issuer} | addresses | self.described
        if path.endswith("certs"):
            keys: dict[str, Any] = dict(KeySet([self.key]).as_dict(private=False))
            return keys
        return {"sub": "f:somebody"} | self.person if authorization == "Bearer at" else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    """A token with `alg: none`, which proves nothing; or what another name of it would sign."""
    parts = ({"alg": algorithm, "typ": "JWT", "kid": "k1"}, claims)
    return ".".join(encoded(json.dumps(part).encode()) for part in parts) + "."


def signed_by_public_key(claims: dict[str, Any], key: RSAKey) -> str:
    """The public key taken for a shared secret, as in a well-known confusion."""
    token = unsigned(claims, "HS256")
    told = token.removesuffix(".").encode()
    return token + encoded(hmac.digest(key.as_pem(private=False), told, "sha256"))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
