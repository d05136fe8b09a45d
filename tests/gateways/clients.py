"""Our real client, as the tests of this folder build it, and what they send with it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dispatcher.gateways.sms import OutgoingSms
from dispatcher.gateways.twilio import TwilioSms
from tests.fakes import twilio_emulator as emulated

PATIENT = "+33639980012"
TEXT = "CPTS Démo Jura : rendez-vous mardi 24 novembre à 14 h 30.\nSi aggravation, appelez le 15."


def client_of(
    base_url: str,
    *,
    auth_token: str = emulated.AUTH_TOKEN,
    public_base_url: str = "https://snp.example.org/",
    read_timeout: float = 5.0,
) -> TwilioSms:
    return TwilioSms(
        account_sid=emulated.ACCOUNT_SID,
        auth_token=auth_token,
        messaging_service_sid=emulated.MESSAGING_SERVICE_SID,
        public_base_url=public_base_url,
        api_base_url=base_url,
        read_timeout=read_timeout,
    )


def an_sms(to: str = PATIENT, body: str = TEXT, validity: int | None = None) -> OutgoingSms:
    return OutgoingSms(uuid4(), to, body, "demo-jura", validity)


@contextmanager
def a_server_of_doubtful_identity(folder: Path) -> Iterator[str]:
    """A TLS server whose certificate nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "key.pem")

    def shake_hands(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            context.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=shake_hands, args=(listening,))
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def a_moment_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)
