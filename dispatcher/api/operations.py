"""What the API can do, as data: the routes are served from it and OpenAPI is written from it."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House

Method = Literal["GET", "POST", "DELETE"]
_PARAMETER = re.compile(r"<uuid:\w+>")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address under /api/v1.

    The view's signature is the only place that says what comes in and goes out: `call` first, the
    ids of the path by name, `command` for a body, `query` for a query string, and the answer as
    what it returns.
    """

    method: Method
    path: str
    view: Callable[..., Any]
    roles: frozenset[Role]
    summary: str
    status: int = 200
    conflicts: tuple[str, ...] = ()
    """Codes of the problems by which it is refused with 409."""
    refusals: tuple[str, ...] = ()
    """Codes of those with 422, besides fields that are wrong."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of its answer, with what they say."""
    all_faults: Callable[[House, Account, Mapping[str, Any], Mapping[str, str]], Any] | None = None
    """Given a body that cannot be read and why, adds what else is wrong with it."""

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.view.__name__

    @cached_property
    def command(self) -> type[BaseModel] | None:
        """The shape of the body."""
        return self._hints.get("command")

    @cached_property
    def query(self) -> type[BaseModel] | None:
        """The shape of the query string."""
        return self._hints.get("query")

    @cached_property
    def answer(self) -> TypeAdapter[Any]:
        """What writes the answer as JSON."""
        return TypeAdapter(self._hints["return"])

    @property
    def answers_a_list(self) -> bool:
        """Whether the answer is a list of its shape."""
        return get_origin(self._hints["return"]) is list

    @property
    def answered_shape(self) -> type[BaseModel]:
        """The shape of the answer, or of each thing in its list."""
        answer = self._hints["return"]
        shape: type[BaseModel] = get_args(answer)[0] if self.answers_a_list else answer
        return shape

    @property
    def has_id(self) -> bool:
        """Whether its path names one thing."""
        return _PARAMETER.search(self.path) is not None

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it: `/requests/{id}`."""
        return _PARAMETER.sub("{id}", self.path)

    @property
    def is_idempotent_by_key(self) -> bool:
        """Whether it honours `Idempotency-Key`."""
        return self.method == "POST"

    @property
    def _hints(self) -> Mapping[str, Any]:
        return inspect.get_annotations(self.view)
