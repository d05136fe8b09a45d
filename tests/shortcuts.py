"""Work that every test would repeat and none is about, done once for all tests of a process."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from dispatcher.domain.passwords import fault_of_password
from dispatcher.services import accounts
from dispatcher.storage.engines import make_engine, reading_engine
from tests.builders import PASSWORD

PRODUCTION_HASHER = accounts._HASHER
Builder = Callable[..., tuple[str, str]]
_BUILDERS: dict[tuple[object, ...], Builder] = {}
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class KeptBytecode(BytecodeCache):
    """What Jinja compiled for one test's site serves those after it."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, when its template was compiled before."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


def of_nobody(password: str, about: Iterable[str] = ()) -> str | None:
    """The rule, without a look at the password that nearly every account of the tests has."""
    return None if password == PASSWORD else fault_of_password(password, about)


_compile_builder: Callable[[Rule, bool], Builder] = Rule._compile_builder


def kept_builder(rule: Rule, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002 - Werkzeug's
    """What writes the addresses of a rule, which Werkzeug compiles for each site anew.

    It takes the rule as its first argument, and so serves that of every site.
    """
    key = (rule.rule, append_unknown, tuple(sorted((rule.defaults or {}).items())))
    if key not in _BUILDERS:
        _BUILDERS[key] = _compile_builder(rule, append_unknown)
    return _BUILDERS[key]


@contextlib.contextmanager
def taken() -> Iterator[None]:
    """One engine for each address, cheap hashes of passwords, templates and routes compiled once.

    SQLAlchemy compiles each statement once for an engine: a third of all time went into that while
    each test had its own. `dispose()` empties an engine of all but what was compiled.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dispatcher.storage.unit.make_engine", cache(make_engine))
        patch.setattr("dispatcher.storage.unit.reading_engine", cache(reading_engine))
        patch.setattr(accounts, "_HASHER", CHEAP_HASHER)
        patch.setattr(accounts, "fault_of_password", of_nobody)
        patch.setattr(Rule, "_compile_builder", kept_builder)
        patch.setitem(Flask.jinja_options, "bytecode_cache", KeptBytecode())
        yield
