"""The address without a path: it leads each person to where their work begins."""

from flask import Flask, g, redirect, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.roles import Account
from dispatcher.web import navigation
from dispatcher.web.access import open_to_everybody


def install(app: Flask) -> None:
    """Serve `/` as the endpoint `home`, which every page links to."""
    app.add_url_rule("/", "home", home)


@open_to_everybody("it shows nothing and only leads to somebody's own first page")
def home() -> ResponseReturnValue:
    """To the sign-in, or to the first page of one's role."""
    account: Account | None = g.get("account")
    if account is None:
        return redirect(url_for("account.sign_in"))
    return redirect(navigation.first_page(account.role))
