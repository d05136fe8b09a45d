"""How somebody came to see who a patient is."""

from enum import StrEnum


class Way(StrEnum):
    """What was opened."""

    PAGE = "page"
    """The page of a request, or of a search for a médecin traitant."""
    ENTRY = "entry"
    """What is known already, beside a request that is typed."""
    INBOX = "inbox"
    """A conversation by SMS."""
    SEARCH = "search"
    """Found on the board, or among the requests, by name, telephone or number."""
    AGENDA = "agenda"
    """The practitioner's agenda, by themself or their secretary."""
    LINK = "link"
    """The page behind a link that the practitioner was sent."""
    FEED = "feed"
    """The practitioner's own calendar, which reads the feed."""
    API = "api"
    """The request by an application; without who the patient is."""
    EXPORT = "export"
    """All that is kept of the patient, printed for them."""


WAYS = {
    Way.PAGE: "Fiche",
    Way.ENTRY: "Saisie d’une demande",
    Way.INBOX: "SMS reçus",
    Way.SEARCH: "Recherche",
    Way.AGENDA: "Agenda",
    Way.LINK: "Lien d’un SMS",
    Way.FEED: "Calendrier relié",
    Way.API: "Application (sans l’identité)",
    Way.EXPORT: "Copie remise à la personne",
}
"""In French, for the administrator."""
