"""GET /health: whether the house lives, for the supervisor, the platform and the administrator."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from dispatcher.domain.errors import UnavailableError
from dispatcher.reads.health import promises_and_ticks
from dispatcher.web.access import house, open_to_everybody

room = Blueprint("health", __name__)
OVERDUE_SECONDS = 60.0
"""A promise that is late by more says that workers or relay are not there."""
UNSENT_SECONDS = 600.0
"""An SMS that waits for longer says that the provider is away or refuses our account."""
EMAIL_UNSENT_SECONDS = 3600.0
"""The same of an e-mail: a server may ask to come back in a quarter of an hour."""


@room.get("/health")
@open_to_everybody("it tells counts and ages, and nothing about anybody")
def health() -> ResponseReturnValue:
    """200 while requests can be taken, 503 without a database. Redis away is no outage."""
    redis = house().bell.answers()
    try:
        found = promises_and_ticks(house().db)
    except UnavailableError:
        return jsonify(status="down", database=False, redis=redis), 503
    late = (found.oldest_overdue_seconds or 0.0) > OVERDUE_SECONDS
    late = late or (found.oldest_unsent_seconds or 0.0) > UNSENT_SECONDS
    late = late or (found.oldest_email_seconds or 0.0) > EMAIL_UNSENT_SECONDS
    return jsonify(
        status="degraded" if late or found.dead_promises or not redis else "ok",
        database=True,
        redis=redis,
        oldest_overdue_promise_seconds=found.oldest_overdue_seconds,
        oldest_unsent_message_seconds=found.oldest_unsent_seconds,
        oldest_unsent_email_seconds=found.oldest_email_seconds,
        dead_promises=found.dead_promises,
        ticks={name: at.isoformat() for name, at in found.ticks.items()},
    )
