"""A year of contract as the fields of a form, and back.

Names are those of the file's tables: `contract.first`, `mission.0.line.2.eur`,
`mission.0.line.2.tiers.1.limit`. A row of a tier that is left empty is no tier.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from dispatcher.domain.aci.contract import Contract, Line, Mission
from dispatcher.web.forms import number

Values = dict[str, str]
HEAD = tuple(each.name for each in fields(Contract) if each.name != "missions")
MISSION = tuple(each.name for each in fields(Mission) if each.name != "lines")
LINE = tuple(each.name for each in fields(Line) if each.name not in {"tiers", "value"})
TIER = ("limit", "eur")
SPARE_TIERS = 2
"""Empty rows below the tiers that there are."""
_NUMBERS = frozenset(
    {"fixed_eur", "variable_eur", "eur", "baseline", "target", "delta", "limit", "size"}
    | {"days_in_year"}
)
_ROW = re.compile(r"\d{1,4}", re.ASCII)
_NO_WORD = re.compile(r"[^a-z0-9]+")
LONGEST_CODE = 40


def fields_of(contract: Contract) -> Values:
    """The fields of a contract, without any value of a line."""
    values = {f"contract.{name}": _written(getattr(contract, name)) for name in HEAD}
    for at, mission in enumerate(contract.missions):
        values |= {f"mission.{at}.{name}": _written(getattr(mission, name)) for name in MISSION}
        for number_, line in enumerate(mission.lines):
            here = f"mission.{at}.line.{number_}"
            values |= {f"{here}.{name}": _written(getattr(line, name)) for name in LINE}
            for step, tier in enumerate(line.tiers):
                values |= {
                    f"{here}.tiers.{step}.{name}": _written(getattr(tier, name)) for name in TIER
                }
    return values


def tables_of(values: Mapping[str, str]) -> dict[str, Any]:
    """What `parse_contract` takes; what is left empty is left out, what is no number stays text."""
    return {
        "contract": _table(values, "contract", HEAD),
        "mission": [
            _table(values, here, MISSION)
            | {
                "line": [
                    _table(values, there, LINE)
                    | {
                        "tiers": [
                            _table(values, step, TIER) for step in rows(values, f"{there}.tiers")
                        ]
                    }
                    for there in rows(values, f"{here}.line")
                ]
            }
            for here in rows(values, "mission")
        ],
    }


def posted(form: Mapping[str, str]) -> Values:
    """What a form says, its rows numbered anew and the empty tiers left out; codes where none is.

    A box that is not ticked is not posted.
    """
    values = {f"contract.{name}": form.get(f"contract.{name}", "") for name in HEAD}
    taken: set[str] = set()
    for at, mission in enumerate(rows(form, "mission")):
        here = f"mission.{at}"
        values |= {f"{here}.{name}": form.get(f"{mission}.{name}", "") for name in MISSION}
        _name(values, here, taken)
        for number_, line in enumerate(rows(form, f"{mission}.line")):
            there = f"{here}.line.{number_}"
            values |= {f"{there}.{name}": form.get(f"{line}.{name}", "") for name in LINE}
            _name(values, there, taken)
            tiers = [
                step
                for step in rows(form, f"{line}.tiers")
                if any(form.get(f"{step}.{name}", "").strip() for name in TIER)
            ]
            for row, step in enumerate(tiers):
                values |= {
                    f"{there}.tiers.{row}.{name}": form.get(f"{step}.{name}", "") for name in TIER
                }
    return values


def rows(values: Mapping[str, str], table: str) -> Iterator[str]:
    """The names of a table's rows, in their order: `mission.0`, `mission.1`."""
    start = f"{table}."
    found = {
        int(first)
        for name in values
        if name.startswith(start) and _ROW.fullmatch(first := name[len(start) :].split(".")[0])
    }
    return (f"{table}.{each}" for each in sorted(found))


def with_line(values: Values, mission: int) -> Values:
    """One more line, empty, at the end of a mission."""
    at = len(list(rows(values, f"mission.{mission}.line")))
    return values | {f"mission.{mission}.line.{at}.{name}": "" for name in LINE}


def with_mission(values: Values) -> Values:
    """One more mission, empty."""
    at = len(list(rows(values, "mission")))
    return values | {f"mission.{at}.{name}": "" for name in MISSION}


def without(values: Values, row: str) -> Values:
    """All but a mission or a line, given by its name; the others are numbered anew."""
    return posted({name: said for name, said in values.items() if not name.startswith(f"{row}.")})


def tier_rows(values: Mapping[str, str], line: str) -> Sequence[str]:
    """The tiers of a line, and some empty rows for more."""
    there = len(list(rows(values, f"{line}.tiers")))
    return [f"{line}.tiers.{row}" for row in range(there + SPARE_TIERS)]


def _table(values: Mapping[str, str], here: str, names: Sequence[str]) -> dict[str, Any]:
    found = {name: values.get(f"{here}.{name}", "").strip() for name in names}
    return {name: _read(name, said) for name, said in found.items() if said}


def _read(name: str, said: str) -> str | float | bool:
    if name == "carried_over":
        return True
    if name not in _NUMBERS or (figure := number(said)) is None:
        return said
    return int(figure) if figure.is_integer() else figure


def _name(values: Values, here: str, taken: set[str]) -> None:
    """A code of its own for whoever has none: nobody has to think of one."""
    code = values[f"{here}.code"].strip()
    if not code:
        plain = unicodedata.normalize("NFKD", values[f"{here}.label"]).encode("ascii", "ignore")
        word = _NO_WORD.sub("_", plain.decode().lower()).strip("_")[: LONGEST_CODE - 4] or "ligne"
        code = next(
            each
            for each in (word, *(f"{word}_{number_}" for number_ in range(2, 1000)))
            if each not in taken
        )
        if not values[f"{here}.label"].strip():
            return
    taken.add(code)
    values[f"{here}.code"] = code


def _written(value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float):
        return f"{value:.10g}".replace(".", ",")
    return str(value)
