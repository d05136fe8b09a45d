"""What else is wrong with a request of which some fields cannot even be read.

Shapes are checked before meanings; whoever has a telephone at the ear is told of both at once.
"""

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Account
from dispatcher.services.commands import OpenRequest
from dispatcher.services.house import House
from dispatcher.services.intake import Faults, check

_READABLE: Mapping[str, Any] = {
    "territory": "x",
    "patient": {
        "last_name": "x",
        "first_name": "x",
        "birth_date": "2000-01-01",
        "phone": "x",
        "commune": "x",
    },
    "need": {"profession": "x", "delay_hours": 24},
    "origin": "x",
}
"""What can be read, for the fields that have to be there; all others may be left out."""
_HANGS_ON = {"need.specialty": "need.profession", "need.earliest": "need.delay_hours"}
"""Fields of which nothing can be said while the other cannot be read."""


def all_faults(
    house: House, account: Account, given: Mapping[str, Any], faults: Mapping[str, str]
) -> Faults:
    """The faults of shape, and those of meaning among the fields that could be read.

    `given` is what was typed or posted, `faults` what parsing it said, by dotted field.
    """
    mended: dict[str, Any] = copy.deepcopy(dict(given))
    for path in faults:
        _mend(mended, path.split("."), _READABLE)
    try:
        command = OpenRequest.model_validate(mended)
    except ValidationError:
        return dict(faults)
    try:
        with house.db.reading() as session:
            check(house, session, account, command, house.clock())
    except InvalidError as error:
        meant = {field: said for field, said in error.fields.items() if _was_read(field, faults)}
        return dict(faults) | meant
    return dict(faults)


def _was_read(field: str, faults: Mapping[str, str]) -> bool:
    """Whether nothing that the field is, stands in or hangs on had to be made up."""
    names = {field, field.partition(".")[0], _HANGS_ON.get(field, field)}
    return names.isdisjoint(faults)


def _mend(given: dict[str, Any], path: list[str], readable: Mapping[str, Any]) -> None:
    """Put something that can be read where the path leads, or leave the field out."""
    name, rest = path[0], path[1:]
    inner, spare = given.get(name), readable.get(name)
    if rest and isinstance(inner, dict):
        _mend(inner, rest, spare if isinstance(spare, Mapping) else {})
    elif spare is not None:
        given[name] = copy.deepcopy(spare)
    else:
        given.pop(name, None)
