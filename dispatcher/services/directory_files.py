"""Opening the extract as it is downloaded: a text, or the archive that it comes in."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, cast

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import RefusedError

LARGEST: Final = 4 << 30
"""Bytes, taken out of the archive: four times the file of 2026."""
BUFFER: Final = 1 << 20
WANTED: Final = "personne_activite"


class NotAnExtractError(RefusedError):
    """The file is not the extract; the sentence tells what it is, and which one is wanted."""

    status = 422
    field = "file"

    def __init__(self, sentence: str) -> None:
        super().__init__("not-an-extract", sentence)


@dataclass(frozen=True, slots=True)
class Opened:
    """The text, to be read once, and its length in bytes."""

    stream: BinaryIO
    size: int


@contextmanager
def opened_extract(file: BinaryIO) -> Iterator[Opened]:
    """The text of an extract, which is not read yet. Raises NotAnExtractError."""
    if not zipfile.is_zipfile(file):
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        yield Opened(file, size)
        return
    try:
        with zipfile.ZipFile(file) as archive:
            member = _member(archive)
            with _inside(archive, member) as inside:
                # it has what a raw stream has, and reads pieces of its own
                raw = cast("io.RawIOBase", inside)
                with io.BufferedReader(raw, BUFFER) as text:
                    yield Opened(text, member.file_size)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise NotAnExtractError(
            f"Cette archive ne s’ouvre pas{NBSP}: elle est chiffrée ou abîmée."
            " Téléchargez-la à nouveau."
        ) from error


def _inside(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """The member, to be read. Raises BadZipFile where its place is not in the file."""
    try:
        return archive.open(member)
    except (ValueError, OSError) as error:
        raise zipfile.BadZipFile from error


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    texts = [
        each for each in archive.infolist() if each.filename.lower().endswith((".txt", ".csv"))
    ]
    named = [each for each in texts if WANTED in each.filename.lower()] or texts
    if len(named) != 1:
        raise NotAnExtractError(
            f"Cette archive ne contient pas le fichier attendu{NBSP}:"
            f" «{NBSP}PS_LibreAcces_Personne_activite{NBSP}»."
        )
    if named[0].file_size > LARGEST:
        raise NotAnExtractError(f"Ce fichier est trop grand{NBSP}: quatre gigaoctets au plus.")
    return named[0]
