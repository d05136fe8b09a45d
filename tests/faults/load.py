"""Callers of the API while something breaks: each says its request again until it is answered."""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import requests

from dispatcher.domain.roles import Account
from dispatcher.services.accounts import issue_token
from tests.builders import LONS, Volunteer, mobile
from tests.faults.stage import Stage

CREATED, CONFLICT, FAILED, UNAVAILABLE = 201, 409, 500, 503
PATIENCE_SECONDS = 90.0
"""For one request, all its repetitions together."""
PAUSE_SECONDS = 0.25
TIMEOUTS = (3.0, 15.0)
"""Until it is connected, and until it is answered."""
FIRST_NUMBER = 6000
"""Mobiles set aside for fiction that no practitioner of `tests.builders` has."""


class Load:
    """`rate` requests a second, and one slot published and withdrawn for each ten of them.

    A refused connection, an answer that never came and a 503 with Retry-After are said again, with
    the same Idempotency-Key, at the next site, as a proxy in front of them would. Whatever else is
    not a 201 stands in `unexpected`.
    """

    def __init__(
        self, on: Stage, sites: Sequence[int | str], *, rate: float, callers: int = 8
    ) -> None:
        """`sites` are ports of this machine, or addresses with their port."""
        self._on = on
        self._urls = itertools.cycle(
            [f"http://{site if isinstance(site, str) else f'127.0.0.1:{site}'}" for site in sites]
        )
        regulator: Account = on.town.regulator
        token = issue_token(on.house, regulator.user_id, "charge")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._publisher: Volunteer = on.town.volunteer()
        self._pause = callers / rate
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]
        self.answered: list[str] = []
        self.repeated: Counter[str] = Counter()
        self.unexpected: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS + 30)

    def _call(self) -> None:
        while not self._ended.wait(self._pause):
            with self._lock:
                number = next(self._numbers)
            found = self._post("/api/v1/requests", f"load-{number}", self._body(number))
            if found is not None:
                self.answered.append(found["id"])
            if number % 10 == 0:
                self._publish_and_withdraw(number)

    def _publish_and_withdraw(self, number: int) -> None:
        start = self._on.town.in_hours(20 + number / 100).replace(microsecond=0)
        body = {
            "practitioner": str(self._publisher.id),
            "place": str(self._publisher.place),
            "start": start.isoformat(),
            "end": self._on.town.in_hours(20.06 + number / 100).replace(microsecond=0).isoformat(),
            "modality": "AMB",
        }
        slot = self._post("/api/v1/slots", f"slot-{number}", body)
        if slot is not None:
            self._withdraw(f"/api/v1/slots/{slot['id']}")

    def _site(self) -> str:
        with self._lock:
            return next(self._urls)

    def _withdraw(self, path: str) -> None:
        """Once: whether it is withdrawn does not matter."""
        try:
            answer = requests.delete(
                f"{self._site()}{path}", headers=self._headers, timeout=TIMEOUTS
            )
        except requests.RequestException as error:
            self.repeated[type(error).__name__] += 1
            return
        if answer.status_code >= FAILED and not _is_clear_retry(answer):
            self.unexpected.append(f"{answer.status_code} {answer.text[:200]}")

    def _post(self, path: str, key: str, body: object) -> dict[str, str] | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = {**self._headers, "Idempotency-Key": key, "Content-Type": "application/json"}
        while time.monotonic() < deadline:
            try:
                answer = requests.post(
                    f"{self._site()}{path}", json.dumps(body), headers=headers, timeout=TIMEOUTS
                )
            except requests.RequestException as error:
                self.repeated[type(error).__name__] += 1
            else:
                if answer.status_code == CREATED:
                    found: dict[str, str] = answer.json()
                    return found
                if not _is_clear_retry(answer):
                    self.unexpected.append(f"{answer.status_code} {answer.text[:200]}")
                    return None
                self.repeated[str(answer.status_code)] += 1
            time.sleep(PAUSE_SECONDS)  # a caller who was told to come back
        self.unexpected.append(f"{key} was not answered within {PATIENCE_SECONDS} s")
        return None

    def _body(self, number: int) -> object:
        return {
            "territory": self._on.town.code,
            "patient": {
                "last_name": f"Patiente{number}",
                "first_name": "Camille",
                "birth_date": "1950-02-03",
                "phone": mobile(FIRST_NUMBER + number % 3900),
                "commune": LONS,
                "has_gp": False,
            },
            "need": {"profession": "10", "modalities": ["AMB"], "delay_hours": 24},
            "origin": "SAS",
        }


def _is_clear_retry(answer: requests.Response) -> bool:
    """503 with the hour to come back, or the first call of the same key is still being answered."""
    if answer.status_code == UNAVAILABLE:
        return "Retry-After" in answer.headers
    return answer.status_code == CONFLICT and "Retry-After" in answer.headers
