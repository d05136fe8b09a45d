"""The settings of a demonstration, for commands that are run beside it."""

import json
from pathlib import Path

from config.settings import Settings
from dispatcher.demo.directory import SECRETS, Unusable

DATABASE = "dispatcher.sqlite3"
NOBODY = "redis://127.0.0.1:1/0"
"""No bell: what a command promises, the demonstration's relay finds."""


def settings_beside(path: Path) -> Settings:
    """The settings under which the demonstration in this folder runs, the doorbell apart.

    Raises Unusable when no demonstration has been there.
    """
    folder = path.resolve()
    try:
        secrets = json.loads((folder / SECRETS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unusable(f"Le dossier {folder} ne contient pas de démonstration.") from None
    return Settings.from_environment(
        {
            **secrets,
            "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
            "REDIS_URL": NOBODY,
            "PUBLIC_BASE_URL": "http://127.0.0.1",
            "DEMO_DIRECTORY": str(folder),
        }
    )
