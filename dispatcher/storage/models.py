"""All models, for the migrations' comparison and for whoever needs the whole metadata."""

from dispatcher.storage import (
    accounts,
    agendas,
    contracts,
    directory,
    emails,
    facts,
    lanes,
    links,
    log,
    messages,
    neighbours,
    offers,
    own_texts,
    patients,
    practitioners,
    prices,
    promises,
    requests,
    schedules,
    simulations,
    slots,
    territories,
)
from dispatcher.storage.columns import Record

__all__ = [
    "accounts",
    "agendas",
    "contracts",
    "directory",
    "emails",
    "facts",
    "lanes",
    "links",
    "log",
    "messages",
    "neighbours",
    "offers",
    "own_texts",
    "patients",
    "practitioners",
    "prices",
    "promises",
    "requests",
    "schedules",
    "simulations",
    "slots",
    "territories",
]

METADATA = Record.metadata
