"""Parts of pages that renew themselves: a cheap state first, the page only when it has changed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from flask import Response, make_response, request

EVERY_HEADER = "X-Live-Every"
"""Milliseconds after which the page is to ask again; 0 when nothing will change any more."""
NOT_MODIFIED = 304


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


def fragment(state: LiveState, render: Callable[[], str]) -> Response:
    """The part, or 304 without rendering it when the browser has it already."""
    # A proxy that compresses makes the tag a weak one.
    known = request.if_none_match.contains_weak(state.etag.strip('"'))
    answer = make_response("", NOT_MODIFIED) if known else make_response(render())
    answer.headers["ETag"] = state.etag
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers[EVERY_HEADER] = str(state.every)
    return answer
