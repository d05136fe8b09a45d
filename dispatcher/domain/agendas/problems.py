"""Why an agenda cannot be fetched, as codes that are stored and told."""

from enum import StrEnum


class AgendaProblem(StrEnum):
    """Why an agenda could not be fetched."""

    ADDRESS_UNREADABLE = "address_unreadable"
    ADDRESS_REFUSED = "address_refused"
    """It leads into a private network, to a machine of the house, or to another port."""
    NAME_UNKNOWN = "name_unknown"
    NO_ANSWER = "no_answer"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    CERTIFICATE_REFUSED = "certificate_refused"
    GONE = "gone"
    """The server answers that the address is not, or no longer, valid."""
    SERVER_FAULT = "server_fault"
