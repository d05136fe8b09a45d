"""Signing in and out."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from dispatcher.demo.directory import CONTENTS
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import ROLE_NAMES
from dispatcher.reads.accounts import logins
from dispatcher.services import accounts
from dispatcher.services.accounts import SignInRefusedError
from dispatcher.services.second_factors import has_second_factor
from dispatcher.web import access, challenges, devices, rates, second_factor
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.paths import safe_path

room = Blueprint("account", __name__)
WHY = "it is where one signs in"
TRIES_BY_LOGIN = "10/minute;60/hour;200/day"
TRIES_BY_ADDRESS = "60/minute;600/hour"
"""Refused tries. A whole practice may share one address; a login is one person's.

In a browser that the login has signed in from before, both are its own: see web/devices.py.
"""
TRIES_BY_ACCOUNT = "5/minute;20/hour"
"""Refused tries at the present password of whoever is signed in."""
PROVED_BY_PASSWORD = (
    "own_account.change_own_password",
    "proving.check",
    "second_factor.begin",
    "second_factor.confirm",
    "second_factor.remove",
)


@dataclass(frozen=True, slots=True)
class DemonstrationAccount:
    """An account that anybody may use, password included."""

    login: str
    password: str
    display_name: str
    role_label: str


@dataclass(frozen=True, slots=True)
class DemonstrationTerritory:
    """A territory's accounts on the sign-in page of a demonstration."""

    name: str
    accounts: list[DemonstrationAccount]


@room.get("/connexion")
@open_to_everybody(WHY)
def sign_in() -> ResponseReturnValue:
    """The form; in a demonstration it lists the accounts."""
    if g.account is not None:
        return redirect(url_for("home"))
    return sign_in_page("", "", request.args.get("suite", ""))


@room.post("/connexion")
@open_to_everybody(f"{WHY}; refused tries are limited by address and by login")
def check() -> ResponseReturnValue:
    """Open a session, or the form again with a sentence that does not say which was wrong."""
    login, wanted = request.form.get("login", ""), request.form.get("next", "")
    try:
        account = accounts.sign_in(house(), login, request.form.get("password", ""))
    except SignInRefusedError as refusal:
        return sign_in_page(login, refusal.sentence, wanted), refusal.status
    if has_second_factor(house(), account):
        return second_factor.ask_for_code(account, wanted)
    access.sign_in(account)
    devices.remember(account.login)
    return redirect(safe_path(wanted) or url_for("home"))


@room.post("/deconnexion")
@open_to_everybody("whoever closes their own session harms nobody")
def sign_out() -> ResponseReturnValue:
    """Close this browser's session."""
    came_by = "psc" if session.get("by_psc") else None
    access.sign_out()
    answer = redirect(url_for("account.sign_in", sortie=came_by))
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


def limit_tries(app: Flask, limiter: Limiter) -> None:
    """Limit refused sign-ins, beside what limits every call."""
    by_login = limiter.limit(TRIES_BY_LOGIN, key_func=_login, deduct_when=_was_refused)
    by_address = limiter.limit(TRIES_BY_ADDRESS, key_func=_address, deduct_when=_was_refused)
    app.view_functions["account.check"] = by_address(by_login(check))
    by_account = limiter.limit(TRIES_BY_ACCOUNT, key_func=rates.account, deduct_when=_was_refused)
    by_half = limiter.limit(TRIES_BY_ACCOUNT, key_func=_half, deduct_when=_was_refused)
    app.view_functions["second_factor.check"] = by_half(second_factor.check)
    for endpoint in ("passkeys.sign_in", "pro_sante.back"):
        opens: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = by_address(opens)
    for endpoint in PROVED_BY_PASSWORD:
        view: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = by_account(view)


def sign_in_page(login: str, error: str, wanted: str) -> str:
    """The form, and what was wrong with the try before."""
    return render_template(
        "account/sign_in.html",
        values={"login": login},
        errors={"": error} if error else {},
        next=safe_path(wanted),
        passkeys_possible=challenges.possible(),
        psc=house().identity is not None,
        leaves_psc=house().identity is not None and request.args.get("sortie") == "psc",
        demonstration=_demonstration(),
    )


def _demonstration() -> list[DemonstrationTerritory] | None:
    """The accounts of the demonstration, with the names that the database has; else None."""
    directory = house().settings.demonstration_directory
    if directory is None:
        return None
    passwords = _passwords(directory / CONTENTS)
    by_territory = itertools.groupby(
        logins(house().db, passwords), key=lambda known: known.territory_name
    )
    return [
        DemonstrationTerritory(
            name,
            [
                DemonstrationAccount(
                    known.login,
                    passwords[known.login],
                    known.display_name,
                    ROLE_NAMES[known.role].capitalize(),
                )
                for known in known_logins
            ],
        )
        for name, known_logins in by_territory
    ]


def _passwords(contents: Path) -> dict[str, str]:
    """What the demonstration was filled with, by login; empty until it is."""
    try:
        described = json.loads(contents.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {account["login"]: account["password"] for account in described["accounts"]}


def _was_refused(response: Response) -> bool:
    return response.status_code in {SignInRefusedError.status, InvalidError.status}


def _address() -> str:
    return devices.known_as(_typed()) or rates.address()


def _login() -> str:
    return devices.known_as(_typed()) + devices.digest_of(_typed())


def _half() -> str:
    """Whose password was just proved: an attacker who has it keeps no known browser waiting."""
    account = second_factor.half_signed_in()
    return devices.known_as(account.login) + str(account.user_id) if account else _address()


def _typed() -> str:
    return request.form.get("login", "")
