"""Bringing a database to the newest schema: `./snp migrate`, the Procfile's release step."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from dispatcher.storage.engines import make_engine

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration(url: str) -> Config:
    """Alembic's configuration for a database, without an .ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate up to `revision`."""
    make_engine(url).dispose()  # makes SQLite's directory
    command.upgrade(configuration(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Migrate down to `revision`: for tests and emergencies."""
    command.downgrade(configuration(url), revision)
