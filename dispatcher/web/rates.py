"""How often anybody may call: limits by account and by address on every route of the site.

An account (a session of the site, a token of the API) has a limit of its own; who has none is
counted by address, generously, because a mobile operator puts thousands of patients behind one.
Links that do not exist and tokens that open nothing are counted apart: walking them ends after a
few. The counts are shared through Redis while it answers, and kept in this process while it does
not: nobody is kept out, or kept waiting, because Redis is away.

The provider's webhooks are signed and must never be turned away; /health and /metrics are asked by
machines of ours.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter

from config.settings import Settings
from dispatcher.web import access

STORE_PATIENCE = 0.2
"""Seconds that a call waits for Redis before calls are counted in this process instead."""
UNCOUNTED = frozenset({"webhooks", "health", "metrics"})
GUESSES = "60/minute"
"""Links and tokens that open nothing, by address."""
COSTLY = "30/minute;300/hour"
"""By account: what takes seconds to make, calls another server, or writes to people."""
COSTLY_ROUTES = (
    "contract.ask_bundle",
    "contract.bundle",
    "coordinator.activity_csv",
    "coordinator.figures_csv",
    "coordinator.workbook",
    "directory_import.read",
    "directory_import.report",
    "directory_import.start",
    "episodes.call",
    "inbox.answer",
    "invitations.send",
    "own_agendas.add",
    "own_agendas.read",
    "payments.export_csv",
    "payments.export_xlsx",
    "payments.own_statement",
    "payments.statement",
    "reports.document",
    "reports.send",
    "what_if.ask",
)
LINKS = frozenset({"agenda_feed", "linked", "offers", "patient", "reinforcements", "welcome"})
"""Rooms behind a link whose secret is the key."""
NETWORK_OF_A_SUBSCRIBER = 64
UNAUTHORISED, NOT_FOUND, TOO_MANY = 401, 404, 429


def install(app: Flask, settings: Settings) -> Limiter:
    """Count every call of `app`; `settings.call_rate` a minute, none at all with 0."""
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": STORE_PATIENCE,
        "socket_timeout": STORE_PATIENCE,
    }
    limits: list[str | Callable[[], str] | ApplicationLimit] = [
        ApplicationLimit(
            GUESSES,
            key_function=address,
            scope="guesses",
            exempt_when=_cannot_guess,
            deduct_when=_was_a_guess,
        )
    ]
    if settings.call_rate:
        rate = f"{max(1, int(settings.call_rate))}/minute"
        limits += [
            ApplicationLimit(rate, key_function=_who, scope="who", exempt_when=_is_unknown),
            ApplicationLimit(rate, key_function=address, scope="address", exempt_when=_is_known),
        ]
    limiter = Limiter(
        address,
        app=app,
        application_limits=limits,
        # The limiter's library has a scheme of its own for Redis on a Unix socket.
        storage_uri=settings.redis_url.replace("unix://", "redis+unix://", 1),
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        key_prefix="snp",
    )
    costly = limiter.shared_limit(COSTLY, scope="costly", key_func=account)
    for endpoint in COSTLY_ROUTES:
        view: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = costly(view)
    app.after_request(_say_when)
    return limiter


def account() -> str:
    """Whoever is signed in; only for routes with `allow`."""
    return str(access.viewer().user_id)


def address() -> str:
    """Where a call comes from; of IPv6 the network, of which a subscriber has all addresses."""
    try:
        found = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, NETWORK_OF_A_SUBSCRIBER), strict=False))
    return str(found)


def _token() -> str:
    """What is presented to the API; empty for nothing."""
    header = request.authorization
    return (header.token or "") if header is not None and header.type == "bearer" else ""


def _who() -> str:
    if _is_for_the_api():
        return hashlib.sha256(_token().encode(errors="replace")).hexdigest()
    return account()


def _is_for_the_api() -> bool:
    return request.blueprint in current_app.extensions["guests"]


def _is_uncounted() -> bool:
    return request.blueprint in UNCOUNTED


def _is_unknown() -> bool:
    is_known = bool(_token()) if _is_for_the_api() else g.get("account") is not None
    return _is_uncounted() or not is_known


def _is_known() -> bool:
    return _is_uncounted() or not _is_unknown()


def _cannot_guess() -> bool:
    return not (_is_for_the_api() or request.blueprint in LINKS)


def _was_a_guess(response: Response) -> bool:
    refused = {UNAUTHORISED} if _is_for_the_api() else {NOT_FOUND}
    return response.status_code in refused


def _say_when(response: Response) -> Response:
    """When whoever called too often may come back, at the latest."""
    if response.status_code == TOO_MANY:
        (limiter,) = current_app.extensions["limiter"]
        if (breached := limiter.current_limit) is not None:
            response.headers["Retry-After"] = str(breached.limit.get_expiry())
    return response
