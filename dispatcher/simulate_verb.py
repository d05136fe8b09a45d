"""`./snp simulate SCENARIO.toml`: a scenario lived through on the real engine, no database."""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.matching.prices import Prices
from dispatcher.domain.simulation.comparing import compare, prices_of, simulate
from dispatcher.domain.simulation.policies import PolicyName
from dispatcher.domain.simulation.scenario import Scenario, read_scenario
from dispatcher.domain.simulation.tally import Tally

NBSP = "\u00a0"
AT_ONCE = 2
"""Policies compared side by side, each in a process of its own."""
COLUMNS: Mapping[str, str] = {
    "cost": "coût",
    "served_pct": "servies (%)",
    "served_in_delay_pct": "dans le délai (%)",
    "km": "km",
    "wait_h": "attente (h)",
    "gini": "Gini",
}


def run(arguments: argparse.Namespace) -> int:
    """Print what came of it. Raises InvalidError on a scenario that cannot be read."""
    scenario = read_file(arguments.scenario, arguments.seed)
    if not arguments.compare:
        tally = simulate(scenario)
        _tell({"scenario": scenario.name, **tally.as_json()}, as_json=arguments.json)
        return 0
    compared = {
        "policies": [
            {"policy": str(name), **tally.compared()}
            for name, tally in compare_side_by_side(scenario).items()
        ]
    }
    if arguments.json:
        _tell(compared, as_json=True)
    else:
        sys.stdout.write(_table(compared["policies"]))
    return 0


def read_file(path: Path, seed: int | None = None) -> Scenario:
    """The scenario of a TOML file.

    Raises InvalidError: a sentence by key, or one for the file that cannot be read.
    """
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise InvalidError({str(path): f"Ce fichier ne peut pas être lu ({reason})."}) from error
    except UnicodeDecodeError as error:
        raise InvalidError({str(path): "Ce fichier n’est pas du texte en UTF-8."}) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidError({str(path): f"Ce fichier n’est pas du TOML{NBSP}: {error}."}) from error
    return read_scenario(stored if seed is None else {**stored, "seed": seed})


def compare_side_by_side(scenario: Scenario) -> dict[PolicyName, Tally]:
    """Every policy on the same weeks, two at a time; the same figures as one after the other."""
    prices = prices_of(scenario)
    names = list(PolicyName)
    workers = min(AT_ONCE, os.cpu_count() or 1)
    # spawned: the same on every system, and safe beside threads
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
        tallies = processes.map(_one_policy, [(scenario, name, prices) for name in names])
        return dict(zip(names, tallies, strict=True))


def _one_policy(task: tuple[Scenario, PolicyName, Prices]) -> Tally:
    scenario, name, prices = task
    return compare(scenario, [name], prices)[name]


def _tell(figures: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
        return
    for name, value in _flat(figures):
        sys.stdout.write(f"{name:32}{value}\n")


def _flat(figures: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _table(policies: Sequence[Mapping[str, Any]]) -> str:
    head = f"{'':12}" + "".join(f"{title:>18}" for title in COLUMNS.values())
    lines = [
        f"{each['policy']:12}" + "".join(f"{each[key]:>18.3f}" for key in COLUMNS)
        for each in policies
    ]
    return "\n".join([head, *lines, ""])
