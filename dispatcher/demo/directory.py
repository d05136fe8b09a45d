"""The folder a demonstration keeps its data in: who may use it, its secrets, what it tells."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

OWNER_LOCK = "demonstration.lock"
"""Held by the supervisor; also what tells that a folder is a demonstration's."""
PROCESS_LOCK = "processes.lock"
"""Held by the supervisor and, inherited, by every process it started: free once all are gone."""
SECRETS = "secrets.json"
CONTENTS = "contents.json"
"""What the demonstration was filled with: territories and accounts."""
SCHEMA = "schema"
DESCRIPTION = "demo.json"
PATIENCE_WITH_LEFTOVERS = 20.0
"""Seconds that the processes of a killed demonstration have to go."""


class Unusable(Exception):
    """This folder cannot be used; the message is a French sentence with the remedy."""


class DemonstrationDirectory:
    """One demonstration's folder, ours alone until `close`.

    Raises Unusable: somebody else's files are in it, or a demonstration is running on it, or it
    cannot be written.
    """

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path = path.resolve()
        try:
            self._make()
            self._owner = self._lock_owner()
        except OSError as error:
            raise Unusable(
                f"Le dossier {self.path} ne peut pas être utilisé ({error.strerror}). "
                "Donnez-en un autre avec --data."
            ) from error
        try:
            self.process_lock = self._lock_processes(say)
        except BaseException:
            os.close(self._owner)
            raise

    @property
    def logs(self) -> Path:
        """Where the processes write."""
        logs = self.path / "logs"
        logs.mkdir(exist_ok=True)
        return logs

    def start_over(self) -> None:
        """Remove everything in it but the locks."""
        for entry in self.path.iterdir():
            if entry.name in {OWNER_LOCK, PROCESS_LOCK}:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def secrets(self) -> dict[str, str]:
        """SECRET_KEY and DATA_KEY of this demonstration, made the first time."""
        file = self.path / SECRETS
        if not file.exists():
            key = base64.b64encode(secrets.token_bytes(32)).decode()
            write_whole(file, {"SECRET_KEY": secrets.token_hex(32), "DATA_KEY": f"k1:{key}"})
        made: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        return made

    @property
    def schema(self) -> str | None:
        """The schema that the data were last prepared for."""
        with contextlib.suppress(FileNotFoundError):
            return (self.path / SCHEMA).read_text(encoding="utf-8")
        return None

    @schema.setter
    def schema(self, schema: str) -> None:
        (self.path / SCHEMA).write_text(schema, encoding="utf-8")

    def forget_description(self) -> None:
        """So that nobody reads where the last demonstration answered."""
        (self.path / DESCRIPTION).unlink(missing_ok=True)

    def describe(self, base_url: str) -> None:
        """Write demo.json: the address, the territories, the accounts."""
        contents: dict[str, object] = {"territories": [], "accounts": []}
        with contextlib.suppress(FileNotFoundError):
            contents = json.loads((self.path / CONTENTS).read_text(encoding="utf-8"))
        write_whole(self.path / DESCRIPTION, {"base_url": base_url, **contents})

    def close(self) -> None:
        """Let others use it."""
        os.close(self.process_lock)
        os.close(self._owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(self.path.iterdir()) and not (self.path / OWNER_LOCK).exists():
            raise Unusable(
                f"Le dossier {self.path} contient déjà autre chose qu’une démonstration. "
                "Donnez un dossier vide ou nouveau avec --data."
            )
        self.path.chmod(0o700)

    def _lock_owner(self) -> int:
        descriptor = os.open(self.path / OWNER_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        if not _try_lock(descriptor):
            holder = os.read(descriptor, 20).decode() or "?"
            os.close(descriptor)
            raise Unusable(
                f"Une démonstration tourne déjà sur le dossier {self.path} (processus {holder}). "
                "Arrêtez-la, ou donnez un autre dossier avec --data."
            )
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        return descriptor

    def _lock_processes(self, say: Callable[[str], None]) -> int:
        descriptor = os.open(self.path / PROCESS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PATIENCE_WITH_LEFTOVERS
        told = False
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise Unusable(
                    f"Des processus d’une démonstration précédente utilisent encore {self.path}. "
                    "Arrêtez-les, ou donnez un autre dossier avec --data."
                )
            if not told:
                say("La démonstration précédente finit de s’arrêter…")
                told = True
            time.sleep(0.05)
        return descriptor


def write_whole(file: Path, content: Mapping[str, object]) -> None:
    """Write JSON that only its owner reads, wholly or not at all."""
    draft = file.with_name(f"{file.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
