"""E-mail in memory: it can be told to fail, before or after taking."""

from collections import deque

from dispatcher.gateways.email import EmailProblem, OutgoingEmail


class FakeEmail:
    """Implements `EmailGateway`. `taken` is what mailboxes got, doubles included, in order."""

    def __init__(self) -> None:
        self.taken: list[OutgoingEmail] = []
        self._problems: deque[tuple[EmailProblem, bool]] = deque()

    def fail_next(self, problem: EmailProblem, *, taken: bool = False) -> None:
        """The next send raises `problem`, its message taken all the same or not."""
        self._problems.append((problem, taken))

    def send(self, message: OutgoingEmail) -> None:
        problem, taken = self._problems.popleft() if self._problems else (None, True)
        if taken:
            self.taken.append(message)
        if problem is not None:
            raise problem
