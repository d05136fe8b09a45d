"""Ids that a form posts."""

from uuid import UUID

from flask import request

from dispatcher.domain.errors import NotFoundError


def id_in(text: str) -> UUID | None:
    """The id that a text is; None for none, and for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def posted_id(name: str) -> UUID | None:
    """The id in a field of the form; None for none, and for what is none."""
    return id_in(request.form.get(name, ""))


def the_posted_id(name: str) -> UUID:
    """The id in a field that the page fills in itself. Raises NotFoundError without one."""
    found = posted_id(name)
    if found is None:
        raise NotFoundError
    return found
