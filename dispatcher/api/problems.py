"""RFC 9457: every refusal of the API as `application/problem+json`, in French, naming the field."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, json, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from config.logging import get_logger
from dispatcher.api.shapes import FieldFaultShape, ProblemShape
from dispatcher.domain.errors import DuplicateRequestError, InvalidError, RefusedError

log = get_logger(__name__)
MIMETYPE = "application/problem+json"
TYPES = "/api/v1/problems/"
RETRY_AFTER_SECONDS = "5"
UNAVAILABLE = 503
TOO_LARGE = 413
UNAUTHORISED = 401

TITLES: Mapping[str, str] = {
    "corrected-meanwhile": "Demande corrigée entre-temps",
    "counted-elsewhere": "Décompte déjà en cours",
    "duplicate-request": "Une demande est déjà en cours",
    "episode-open": "Plan de crise déjà ouvert",
    "edited-meanwhile": "Texte modifié entre-temps",
    "forbidden": "Accès refusé",
    "idempotency-key-reused": "Clé d’idempotence déjà utilisée",
    "identity-unknown": "Identité inconnue ici",
    "in-hand": "Demande en main d’un collègue",
    "internal-error": "Une erreur est survenue",
    "invalid": "Informations à corriger",
    "malformed-json": "JSON illisible",
    "malformed-request": "Appel incorrect",
    "method-not-allowed": "Méthode non prévue",
    "month-not-closable": "Mois impossible à clore",
    "not-an-extract": "Fichier inattendu",
    "not-feasible": "Créneau qui ne convient pas",
    "not-found": "Introuvable",
    "passkey-refused": "Clé d’accès refusée",
    "patients-expected": "Des patients sont attendus",
    "patients-concerned": "Des patients sont attendus",
    "replaced-meanwhile": "Contrat enregistré entre-temps",
    "request-not-waiting": "Demande déjà pourvue ou close",
    "slot-full": "Créneau complet ou fermé",
    "still-cared-for": "Demande en cours",
    "too-large": "Appel trop volumineux",
    "too-many-calls": "Trop d’appels",
    "transition-refused": "Étape impossible",
    "unauthorized": "Jeton nécessaire",
    "unavailable": "Service indisponible",
    "unsupported-media-type": "Type de contenu refusé",
    "years-overlap": "Années de contrat qui se chevauchent",
}
"""The title of every problem, by its code."""
OTHERWISE = "Action impossible"

_NOTHING_CHANGED = "Rien n’a été modifié."
_OF_HTTP: Mapping[int, tuple[str, str]] = {
    400: ("malformed-request", f"Cet appel est mal formé. {_NOTHING_CHANGED}"),
    404: ("not-found", "Cette adresse n’existe pas dans l’interface."),
    405: ("method-not-allowed", "Cette adresse n’accepte pas cette méthode."),
    413: ("too-large", f"Le corps de l’appel est trop volumineux. {_NOTHING_CHANGED}"),
    429: (
        "too-many-calls",
        f"Trop d’appels en peu de temps. Revenez plus tard. {_NOTHING_CHANGED}",
    ),
}


class TokenRefusedError(RefusedError):
    """No token, or one that is unknown or revoked; `challenge` goes into WWW-Authenticate."""

    status = UNAUTHORISED

    def __init__(self, *, presented: bool) -> None:
        super().__init__(
            "unauthorized",
            "Le jeton présenté est inconnu ou a été révoqué."
            if presented
            else "Présentez un jeton : « Authorization: Bearer … ».",
        )
        self.challenge = 'Bearer realm="snp"' + (', error="invalid_token"' if presented else "")


class RoleRefusedError(RefusedError):
    """The token's account has a role that does not do this."""

    status = 403

    def __init__(self) -> None:
        super().__init__("forbidden", "Ce compte ne donne pas accès à cette action.")


class MediaTypeRefusedError(RefusedError):
    """The body is not said to be JSON."""

    status = 415

    def __init__(self) -> None:
        super().__init__(
            "unsupported-media-type",
            f"Envoyez du JSON, avec « Content-Type: application/json ». {_NOTHING_CHANGED}",
        )


def install(room: Blueprint) -> None:
    """Answer whatever goes wrong in the room, and on unknown addresses under /api, as a problem."""
    room.register_error_handler(RefusedError, refused)
    room.register_error_handler(HTTPException, _http_error)
    room.register_error_handler(Exception, _failed)
    room.before_app_request(_unrouted)


def refused(error: RefusedError) -> Response:
    """The problem that says a refusal."""
    named = {error.field: error.sentence} if error.field else {}
    problem = _problem(
        error.code,
        error.status,
        error.sentence,
        error.fields if isinstance(error, InvalidError) else named,
    )
    if isinstance(error, DuplicateRequestError):
        problem = problem.model_copy(update={"requests": list(error.request_ids)})
    if error.reasons:
        problem = problem.model_copy(update={"reasons": list(error.reasons)})
    answer = _answer(problem)
    if error.status == UNAVAILABLE:
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    if isinstance(error, TokenRefusedError):
        answer.headers["WWW-Authenticate"] = error.challenge
    return answer


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code, sentence = _OF_HTTP.get(
        status, ("malformed-request", f"Appel refusé. {_NOTHING_CHANGED}")
    )
    named = {"body": sentence} if status == TOO_LARGE else {}
    answer = _answer(_problem(code, status, sentence, named))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _failed(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return _answer(
        _problem(
            "internal-error",
            500,
            "Nous en avons gardé la trace. Vérifiez si l’action a été enregistrée avant de"
            " recommencer.",
        )
    )


def _unrouted() -> Response | None:
    """An address or a method that does not exist under /api is refused as the others are."""
    wrong = request.routing_exception
    if wrong is None or isinstance(wrong, RequestRedirect):
        return None
    if not f"{request.path}/".startswith("/api/"):
        return None
    return _http_error(wrong)


def _problem(
    code: str, status: int, sentence: str, named: Mapping[str, str] | None = None
) -> ProblemShape:
    """The problem; `named` gives a sentence for each field at fault."""
    faults = [FieldFaultShape(field=name, message=said) for name, said in (named or {}).items()]
    made = ProblemShape(
        type=TYPES + code,
        title=TITLES.get(code, OTHERWISE),
        status=status,
        detail=sentence,
        code=code,
    )
    return made.model_copy(update={"errors": faults}) if faults else made


def _answer(problem: ProblemShape) -> Response:
    body: dict[str, Any] = problem.as_json()
    return Response(json.dumps(body, ensure_ascii=False), problem.status, mimetype=MIMETYPE)
