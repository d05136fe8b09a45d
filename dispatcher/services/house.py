"""What every service is given: the database, the outside, the clock and the data of the field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config.catalogue import Catalogue
from config.communes import Communes
from config.email_texts import EmailTexts
from config.settings import Settings
from config.sms_texts import Texts
from dispatcher.gateways.agendas import AgendaSource
from dispatcher.gateways.demo_mailbox import DemonstrationMailbox
from dispatcher.gateways.demo_phone import DemonstrationTelephone
from dispatcher.gateways.email import EmailGateway
from dispatcher.gateways.identity import IdentityProvider
from dispatcher.gateways.routing import Routing
from dispatcher.gateways.sms import SmsEar, SmsGateway
from dispatcher.storage.unit import Database, Ringer


class Bell(Protocol):
    """Wakes the workers. Ringing never raises: what it misses, the relay finds."""

    @property
    def ring(self) -> Ringer:
        """Tell the workers which promises are due now."""
        ...

    def answers(self) -> bool:
        """Whether the bell can be rung at this moment."""
        ...

    def depths(self) -> Mapping[str, int]:
        """How many jobs wait in each queue, the most urgent first; empty if it does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """One process's house, built by `dispatcher.bootstrap.build`."""

    settings: Settings
    db: Database
    bell: Bell
    sms: SmsGateway
    telephone: DemonstrationTelephone | None
    clock: Callable[[], datetime]
    communes: Communes
    catalogue: Catalogue
    texts: Texts
    email_texts: EmailTexts
    agendas: AgendaSource
    ear: SmsEar | None = None
    """Reads what the provider of SMS calls us for; None for the demonstration's telephone."""
    mailbox: DemonstrationMailbox | None = None
    email: EmailGateway | None = None
    """Whoever carries e-mail to professionals; None where no server is set."""
    routing: Routing | None = None
    """A server that knows road distances; None where they are estimated."""
    identity: IdentityProvider | None = None
    """Who vouches for professionals; None where only accounts of ours do."""
