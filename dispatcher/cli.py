"""The verbs of `./snp`. Each imports what it needs when it is used, so that all answer at once.

A verb is three lines in VERBS: its help, a function that declares its arguments, and one that runs
it and returns the exit code. Commands that destroy are dry unless told otherwise; those that print
a figure take --json.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HIGHEST_PORT = 65535
MISUSED = 2

PYTHON = (sys.executable, "-P")
"""How to run what belongs to the project or its environment, whatever folder we are in."""

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("style", ("-m", "ruff", "check")),
    ("mise en forme", ("-m", "ruff", "format", "--check", "--quiet")),
    ("types", ("-m", "mypy")),
    ("contrats d’import", ("-c", "import importlinter.cli as c; c.lint_imports_command()")),
    ("tests", ("-m", "pytest")),
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
    """Run one verb; the exit code. Prints usage and exits 2 for an unknown one."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="./snp", description="Soins non programmés")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE")
    for name, verb in VERBS.items():
        verb.declare(verbs.add_parser(name, help=verb.help, description=verb.help))
    if words and words[0] in VERBS and VERBS[words[0]].passes_on:
        return VERBS[words[0]].run(argparse.Namespace(rest=words[1:]))
    known = parser.parse_args(words)
    return VERBS[known.verb].run(known)


def port(text: str) -> int:
    """A TCP port as an argument."""
    if not text.isascii() or not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"un port va de 0 à {HIGHEST_PORT}, pas « {text} »")
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
    return become("pytest", *arguments.rest)


def run_check(_: argparse.Namespace) -> int:
    """Each check in turn, all of them whatever the others say."""
    failed = []
    for name, command in CHECKS:
        print(f"── {name}", flush=True)
        if subprocess.run([*PYTHON, *command], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    if failed:
        print(f"À reprendre : {', '.join(failed)}", file=sys.stderr)
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
    from config.settings import IncompleteSettingsError, Settings
    from dispatcher.storage.migrate import upgrade

    os.chdir(ROOT)
    try:
        settings = Settings.from_environment(os.environ)
    except IncompleteSettingsError as error:
        print(error, file=sys.stderr)
        return MISUSED
    upgrade(settings.database_url)
    return 0


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
    "lock": Verb("recalcule les versions figées (arguments de uv)", run_lock, passes_on=True),
    "serve": Verb("sert le site (arguments de gunicorn)", run_serve, passes_on=True),
    "worker": Verb("exécute les tâches", becomes("workers.main"), passes_on=True),
    "relay": Verb("remet les promesses dues à la file", becomes("workers.relay"), passes_on=True),
    "clock": Verb("lance les tâches récurrentes", becomes("workers.clock"), passes_on=True),
    "migrate": Verb("met la base de données à jour", run_migrate),
}
