"""P14: the five best slots beside the form while a request is typed, 20,000 open in the territory.

The whole way of one answer in the web process: session, form, known patients, slots, page. The
limit is the same form with neither delay nor commune, which has nothing to look for.
"""

import argparse
import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus

from flask.testing import FlaskClient

from bench.figures import Figure, median, percentile, run
from bench.p5_candidates import fill, milliseconds
from bench.stage import ENGINES, database, environment, house_of
from config.gunicorn import settle
from config.logging import configure
from dispatcher.web.application import create_app
from tests.builders import LONS, PASSWORD

TARGET_MS = 200.0
PANEL = "/demandes/nouvelle/en-direct"
TYPED = {
    "call": "0" * 32,
    "patient.phone": "06 39 98 12 34",
    "patient.last_name": "Baud",
    "patient.first_name": "Jeanne",
    "patient.birth_date": "03/02/1950",
    "patient.gp_choice": "none",
    "need.profession": "10",
    "need.modalities": "AMB",
}
ASKED = {"patient.commune": LONS, "patient.commune_text": "Lons-le-Saunier"}


def token_of(client: FlaskClient, path: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def panel(client: FlaskClient, typed: Mapping[str, str]) -> str:
    """What stands beside the form while this is typed."""
    answer = client.post(PANEL, data=typed)
    assert answer.status_code == HTTPStatus.OK, answer.status
    return answer.get_data(as_text=True)


def processor_time(work: Callable[[], object], times: int) -> list[float]:
    """What each run took of this process's processor, in milliseconds."""
    seen = []
    for _ in range(times):
        begun = time.process_time()
        work()
        seen.append((time.process_time() - begun) * 1000)
    return seen


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Both engines, a short delay and the longest."""
    configure("WARNING")
    for engine in arguments.engines:
        with database(engine) as url, house_of(environment(url)) as house:
            town = fill(house, arguments.slots)
            client = create_app(house).test_client()
            signing = {"csrf_token": token_of(client, "/connexion"), "password": PASSWORD}
            client.post("/connexion", data=signing | {"login": town.regulator.login})
            typed = TYPED | {"csrf_token": token_of(client, "/demandes/nouvelle")}

            settle()  # as each process of the site does once it is loaded
            limit = percentile(milliseconds(partial(panel, client, typed), arguments.times), 0.95)
            for delay in ("24", "72"):
                asked = partial(panel, client, typed | ASKED | {"need.delay_hours": delay})
                assert "Dr " in asked()  # a slot is there; and statements are compiled
                seen = percentile(milliseconds(asked, arguments.times), 0.95)
                spent = median(processor_time(asked, arguments.times))
                yield Figure(
                    number="P14",
                    what=f"{engine}, within {delay} h, processor time of the web process, median",
                    unit="ms",
                    ours=spent,
                    target=f"< {TARGET_MS:.0f} ms",
                    holds=spent < TARGET_MS,
                )
                yield Figure(
                    number="P14",
                    what=f"{engine}, {arguments.slots:,} open slots, within {delay} h, p95",
                    unit="ms",
                    ours=seen,
                    limit=limit,
                    limit_is="nothing to look for",
                    ratio=limit / seen,
                    target=f"< {TARGET_MS:.0f} ms",
                    holds=seen < TARGET_MS,
                )


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--slots", type=int, default=20_000, help="open slots of the territory")
    parser.add_argument("--times", type=int, default=40, help="answers of each kind")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)


if __name__ == "__main__":
    run(__doc__, measure, declare)
