"""What the supervisor runs before the house opens: newest schema, territories, and their list.

A process of its own, so that the supervisor itself stays small and needs no library.
"""

import os
import sys

from config.logging import configure
from config.settings import Settings
from dispatcher.bootstrap import build
from dispatcher.demo.directory import CONTENTS, write_whole
from dispatcher.demo.territories import fill
from dispatcher.storage.migrate import upgrade


def prepare(settings: Settings) -> None:
    """Migrate, fill what is empty, and write down the territories and accounts for demo.json.

    Raises ValueError outside a demonstration: nobody's real database is to be filled with
    fictitious people.
    """
    if settings.demonstration_directory is None:
        raise ValueError("DEMO_DIRECTORY is not set: only a demonstration is filled")
    upgrade(settings.database_url)
    contents = fill(build(settings))
    write_whole(settings.demonstration_directory / CONTENTS, contents)


if __name__ == "__main__":
    configure()
    prepare(Settings.from_environment(os.environ))
    sys.exit(0)
