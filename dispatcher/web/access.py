"""Who may open what. The default is nobody: a route without a rule refuses everyone."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from config.logging import get_logger
from config.settings import Settings
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.sessions import device_in_words
from dispatcher.services import sessions
from dispatcher.services.house import House

log = get_logger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
RULE = "__access_rule__"
KNOWS_SESSION = "__knows_session__"
IN_PERSON = "__in_person__"
FRESHLY = "__freshly__"
EVERYBODY = frozenset[Role]()
LIVE_HEADER = "X-Live"
ENROLMENT = frozenset({"second_factor", "own_account", "passkeys", "proving"})
"""Rooms that stand open to whoever still has to set up double authentication."""
SESSION = "session"
"""Under this the cookie, which we sign, names the session that stands in the database."""


class UnruledRouteError(RuntimeError):
    """A route was registered without saying who may open it."""


def allow(*roles: Role) -> Callable[[View], View]:
    """Only accounts with one of these roles."""
    if not roles:
        raise ValueError("name at least one role, or say open_to_everybody")
    return _mark(frozenset(roles))


def in_person(view: View) -> View:
    """Only the practitioner themself, not a secretary who acts for them."""
    setattr(view, IN_PERSON, True)
    return view


def freshly(view: View) -> View:
    """Only whoever proved who they are a short time ago: files that leave, settings, accounts."""
    setattr(view, FRESHLY, True)
    return view


def act_for(practitioner_id: UUID | None) -> None:
    """Have this browser's secretary act for a practitioner; for nobody with None."""
    if practitioner_id is None:
        session.pop("for", None)
    else:
        session["for"] = str(practitioner_id)


def open_to_everybody(why: str, *, knows_session: bool = True) -> Callable[[View], View]:
    """Anybody, signed in or not; `why` says what protects the route instead.

    Without `knows_session` the session is neither read nor prolonged: no cookie travels.
    """
    if not why:
        raise ValueError("say why")

    def mark(view: View) -> View:
        setattr(view, KNOWS_SESSION, knows_session)
        return _mark(EVERYBODY)(view)

    return mark


def house() -> House:
    """The house of this application."""
    found: House = current_app.extensions["house"]
    return found


def viewer() -> Account:
    """The account that is signed in; only for routes with `allow`."""
    account: Account | None = g.get("account")
    if account is None:
        abort(401)
    return account


def known_account() -> str | None:
    """The id of whoever is signed in, for the log; None for nobody, and for programs."""
    account: Account | None = g.get("account")
    return str(account.user_id) if account else None


def own_session() -> UUID:
    """The session of this browser; only for routes with `allow`."""
    found: UUID | None = g.get("session_id")
    if found is None:
        abort(401)
    return found


def must_enrol() -> bool:
    """Whether whoever is signed in has to set up double authentication before anything else."""
    return bool(g.get("must_enrol"))


def sign_in(account: Account, by: str = "password") -> None:
    """Open a session for whoever proved themselves `by` it; what the browser had is dropped."""
    sign_out()
    device = device_in_words(request.user_agent.string)
    session[SESSION] = str(sessions.open_session(house(), account, device, by))


def sign_out() -> None:
    """Close this browser's session."""
    session.clear()
    account, session_id = g.get("account"), g.get("session_id")
    if account is not None and session_id is not None:
        sessions.end_session(house(), account, session_id)


def install(app: Flask, settings: Settings) -> None:
    """Guard every route of `app`, and refuse to serve one that has no rule."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=cookie_name(settings, "snp"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_served_over_tls,
    )
    app.before_request(_guard)


def cookie_name(settings: Settings, name: str) -> str:
    """Behind TLS a name that no other host of the domain can set (RFC 6265bis)."""
    return f"__Host-{name}" if settings.is_served_over_tls else name


def unruled(app: Flask) -> list[str]:
    """The endpoints that nobody said who may open."""
    return sorted(
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static"
        and not hasattr(view, RULE)
        and endpoint.partition(".")[0] not in app.extensions["guests"]
    )


def _mark(roles: frozenset[Role]) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, RULE, roles)
        return view

    return mark


def _guard() -> AnyResponse | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    if request.blueprint in current_app.extensions["guests"]:
        return None
    view = current_app.view_functions[request.endpoint]
    roles: frozenset[Role] | None = getattr(view, RULE, None)
    if roles is None:
        abort(403)
    g.account = _account_of_session() if getattr(view, KNOWS_SESSION, True) else None
    if roles == EVERYBODY:
        return None
    if g.account is None:
        return _ask_to_sign_in()
    if g.account.role not in roles or (g.account.is_delegate and hasattr(view, IN_PERSON)):
        abort(403)
    return _something_first(view)


def _something_first(view: Callable[..., Any]) -> AnyResponse | None:
    """What somebody who may do this has to do before."""
    if must_enrol() and request.blueprint not in ENROLMENT:
        if request.method != "GET" or LIVE_HEADER in request.headers:
            abort(403)
        return redirect(url_for("second_factor.overview"))
    if hasattr(view, FRESHLY) and not g.is_fresh:
        answer: AnyResponse = current_app.extensions["proof"]()
        return answer
    return None


def _account_of_session() -> Account | None:
    named = session.get(SESSION)
    if named is None:
        return None
    session_id, acts_for = UUID(named), session.get("for")
    found = sessions.session_of(house(), session_id, UUID(acts_for) if acts_for else None)
    if found is None:
        session.clear()
        return None
    g.session_id, g.must_enrol, g.is_fresh = session_id, found.must_enrol, found.is_fresh
    if found.is_to_be_noted and LIVE_HEADER not in request.headers:
        try:
            sessions.note_action(house(), session_id)
        except UnavailableError:  # who only reads goes on while nothing can be written
            log.warning("action_not_noted")
    return found.account


def _ask_to_sign_in() -> AnyResponse:
    asks_for_data = request.accept_mimetypes.best == "application/json"
    if LIVE_HEADER in request.headers or asks_for_data:
        return Response(status=401)
    if request.method != "GET":
        abort(401)
    return redirect(url_for("account.sign_in", suite=request.full_path.rstrip("?")))
