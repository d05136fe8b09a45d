"""P12: an extract of the national directory, real in shape: how fast it is read, in what memory.

Each reading runs in a process of its own, whose peak memory is asked of the system afterwards. The
limit is what reading the same file line by line and taking each line apart costs by itself. Two
million lines are 700 MB, written to the temporary folder (TMPDIR) first. About 3 min.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, run
from bench.stage import database
from config.communes import Communes
from tests.fakes.rpps_extract import HEADER, cells, line

MOST_MEGABYTES = 300
DEPARTMENT = "39"
ALL_OF_FRANCE = 34_969
"""Communes; those of the département have some 1.4 % of the lines, as in the real file."""
PROFESSIONS = ("10", "60", "70", "50", "40", "21", "80", "91", "86", "26")
BLOCK = 20_000
TERRITORY = "banc"


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lines", type=int, nargs="+", default=[100_000, 2_000_000])
    parser.add_argument("--child", nargs=3, metavar=("WHAT", "FILE", "URL"), help=argparse.SUPPRESS)


def write(path: Path, lines: int) -> None:
    """An extract of so many lines, in blocks that are drawn once and differ by their numbers."""
    draw = random.Random(7)
    codes = [commune.insee for commune in Communes.load()]
    templates = []
    for number in range(2_000):
        values = cells(number, Code_profession=draw.choice(PROFESSIONS))
        values |= {
            "Code commune (coord. structure)": draw.choice(codes),
            "Raison sociale site": "SELARL DES ESSAIS DE LA GARE",
            "Code secteur d'activité": "SA07",
            "Libellé secteur d'activité": "Cabinet individuel",
        }
        templates.append((values, line(values)))
    with path.open("w", encoding="utf-8") as file:
        file.write("".join(f"{name}|" for name in HEADER) + "\n")
        for start in range(0, lines, BLOCK):
            block = []
            for number in range(start, min(start + BLOCK, lines)):
                values, text = templates[number % len(templates)]
                old = values["Identifiant PP"]
                block.append(
                    text.replace(old, f"999{number:08d}").replace("ESSAI", f"ESSAI{number}")
                )
            file.write("\n".join(block) + "\n")


def child(what: str, path: Path, url: str) -> None:
    """What is measured; prints seconds and peak memory in MB."""
    begun = time.perf_counter()
    if what == "bare":
        count = 0
        with path.open("rb") as file:
            for each in file:
                count += len(each.split(b"|")) > 1
        told: dict[str, float] = {"kept": count}
        seconds = time.perf_counter() - begun
    else:
        told, seconds = _import(path, url)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, **told}))


def _import(path: Path, url: str) -> tuple[dict[str, float], float]:
    """As `./snp directory import --apply` does it, over an empty territory."""
    from dispatcher.bootstrap import build
    from dispatcher.domain.events import OPERATOR
    from dispatcher.reads.territories import territory_of
    from dispatcher.services import directory
    from dispatcher.services.commands import FoundTerritory
    from dispatcher.services.directory_reading import communes_of, read_directory
    from dispatcher.services.founding import found_territory
    from tests.houses import settings_for

    house = build(settings_for(url))
    if territory_of(house.db, TERRITORY) is None:
        found_territory(
            house,
            FoundTerritory(
                code=TERRITORY,
                name="CPTS Banc",
                timezone="Europe/Paris",
                department=DEPARTMENT,
                phone="03 53 01 00 01",
            ),
        )
    territory = territory_of(house.db, TERRITORY)
    assert territory is not None
    communes = communes_of(house, [DEPARTMENT])
    begun = time.perf_counter()
    with path.open("rb") as file:
        import_id = read_directory(house, territory.id, OPERATOR, file, path.name, communes)
    read = time.perf_counter() - begun
    choice = directory.Choice(
        communes=communes, professions=list(house.catalogue.professions), employed=True
    )
    directory.choose(house, territory.id, OPERATOR, import_id, choice)
    begun = time.perf_counter()
    directory.run_import(house, import_id)
    written = time.perf_counter() - begun
    people = directory.report_of(house, territory.id, import_id)["people"]
    house.db.dispose()
    return {"kept": len(people), "written": written}, read


def asked(what: str, path: Path, url: str) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "bench.p12_directory", "--child", what, str(path), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    for lines in arguments.lines:
        with tempfile.TemporaryDirectory(prefix="snp-bench-") as folder, database("sqlite") as url:
            path = Path(folder) / "extrait.txt"
            write(path, lines)
            bare, ours = asked("bare", path, url), asked("ours", path, url)
            again = asked("ours", path, url)
            size = path.stat().st_size / 1e6
        what = f"{lines:,} lines ({size:,.0f} MB)"
        yield Figure(
            number="P12",
            what=f"{what}: read, {ours['kept']:,.0f} people kept",
            unit="s",
            ours=ours["seconds"],
            target="≥ 0.3 × bare reading",
            holds=bare["seconds"] / ours["seconds"] >= 0.3,
            limit=bare["seconds"],
            limit_is="lines read and split",
            ratio=bare["seconds"] / ours["seconds"],
        )
        yield Figure(
            number="P12",
            what=f"{what}: peak memory",
            unit="MB",
            ours=max(ours["megabytes"], again["megabytes"]),
            target=f"< {MOST_MEGABYTES} MB",
            holds=max(ours["megabytes"], again["megabytes"]) < MOST_MEGABYTES,
            limit=bare["megabytes"],
            limit_is="bare reading",
        )
        for name, found in (("written", ours), ("the same again", again)):
            yield Figure(
                number="P12",
                what=f"{what}: {found['kept']:,.0f} people {name}",
                unit="s",
                ours=found["written"],
                target="< 60 s",
                holds=found["written"] < 60,
            )


if __name__ == "__main__":
    if "--child" in sys.argv:
        child(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        run(__doc__, measure, declare)
