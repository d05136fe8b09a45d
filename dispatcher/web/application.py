"""The Flask application: guards, headers, errors, and the rooms it serves."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from config.logging import get_logger, remember
from dispatcher.bootstrap import CORRELATION
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.services.house import House
from dispatcher.web import access, account, home, navigation, proving, rates, rooms
from dispatcher.web.live import Renderings
from dispatcher.web.pulse import Pulse

log = get_logger(__name__)
LARGEST_BODY = 256 * 1024
LARGEST_UPLOAD = 1 << 30
LARGE_BODIES = frozenset({"directory_import.read"})
"""Routes that take a file; only whoever may open them gets so far that it is read."""
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer, whatever it is."""
KEPT_HEADERS = ("Allow", "Retry-After")
"""What an error's own answer says to programs, kept on our page."""
STATIC_SECONDS = 3600
PRODUCT_NAME = "Relais SNP"
SERVICE_UNAVAILABLE = 503
RETRY_SOON = {"Retry-After": "5"}


def create_app(house: House, guests: Sequence[Blueprint] = ()) -> Flask:
    """The web application over a house.

    `guests` are rooms that guard themselves, by tokens instead of sessions: the API. Raises
    UnruledRouteError if one of our own routes has no access rule.
    """
    app = Flask("dispatcher", static_folder="static", template_folder="templates")
    app.extensions["house"] = house
    app.extensions["renderings"] = Renderings()
    app.extensions["pulse"] = Pulse(house)
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_SECONDS,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # SameSite and the token do; a proxy may hide the scheme
    )
    app.jinja_env.globals["product_name"] = PRODUCT_NAME
    if house.settings.proxy_count:
        count = house.settings.proxy_count
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.before_request(_begin)
    access.install(app, house.settings)
    csrf = CSRFProtect(app)
    for room in (*rooms.of(house), *guests):
        app.register_blueprint(room)
    app.extensions["proof"] = proving.ask
    home.install(app)
    navigation.install(app, house)
    app.extensions["guests"] = frozenset(guest.name for guest in guests)
    account.limit_tries(app, rates.install(app, house.settings))
    for room in (*rooms.signed_from_outside(house), *guests):
        csrf.exempt(room)
    app.after_request(_finish)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(Exception, _failed)
    if missing := access.unruled(app):
        raise access.UnruledRouteError(", ".join(missing))
    return app


def _begin() -> None:
    g.began = time.perf_counter()
    if request.endpoint in LARGE_BODIES:
        request.max_content_length = LARGEST_UPLOAD
    request_id = uuid.uuid4().hex
    g.request_id = request_id
    remember(**{CORRELATION: request_id})


def _finish(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure or access.house().settings.is_served_over_tls:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint not in {"static", "health.health"}:
        log.info(
            "request",
            method=request.method,
            endpoint=request.endpoint,
            status=response.status_code,
            account=access.known_account(),
            milliseconds=round((time.perf_counter() - g.get("began", 0.0)) * 1000, 1),
        )
    return response


def _page(status: int, heading: str, sentence: str, reference: str = "") -> tuple[str, int]:
    page = render_template(
        "errors/page.html", status=status, heading=heading, sentence=sentence, reference=reference
    )
    return page, status


def _refused(error: RefusedError) -> Any:  # noqa: ANN401 - whatever Flask takes
    if error.status == SERVICE_UNAVAILABLE:
        return *_page(error.status, "Service indisponible", error.sentence), RETRY_SOON
    is_missing = error.status == NotFoundError.status
    sentence = error.sentence
    if isinstance(error, InvalidError):  # an address has no form that would show its faults
        sentence = " ".join(dict.fromkeys(error.fields.values()))
    return _page(error.status, "Page introuvable" if is_missing else "Action impossible", sentence)


_TITLES = {
    400: ("Demande incorrecte", "Cette demande est mal formée. Rien n’a été modifié."),
    401: ("Connexion nécessaire", "Votre session a pris fin. Reconnectez-vous pour continuer."),
    403: ("Accès refusé", "Votre compte ne donne pas accès à cette page."),
    404: ("Page introuvable", "Cette page n’existe pas ou n’est plus accessible."),
    405: ("Action impossible", "Cette page ne s’utilise pas ainsi."),
    413: (
        "Envoi trop volumineux",
        "Ce qui a été envoyé est trop volumineux. Rien n’a été modifié.",
    ),
    414: ("Adresse trop longue", "L’adresse de cette page est trop longue."),
    429: (
        "Trop d’essais",
        "Trop d’essais ou trop de demandes en peu de temps. Patientez quelques minutes.",
    ),
}


def _http_error(error: HTTPException) -> Any:  # noqa: ANN401 - whatever Flask takes
    if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects are no errors
        return error
    title, sentence = _TITLES.get(error.code, ("Action impossible", "Rien n’a été modifié."))
    told = dict(error.get_headers())
    headers = {name: told[name] for name in KEPT_HEADERS if name in told}
    return *_page(error.code, title, sentence), headers


def _stale_form(_error: CSRFError) -> Any:  # noqa: ANN401 - whatever Flask takes
    return _page(
        400,
        "Formulaire périmé",
        "Ce formulaire était ouvert depuis trop longtemps, ou dans une autre session."
        " Rien n’a été modifié. Revenez en arrière, rechargez la page et recommencez.",
    )


def _failed(error: Exception) -> Any:  # noqa: ANN401 - whatever Flask takes
    log.error("request_failed", exc_info=error)
    return _page(
        500,
        "Une erreur est survenue",
        "Nous en avons gardé la trace. Vérifiez si votre action a été enregistrée avant de"
        " recommencer.",
        reference=g.get("request_id", ""),
    )
