"""GET /metrics: what Prometheus watches, for whoever has the token of its own.

All of it is read from the database and the queues at the time of asking: whichever process answers
says the same. docs/operations.md tells what to be woken for.
"""

import secrets
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from dispatcher.reads.health import promises_and_ticks, versions
from dispatcher.reads.watching import live_requests, owed_by_job
from dispatcher.services.house import House
from dispatcher.web.access import house, open_to_everybody

room = Blueprint("metrics", __name__)


@room.get("/metrics")
@open_to_everybody("it asks for a token of its own, and names nobody")
def metrics() -> ResponseReturnValue:
    """404 where no token is set, 401 without it, 503 without a database."""
    token = house().settings.metrics_token
    if token is None:
        abort(404)
    given = request.authorization.token if request.authorization else None
    if not secrets.compare_digest((given or "").encode(), token.encode()):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(house()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """Raises UnavailableError when it is collected without a database."""

    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> list[Metric]:
        """Nothing is asked before it is collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        found = promises_and_ticks(self._house.db)
        now = self._house.clock()
        yield GaugeMetricFamily(
            "snp_redis_up", "1 while the queues answer.", value=self._house.bell.answers()
        )
        yield _ages(
            "snp_promise_overdue_seconds",
            "Age of the oldest promise that is due and not kept; 0 for none.",
            found.oldest_overdue_seconds,
        )
        yield _ages(
            "snp_sms_unsent_seconds",
            "Age of the oldest SMS that cannot wait and has not left; 0 for none.",
            found.oldest_unsent_seconds,
        )
        yield _ages(
            "snp_email_unsent_seconds",
            "Age of the oldest e-mail that has not left; 0 for none.",
            found.oldest_email_seconds,
        )
        ticks = GaugeMetricFamily(
            "snp_tick_age_seconds", "Since a recurring process last lived.", labels=["process"]
        )
        for name, at in found.ticks.items():
            ticks.add_metric([name], (now - at).total_seconds())
        yield ticks
        yield from self._counts()

    def _counts(self) -> Iterator[Metric]:
        promises = GaugeMetricFamily(
            "snp_promises", "Promises not kept yet, or given up.", labels=["job", "state"]
        )
        for job, owed in owed_by_job(self._house.db).items():
            for state in ("waiting", "due", "held", "dead"):
                promises.add_metric([job, state], getattr(owed, state))
        yield promises
        requests = GaugeMetricFamily("snp_requests_live", "Live requests.", labels=["status"])
        late = GaugeMetricFamily(
            "snp_requests_late", "Requests that wait past the asked delay.", labels=["status"]
        )
        for status, (live, past) in live_requests(self._house.db).items():
            requests.add_metric([status.value], live)
            late.add_metric([status.value], past)
        yield requests
        yield late
        queues = GaugeMetricFamily("snp_queue_jobs", "Jobs that wait.", labels=["queue"])
        for name, depth in self._house.bell.depths().items():
            queues.add_metric([name], depth)
        yield queues
        runs = versions(self._house.db)
        yield _info(runs.software, runs.schema, runs.engine, runs.python)


def _ages(name: str, words: str, seconds: float | None) -> Metric:
    return GaugeMetricFamily(name, words, value=seconds or 0.0)


def _info(*versions: str) -> Metric:
    family = GaugeMetricFamily(
        "snp_build_info",
        "1, with the versions of what runs here.",
        labels=["version", "schema", "database", "python"],
    )
    family.add_metric(versions, 1)
    return family
