"""Refusals that a user can be told about. Their sentences are French and hold no personal data."""

from collections.abc import Mapping, Sequence


class RefusedError(Exception):
    """The house declines; nothing was changed.

    `code` is stable and machine readable (`slot-full`), `sentence` is for people,
    `status` the HTTP status that says the same.
    """

    status = 409
    field = ""
    """The dotted field of a call that it is about; empty where it is about no single one."""

    def __init__(self, code: str, sentence: str, *, reasons: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.reasons = tuple(reasons)


class InvalidError(RefusedError):
    """What was typed cannot be used; `fields` gives a sentence by dotted field path."""

    status = 422

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("invalid", "Certaines informations sont à corriger.")
        self.fields = dict(fields)


class NotFoundError(RefusedError):
    """There is no such thing in the actor's territory; foreign things answer the same."""

    status = 404

    def __init__(
        self,
        sentence: str = "Cet élément n’existe pas ou n’est plus accessible.",
        *,
        field: str = "",
    ) -> None:
        super().__init__("not-found", sentence)
        self.field = field


class NotFeasibleError(RefusedError):
    """A rule stands against this booking; `reasons` are the codes of the rules."""

    status = 422
    field = "slot"

    def __init__(self, reasons: Sequence[str], sentence: str) -> None:
        super().__init__("not-feasible", sentence, reasons=reasons)


class DuplicateRequestError(RefusedError):
    """The same patient already has a live request; the regulator may confirm a second one."""

    field = "confirm_duplicate"

    def __init__(self, request_ids: Sequence[str]) -> None:
        super().__init__(
            "duplicate-request",
            "Une demande est déjà en cours pour ce patient. Vérifiez avant d’en créer une seconde.",
        )
        self.request_ids = tuple(request_ids)


class TransitionError(RefusedError):
    """The thing's state does not allow this step; `code` is `transition-refused`."""

    def __init__(self, sentence: str) -> None:
        super().__init__("transition-refused", sentence)


class SlotFullError(RefusedError):
    """Somebody else took the last place first, or the slot was closed."""

    field = "slot"

    def __init__(self) -> None:
        super().__init__(
            "slot-full",
            "Ce créneau vient d’être pris ou fermé. Choisissez-en un autre dans la liste.",
        )


class BookedAlreadyError(RefusedError):
    """The request already has a live appointment, or is closed."""

    def __init__(self) -> None:
        super().__init__(
            "request-not-waiting",
            "Cette demande a déjà un rendez-vous, ou elle est close : rien n’a été réservé.",
        )


class InHandError(RefusedError):
    """A colleague took the request in hand, and whoever acts could not know it; nothing changed."""

    def __init__(self, name: str, since: str) -> None:
        super().__init__(
            "in-hand",
            f"{name} a pris cette demande en main {since}. Rien n’a été modifié."
            " Mettez-vous d’accord, ou recommencez pour agir quand même.",
        )


class UnavailableError(RefusedError):
    """The database cannot be reached or written now. Nothing was changed; try again."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "unavailable",
            "L’enregistrement n’est pas possible en ce moment. Rien n’a été modifié."
            " Réessayez dans un instant.",
        )
