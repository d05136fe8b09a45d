"""Who may open what. The default is nobody: a route without a rule refuses everyone."""

import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from config.settings import Settings
from dispatcher.domain.roles import Account, Role
from dispatcher.services import accounts
from dispatcher.services.house import House

View = TypeVar("View", bound=Callable[..., Any])
RULE = "__access_rule__"
KNOWS_SESSION = "__knows_session__"
IN_PERSON = "__in_person__"
EVERYBODY = frozenset[Role]()
IDLE_SECONDS = 4 * 3600
"""A session without an action of its owner ends after this; what polls by itself is none."""
LONGEST_SECONDS = 12 * 3600
"""A working day: after this everybody signs in again."""
NOTED_EVERY_SECONDS = 60
LIVE_HEADER = "X-Live"


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


def sign_in(account: Account) -> None:
    """Open a session; whatever the browser had before is dropped."""
    session.clear()
    session.update(
        user=str(account.user_id),
        epoch=account.session_epoch,
        began=int(time.time()),
        seen=int(time.time()),
    )


def sign_out() -> None:
    """Close this browser's session."""
    session.clear()


def install(app: Flask, settings: Settings) -> None:
    """Guard every route of `app`, and refuse to serve one that has no rule."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="snp",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_served_over_tls,
    )
    app.before_request(_guard)


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
    return None


def _account_of_session() -> Account | None:
    user, epoch = session.get("user"), session.get("epoch")
    if user is None or epoch is None:
        return None
    now = int(time.time())
    seen, began = session.get("seen", 0), session.get("began", 0)
    if now - seen > IDLE_SECONDS or now - began > LONGEST_SECONDS:
        session.clear()
        return None
    if LIVE_HEADER not in request.headers and now - seen > NOTED_EVERY_SECONDS:
        session["seen"] = now
    acts_for = session.get("for")
    account = accounts.account_of(house(), UUID(user), epoch, UUID(acts_for) if acts_for else None)
    if account is None:
        session.clear()
    return account


def _ask_to_sign_in() -> AnyResponse:
    asks_for_data = request.accept_mimetypes.best == "application/json"
    if LIVE_HEADER in request.headers or asks_for_data:
        return Response(status=401)
    if request.method != "GET":
        abort(401)
    return redirect(url_for("account.sign_in", suite=request.full_path.rstrip("?")))
