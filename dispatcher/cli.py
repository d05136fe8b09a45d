"""The verbs of `./snp`. Each imports what it needs when it is used, so that all answer at once.

A verb is three lines in VERBS: its help, a function that declares its arguments, and one that runs
it and returns the exit code. Commands that destroy are dry unless told otherwise; those that print
a figure take --json.
"""

import argparse
import dataclasses
import getpass
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import IncompleteSettingsError, Settings
from dispatcher import (
    aci_verb,
    audit_verb,
    backup_verb,
    directory_verb,
    indicators_verb,
    keys_verb,
    person_verb,
)
from dispatcher.demo.directory import Unusable
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, RefusedError

if TYPE_CHECKING:
    from dispatcher.services.house import House

ROOT = Path(__file__).resolve().parents[1]
HIGHEST_PORT = 65535
MISUSED = 2

PYTHON = (sys.executable, "-P")
"""How to run what belongs to the project or its environment, whatever folder we are in."""

SLOW = ("attacks", "browser", "faults")
"""Suites with a marker of their own: `./snp test faults` runs one of them."""
QUICK = ("-n", "2", "-m", " and ".join(f"not {suite}" for suite in SLOW))
"""What ./snp test runs when nothing else is asked: two processes, without the slow suites."""

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("style", ("-m", "ruff", "check")),
    ("mise en forme", ("-m", "ruff", "format", "--check", "--quiet")),
    ("types", ("-m", "mypy")),
    ("failles connues", ("-m", "dispatcher", "audit")),
    ("contrats d’import", ("-c", "import importlinter.cli as c; c.lint_imports_command()")),
    ("tests", ("-m", "pytest", *QUICK)),
    ("tests d’attaque, de navigateur et de pannes", ("-m", "pytest", "-m", " or ".join(SLOW))),
)

LOCKS: tuple[tuple[str, ...], ...] = (
    ("--output-file", "requirements.txt"),
    ("--output-file", "requirements-dev.txt", "--group", "dev", "--constraint", "requirements.txt"),
)
LOCKING = (
    *("uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal"),
    *("--python-version", "3.11", "--generate-hashes"),
    # a lock names packages and their hashes, not where somebody once fetched them
    *("--no-emit-index-url", "--no-header", "--no-annotate"),
)


@dataclass(frozen=True, slots=True)
class Verb:
    """One word after `./snp`."""

    help: str
    run: Callable[[argparse.Namespace], int]
    declare: Callable[[argparse.ArgumentParser], None] = lambda _: None
    passes_on: bool = False
    """Its arguments are another program's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code.

    2 when it was not run: an unknown verb, settings that lack something, a service's refusal,
    each told on the standard error.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="./snp", description="Soins non programmés")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE")
    for name, verb in VERBS.items():
        verb.declare(verbs.add_parser(name, help=verb.help, description=verb.help))
    if words and words[0] in VERBS and VERBS[words[0]].passes_on:
        known = argparse.Namespace(verb=words[0], rest=words[1:])
    else:
        known = parser.parse_args(words)
    try:
        return VERBS[known.verb].run(known)
    except IncompleteSettingsError as error:
        print(error, file=sys.stderr)
    except Unusable as refusal:
        print(refusal, file=sys.stderr)
    except InvalidError as refusal:
        for name, sentence in refusal.fields.items():
            print(f"{name}\u00a0: {sentence}", file=sys.stderr)
    except RefusedError as refusal:
        print(refusal.sentence, file=sys.stderr)
    return MISUSED


def port(text: str) -> int:
    """A TCP port as an argument."""
    if not text.isascii() or not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(
            f"un port va de 0 à {HIGHEST_PORT}, pas «{NBSP}{text}{NBSP}»"
        )
    return int(text)


def declare_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=8000, help="port du site (8000)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "var" / "demo", help="dossier des données (var/demo)"
    )
    parser.add_argument("--fresh", action="store_true", help="repart de zéro dans ce dossier")


def run_demo(arguments: argparse.Namespace) -> int:
    from dispatcher.demo.supervisor import demonstrate

    return demonstrate(port=arguments.port, data=arguments.data, fresh=arguments.fresh)


def run_test(arguments: argparse.Namespace) -> int:
    """The arguments are pytest's, or begin with a slow suite; without any, all but those suites."""
    suite, *rest = arguments.rest or [""]
    if suite in SLOW:
        return become("pytest", "-m", suite, *rest)
    return become("pytest", *(arguments.rest or QUICK))


def run_check(_: argparse.Namespace) -> int:
    """Each check in turn, all of them whatever the others say."""
    failed = []
    for name, command in CHECKS:
        print(f"── {name}", flush=True)
        if subprocess.run([*PYTHON, *command], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    if failed:
        print(f"À reprendre{NBSP}: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run_lock(arguments: argparse.Namespace) -> int:
    if shutil.which("uv") is None:
        print("Il faut uv pour figer les versions : pipx install uv.", file=sys.stderr)
        return MISUSED
    for lock in LOCKS:
        done = subprocess.run([*LOCKING, *lock, *arguments.rest], cwd=ROOT, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


def run_serve(arguments: argparse.Namespace) -> int:
    configuration = str(ROOT / "config" / "gunicorn.py")
    return become("gunicorn", "--config", configuration, *arguments.rest, "wsgi:app")


def run_migrate(_: argparse.Namespace) -> int:
    from dispatcher.storage.migrate import upgrade

    os.chdir(ROOT)
    upgrade(read_settings().database_url)
    return 0


def declare_sms(parser: argparse.ArgumentParser) -> None:
    count = parser.add_subparsers(dest="action", required=True).add_parser(
        "count", help="caractères et segments d’un texte, tel qu’il partirait"
    )
    count.add_argument("text", metavar="TEXTE")
    count.add_argument("--json", action="store_true")


def run_sms(arguments: argparse.Namespace) -> int:
    from dispatcher.domain.gsm import count

    counted = count(arguments.text)
    if arguments.json:
        print(json.dumps(counted, ensure_ascii=False))
    else:
        print(f"{counted['encoding']}, {counted['characters']} caractères, "
              f"{counted['segments']} SMS\n{counted['text']}")  # fmt: skip
    return 0


def declare_log(parser: argparse.ArgumentParser) -> None:
    verify = parser.add_subparsers(dest="action", required=True).add_parser(
        "verify", help="recalcule les sceaux du journal"
    )
    verify.add_argument("--data", type=Path, help="le dossier d’une démonstration")
    verify.add_argument("--json", action="store_true")


def run_log(arguments: argparse.Namespace) -> int:
    """1 if a day of the log no longer matches its seal, or has none that should."""
    from dispatcher.services.sealing import verify_log

    verdict = verify_log(open_house(arguments.data))
    if arguments.json:
        print(json.dumps(dataclasses.asdict(verdict), default=str))
    else:
        print(f"{verdict.days} jours scellés, {verdict.events} événements")
        for day in verdict.broken:
            print(f"Le journal du {day:%d/%m/%Y} a été modifié après avoir été scellé.")
        for day in verdict.unsealed:
            print(f"Le journal du {day:%d/%m/%Y} n’a pas de sceau.")
    return 1 if verdict.broken or verdict.unsealed else 0


def run_backup(arguments: argparse.Namespace) -> int:
    file: Path = arguments.file.resolve()
    os.chdir(ROOT)
    return backup_verb.back_up(file, read_settings().database_url)


def run_restore(arguments: argparse.Namespace) -> int:
    arguments.file = arguments.file.resolve()
    os.chdir(ROOT)
    return backup_verb.restore(arguments, read_settings().database_url, open_house)


def run_person(arguments: argparse.Namespace) -> int:
    return person_verb.run(arguments, open_house())


def run_keys(arguments: argparse.Namespace) -> int:
    return keys_verb.run(arguments, open_house())


def declare_territory(parser: argparse.ArgumentParser) -> None:
    create = parser.add_subparsers(dest="action", required=True).add_parser(
        "create", help="ouvre un territoire"
    )
    create.add_argument("--code", required=True, help="par exemple cpts-du-lac")
    create.add_argument("--name", required=True)
    create.add_argument("--timezone", required=True, help="par exemple Europe/Paris")
    create.add_argument("--department", required=True, help="code du département")
    create.add_argument("--phone", required=True, help="téléphone de la régulation")


def run_territory(arguments: argparse.Namespace) -> int:
    from dispatcher.services.commands import FoundTerritory
    from dispatcher.services.founding import found_territory
    from dispatcher.services.parsing import parse

    print(found_territory(open_house(), parse(FoundTerritory, given(arguments))))
    return 0


def declare_user(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser(
        "create",
        help="crée un compte",
        description="Le mot de passe est demandé, ou lu sur l’entrée standard.",
    )
    create.add_argument("--territory", required=True, help="code du territoire")
    create.add_argument("--login", required=True)
    create.add_argument("--display-name", required=True, help="nom affiché")
    create.add_argument(
        "--role",
        required=True,
        choices=("regulator", "practitioner", "delegate", "coordinator", "administrator"),
    )
    create.add_argument("--practitioner", help="identifiant du professionnel de ce compte")
    token = actions.add_parser("token", help="émet un jeton d’API, affiché une seule fois")
    token.add_argument("--login", required=True)
    token.add_argument("--label", required=True, help="à quoi il servira")


def run_user(arguments: argparse.Namespace) -> int:
    from dispatcher.services import accounts
    from dispatcher.services.commands import CreateUser
    from dispatcher.services.parsing import parse

    house = open_house()
    if arguments.action == "create":
        told = {**given(arguments), "password": read_password()}
        print(accounts.create_user(house, parse(CreateUser, told)))
        return 0
    with house.db.reading() as session:
        user_id = accounts.user_id_of(session, arguments.login)
    if user_id is None:
        raise InvalidError({"login": "Ce compte n’existe pas."})
    print(accounts.issue_token(house, user_id, arguments.label))
    return 0


def run_indicators(arguments: argparse.Namespace) -> int:
    return indicators_verb.run(arguments, open_house(arguments.data))


def run_directory(arguments: argparse.Namespace) -> int:
    return directory_verb.run(arguments, open_house())


def declare_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", type=Path, metavar="SCENARIO.toml")
    parser.add_argument("--seed", type=int, help="remplace la graine du scénario")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="toutes les façons de faire, sur les mêmes appels, sans solliciter par SMS",
    )
    parser.add_argument("--json", action="store_true")


def run_simulate(arguments: argparse.Namespace) -> int:
    """A scenario on the real engine; no database is opened."""
    from dispatcher import simulate_verb

    return simulate_verb.run(arguments)


def read_password() -> str:
    """Never an argument: those are seen by every user of the machine."""
    if sys.stdin.isatty():
        return getpass.getpass("Mot de passe\u00a0: ")
    return sys.stdin.readline().rstrip("\n")


def given(arguments: argparse.Namespace) -> dict[str, object]:
    """What was typed, without what tells the verb."""
    return {
        name: value
        for name, value in vars(arguments).items()
        if value is not None and name not in {"verb", "action"}
    }


def read_settings() -> Settings:
    """This process's settings. Raises IncompleteSettingsError."""
    return Settings.from_environment(os.environ)


def open_house(demonstration: Path | None = None) -> "House":
    """The house, without a bell: what is promised here, the relay finds.

    With `demonstration`, that of the folder that `./snp demo` keeps its data in.
    """
    from dispatcher.bootstrap import build
    from dispatcher.demo.beside import settings_beside

    if demonstration is not None:
        return build(settings_beside(demonstration))
    os.chdir(ROOT)
    return build(read_settings())


def become(module: str, *arguments: str) -> int:
    """Turn into another program, run from the project's folder: signals then reach it directly."""
    os.chdir(ROOT)
    os.execv(sys.executable, [*PYTHON, "-m", module, *arguments])


def becomes(module: str) -> Callable[[argparse.Namespace], int]:
    """A verb that is one of the Procfile's processes."""
    return lambda arguments: become(module, *arguments.rest)


VERBS: dict[str, Verb] = {
    "demo": Verb("lance toute la démonstration sur cette machine", run_demo, declare_demo),
    "test": Verb("lance les tests (arguments de pytest)", run_test, passes_on=True),
    "check": Verb("vérifie style, types, contrats d’import, textes et tests", run_check),
    "audit": Verb("les failles connues des versions figées", audit_verb.run, audit_verb.declare),
    "lock": Verb("recalcule les versions figées (arguments de uv)", run_lock, passes_on=True),
    "serve": Verb("sert le site (arguments de gunicorn)", run_serve, passes_on=True),
    "worker": Verb("exécute les tâches", becomes("workers.main"), passes_on=True),
    "relay": Verb("remet les promesses dues à la file", becomes("workers.relay"), passes_on=True),
    "clock": Verb("lance les tâches récurrentes", becomes("workers.clock"), passes_on=True),
    "migrate": Verb("met la base de données à jour", run_migrate),
    "territory": Verb("les territoires", run_territory, declare_territory),
    "user": Verb("les comptes et leurs jetons", run_user, declare_user),
    "sms": Verb("le décompte d’un SMS", run_sms, declare_sms),
    "log": Verb("le journal et ses sceaux", run_log, declare_log),
    "backup": Verb("copie toute la base", run_backup, backup_verb.declare_backup),
    "restore": Verb("remet une copie en place", run_restore, backup_verb.declare_restore),
    "simulate": Verb(
        "rejoue des semaines inventées sur le vrai moteur", run_simulate, declare_simulate
    ),
    "person": Verb("ce qui est gardé d’une personne", run_person, person_verb.declare),
    "keys": Verb("les clés des données", run_keys, keys_verb.declare),
    "directory": Verb("l’annuaire national (RPPS)", run_directory, directory_verb.declare),
    "aci": Verb("les accords et leurs euros", aci_verb.run, aci_verb.declare),
    "indicators": Verb("l’activité d’une période", run_indicators, indicators_verb.declare),
}
