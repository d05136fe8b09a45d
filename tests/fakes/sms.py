"""A gateway in memory, for tests of what sends: it can be told to fail, before or after taking."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from dispatcher.domain.messages import MessageStatus
from dispatcher.gateways.sms import Accepted, Found, OutgoingSms, SmsProblem


@dataclass(frozen=True)
class Taken:
    """A message that the fake took; not idempotent, so that a double send shows."""

    sid: str
    message: OutgoingSms


class FakeSms:
    """Implements `SmsGateway`. `taken` is what the network really carried, in order."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.finds = 0
        self.senders: dict[str, str] = {}
        self._problems: deque[tuple[SmsProblem, bool]] = deque()
        self._find_problems: deque[SmsProblem] = deque()

    def fail_next(self, problem: SmsProblem, *, taken: bool = False) -> None:
        """The next send raises `problem`, its message taken all the same or not."""
        self._problems.append((problem, taken))

    def fail_next_find(self, problem: SmsProblem) -> None:
        """The next question to the list raises `problem`."""
        self._find_problems.append(problem)

    def recover(self) -> None:
        """Whatever was still to go wrong does not."""
        self._problems.clear()
        self._find_problems.clear()

    def send(self, message: OutgoingSms) -> Accepted:
        problem, taken = self._problems.popleft() if self._problems else (None, True)
        if taken:
            self.taken.append(Taken(f"SM{uuid4().hex}", message))
        if problem is not None:
            raise problem
        return Accepted(self.taken[-1].sid, MessageStatus.SENT)

    def sender_of(self, territory_code: str) -> str:
        """One for all, unless a test says otherwise."""
        return self.senders.get(territory_code, "fake")

    def find(
        self, message: OutgoingSms, since: datetime, known_sids: Collection[str] = ()
    ) -> Found | None:
        self.finds += 1
        if self._find_problems:
            raise self._find_problems.popleft()
        for taken in self.taken:
            same = (taken.message.to, taken.message.body) == (message.to, message.body)
            if same and taken.sid not in known_sids:
                return Found(taken.sid, MessageStatus.SENT)
        return None

    def bodies_to(self, phone: str) -> list[str]:
        """What a number was sent, in order."""
        return [taken.message.body for taken in self.taken if taken.message.to == phone]
