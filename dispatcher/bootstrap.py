"""The one composition root: settings in, a house out. Opens no connection by itself."""

import functools
import importlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from config.catalogue import Catalogue
from config.communes import Communes
from config.email_texts import load as load_email_texts
from config.logging import remembered
from config.settings import Settings
from config.sms_texts import load as load_texts
from dispatcher.gateways.agendas import AgendaSource, HttpAgendas
from dispatcher.gateways.demo_mailbox import DemonstrationMailbox
from dispatcher.gateways.demo_phone import DemonstrationTelephone
from dispatcher.gateways.email import EmailGateway, SmtpEmail
from dispatcher.gateways.identity import OpenIdConnect
from dispatcher.gateways.routing import OsrmRouting
from dispatcher.gateways.sms import SmsGateway
from dispatcher.services.house import Bell, House
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.unit import Database, Ring

GATEWAYS = "dispatcher.gateways"
CORRELATION = "request_id"
"""Under this key the logs carry a web request's id, and a promise carries it on."""
DEMONSTRATION_PHONE_FILE = "telephone.sqlite3"
DEMONSTRATION_MAILBOX_FILE = "courrier.sqlite3"


class SilentBell:
    """No bell: the relay finds every promise within its interval. For the command line."""

    def ring(self, rings: Sequence[Ring]) -> None:
        """Do nothing."""

    def answers(self) -> bool:
        """There is nothing that could answer."""
        return False

    def depths(self) -> dict[str, int]:
        """No queue is seen from here."""
        return {}


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


# What is read from the package and never changes is read once, however many houses a process has.
_communes = functools.cache(Communes.load)
_catalogue = functools.cache(Catalogue.load)
_texts = functools.cache(load_texts)
_email_texts = functools.cache(load_email_texts)


def build(
    settings: Settings,
    *,
    bell: Bell | None = None,
    sms: SmsGateway | None = None,
    agendas: AgendaSource | None = None,
    email: EmailGateway | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> House:
    """Put the house together; tests give their own bell, gateways and clock."""
    chosen_bell = bell or SilentBell()
    telephone = mailbox = None
    if (directory := settings.demonstration_directory) is not None:
        telephone = DemonstrationTelephone(directory / DEMONSTRATION_PHONE_FILE)
        mailbox = DemonstrationMailbox(directory / DEMONSTRATION_MAILBOX_FILE)
    return House(
        settings=settings,
        db=Database(
            settings.database_url,
            Cipher(settings.data_keys),
            clock,
            chosen_bell.ring,
            lambda: remembered(CORRELATION),
        ),
        bell=chosen_bell,
        sms=sms or _gateway(settings, telephone),
        telephone=telephone,
        mailbox=mailbox,
        ear=_provider(settings.sms_provider).listen(settings) if settings.sms_provider else None,
        clock=clock,
        communes=_communes(),
        catalogue=_catalogue(),
        texts=_texts(),
        email_texts=_email_texts(),
        agendas=agendas or HttpAgendas(),
        email=email or (SmtpEmail(settings.smtp) if settings.smtp else mailbox),
        routing=OsrmRouting(settings.routing_url) if settings.routing_url else None,
        identity=OpenIdConnect(settings.pro_sante_connect) if settings.pro_sante_connect else None,
    )


def _gateway(settings: Settings, telephone: DemonstrationTelephone | None) -> SmsGateway:
    """The provider that the settings name, else the demonstration telephone."""
    if settings.sms_provider is not None:
        gateway: SmsGateway = _provider(settings.sms_provider).connect(settings)
        return gateway
    if telephone is None:
        raise ValueError("without a provider's variables there is no way to send an SMS")
    return telephone


def _provider(name: str) -> Any:  # noqa: ANN401 - a module with `connect` and `listen`
    """A module of `dispatcher.gateways`, loaded when it is used.

    Twilio's takes half a second and 30 MB, which a demonstration need not spend.
    """
    return importlib.import_module(f"{GATEWAYS}.{name}")
