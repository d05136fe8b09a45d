"""Parts of pages that renew themselves: a cheap state first, the page only when it has changed."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Self

from flask import Response, current_app, make_response, request

EVERY_HEADER = "X-Live-Every"
"""Milliseconds after which the page is to ask again; 0 when nothing will change any more."""
NOT_MODIFIED = 304
CHARACTERS_KEPT = 8_000_000
"""Of the parts rendered last, for all territories together: some megabytes in each process."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """What a part shows now. `etag` is an entity tag with its quotes, `every` in milliseconds."""

    etag: str
    every: int

    @classmethod
    def of(cls, shown: object, every: int) -> Self:
        """Of anything whose repr changes when what is shown does."""
        digest = hashlib.sha256(repr(shown).encode()).hexdigest()[:32]
        return cls(f'"{digest}"', every)


class Renderings:
    """The parts rendered last that are the same for everybody who asks for them, by their tag.

    A change of the board reaches all who look at it within one interval: it is rendered once, and
    whoever asks meanwhile waits for that. Kept in this process alone.
    """

    def __init__(self) -> None:
        self._turn = Lock()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def of(self, etag: str, render: Callable[[], str]) -> str:
        """The part of that tag, rendered unless it was."""
        with self._turn:
            if etag not in self._kept:
                part = self._kept[etag] = render()
                self._characters += len(part)
                while self._characters > CHARACTERS_KEPT and len(self._kept) > 1:
                    _, oldest = self._kept.popitem(last=False)
                    self._characters -= len(oldest)
            return self._kept[etag]


def fragment(state: LiveState, render: Callable[[], str], *, is_shared: bool = False) -> Response:
    """The part, or 304 without rendering it when the browser has it already.

    Shared is what its tag alone decides, whoever asks.
    """
    # A proxy that compresses makes the tag a weak one.
    known = request.if_none_match.contains_weak(state.etag.strip('"'))
    if known:
        answer = make_response("", NOT_MODIFIED)
    elif is_shared:
        renderings: Renderings = current_app.extensions["renderings"]
        answer = make_response(renderings.of(state.etag, render))
    else:
        answer = make_response(render())
    answer.headers["ETag"] = state.etag
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers[EVERY_HEADER] = str(state.every)
    return answer
