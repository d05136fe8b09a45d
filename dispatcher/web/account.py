"""Signing in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.roles import Role
from dispatcher.services import accounts
from dispatcher.web import access
from dispatcher.web.access import house, open_to_everybody

room = Blueprint("account", __name__)


@room.get("/connexion")
@open_to_everybody("it is where one signs in")
def sign_in() -> ResponseReturnValue:
    """The form; in a demonstration it lists the accounts."""
    return _form({}, "")


@room.post("/connexion")
@open_to_everybody("it is where one signs in; tries are limited by address and login")
def check() -> ResponseReturnValue:
    """Open a session, or show the form again with one sentence that does not say which was wrong."""
    login = request.form.get("login", "")
    try:
        account = accounts.sign_in(house(), login, request.form.get("password", ""))
    except accounts.SignInRefusedError as refusal:
        return _form({"login": login}, refusal.sentence), refusal.status
    access.sign_in(account)
    return redirect(_next(request.args.get("suite", "")))


def _form(values: dict[str, str], error: str) -> str:
    return render_template("account/sign_in.html", values=values, error=error)


def _next(wanted: str) -> str:
    """Where to go after signing in: a path of this site, never another address."""
    parts = urlsplit(wanted)
    if not wanted.startswith("/") or wanted.startswith("//") or parts.netloc or "\\" in wanted:
        return url_for("home")
    return wanted
