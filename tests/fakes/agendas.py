"""Agendas in memory: files by address, each with its ETag, or the problem of fetching it."""

from dispatcher.domain.agendas.problems import AgendaProblem
from dispatcher.gateways.agendas import AgendaNotFetchedError, Fetched


class FakeAgendas:
    """Implements `AgendaSource`. `asked` holds the addresses and the ETags of each question."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | AgendaProblem] = {}
        self.asked: list[tuple[str, str | None]] = []

    def fetch(
        self, url: str, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | None:
        del last_modified
        self.asked.append((url, etag))
        held = self.files.get(url, AgendaProblem.GONE)
        if isinstance(held, AgendaProblem):
            raise AgendaNotFetchedError(held)
        now = f'"{hash(held)}"'
        return None if etag == now else Fetched(held, now, None)
