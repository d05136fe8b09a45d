"""The communes for a form's picker, as somebody types."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from dispatcher.domain.roles import Role
from dispatcher.web.access import allow, house

room = Blueprint("communes", __name__)
LONGEST_QUERY = 80
A_DAY = 86_400


@room.get("/communes")
@allow(Role.REGULATOR, Role.PRACTITIONER, Role.REQUESTER, Role.COORDINATOR, Role.ADMINISTRATOR)
def search() -> ResponseReturnValue:
    """What begins like `q`: `[{insee, name, postcodes, department}]`, the likeliest first."""
    typed = request.args.get("q", "")[:LONGEST_QUERY]
    found = house().communes.search(typed)
    answer = jsonify(
        [
            {
                "insee": commune.insee,
                "name": commune.name,
                "postcodes": list(commune.postcodes),
                "department": commune.department,
            }
            for commune in found
        ]
    )
    answer.cache_control.private = True
    answer.cache_control.max_age = A_DAY
    return answer
