"""A small SMTP server over real sockets, that can be told what to answer."""

import base64
import contextlib
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "relais", "un secret de poste"


def certificate(folder: Path) -> Path:
    """A certificate of our own for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "smtp.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class SmtpServer:
    """`with SmtpServer() as server:`; `taken` holds what it answered for.

    `answers` replaces what it says to a command (« RCPT », « DATA » …, « . » for the end of the
    message); `hangs_up_at` ends the connection there instead, having taken a message at « . »;
    `silent_at` never answers until the test is over.
    """

    def __init__(self, pem: Path | None = None, *, implicit: bool = False) -> None:
        self.answers: Mapping[str, str] = {}
        self.hangs_up_at = self.silent_at = ""
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, str]] = []
        self.spoken: list[str] = []
        self.over = threading.Event()
        outer = self
        tls = None
        if pem is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(pem)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, ssl.SSLError):
                    _Conversation(outer, self.request, tls, implicit=implicit).hold()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Conversation:
    """One client."""

    def __init__(
        self, server: SmtpServer, sock: socket.socket, tls: ssl.SSLContext | None, *, implicit: bool
    ) -> None:
        self.server, self.tls, self.secure = server, tls, implicit
        self.sock = tls.wrap_socket(sock, server_side=True) if tls and implicit else sock
        self.file = self.sock.makefile("rwb")
        self.sender = self.recipient = ""

    def hold(self) -> None:
        try:
            self.talk()
        finally:
            self.file.close()
            self.sock.close()

    def talk(self) -> None:
        self.say("CONNECT", "220 poste.example")
        while line := self.file.readline():
            words = line.decode().strip()
            verb = words.partition(" ")[0].upper()
            self.server.spoken.append(verb)
            if not getattr(self, f"on_{verb.lower()}", self.unknown)(words):
                break

    def say(self, verb: str, usual: str) -> bool:
        """Answer; False where the connection ends. A refusal keeps it open."""
        if self.server.hangs_up_at == verb:
            return False
        if self.server.silent_at == verb:
            self.server.over.wait()
            return False
        text = self.server.answers.get(verb, usual)
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()
        return True

    def unknown(self, _: str) -> bool:
        return self.say("?", "502 what")

    def on_ehlo(self, _: str) -> bool:
        offers = ["250-poste.example"]
        if self.tls and not self.secure:
            offers.append("250-STARTTLS")
        return self.say("EHLO", "\r\n".join([*offers, "250 AUTH PLAIN"]))

    def on_starttls(self, _: str) -> bool:
        if not self.say("STARTTLS", "220 go on"):
            return False
        assert self.tls is not None
        self.file.close()
        self.sock = self.tls.wrap_socket(self.sock, server_side=True)
        self.file, self.secure = self.sock.makefile("rwb"), True
        return True

    def on_auth(self, words: str) -> bool:
        given = base64.b64decode(words.rsplit(maxsplit=1)[-1]).decode().split("\0")
        known = given[1:] == [USER, PASSWORD]
        return self.say("AUTH", "235 welcome" if known else "535 who")

    def on_mail(self, words: str) -> bool:
        self.sender = words.partition("<")[2].partition(">")[0]
        return self.say("MAIL", "250 ok")

    def on_rcpt(self, words: str) -> bool:
        self.recipient = words.partition("<")[2].partition(">")[0]
        return self.say("RCPT", "250 ok")

    def on_data(self, _: str) -> bool:
        if not self.say("DATA", "354 go on"):
            return False
        if self.server.answers.get("DATA", "3")[0] != "3":
            return True
        lines = []
        while (line := self.file.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.server.answers.get(".", "2")[0] == "2":
            read = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(read, EmailMessage)
            self.server.taken.append(read)
            self.server.envelopes.append((self.sender, self.recipient))
        return self.say(".", "250 taken")

    def on_rset(self, _: str) -> bool:
        return self.say("RSET", "250 ok")

    def on_quit(self, _: str) -> bool:
        self.say("QUIT", "221 bye")
        return False
