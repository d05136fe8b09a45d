"""The limit of P3 and P4b: the same parts with nothing of ours, one request and one promise a POST.

Flask, SQLAlchemy Core on the house's own engine settings, RQ. It checks nothing, seals nothing,
logs nothing and knows nobody.
"""

import os
import uuid
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request
from redis import Redis
from rq import Queue
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB

from dispatcher.storage.engines import make_engine

DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
metadata = MetaData()
asked = Table(
    "bare_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("territory", String(40)),
    Column("asked", DOCUMENT),
    Column("slot", Integer),
    Column("at", DateTime(timezone=True)),
    Index("bare_by_territory", "territory", "at"),
)
owed = Table(
    "bare_promises",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("job", String(40)),
    Column("ids", DOCUMENT),
    Column("due_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    Index("bare_due", "due_at"),
)
INSERT_ASKED, INSERT_OWED = insert(asked), insert(owed)
RING = "BARE_RING"
"""Set when each promise is to be put on a queue as well."""


def prepare(engine: Engine) -> None:
    """Make its two tables."""
    metadata.create_all(engine)


def create_app() -> Flask:
    """The application that gunicorn serves as `bench.bare_app:create_app()`."""
    app = Flask("bare")
    engine = make_engine(os.environ["DATABASE_URL"])
    queue = (
        Queue("bare", Redis.from_url(os.environ["REDIS_URL"]), serializer="json")
        if os.environ.get(RING)
        else None
    )

    @app.get("/health")
    def health() -> Response:
        return jsonify(database=True)

    @app.post("/twilio/status")
    def receipt() -> tuple[str, int]:
        return "", 204

    @app.post("/api/v1/requests")
    def post() -> tuple[Response, int]:
        body = request.get_json()
        made, promise, now = uuid.uuid4(), uuid.uuid4(), datetime.now(UTC)
        with engine.begin() as connection:
            connection.execute(
                INSERT_ASKED,
                {"id": made, "territory": body["territory"], "asked": body, "at": now},
            )
            connection.execute(
                INSERT_OWED,
                {"id": promise, "job": "match", "ids": {"request": str(made)}, "due_at": now},
            )
        if queue is not None:
            queue.enqueue("bench.bare_job.match", str(promise), result_ttl=0)
        return jsonify(id=str(made)), 201

    return app
