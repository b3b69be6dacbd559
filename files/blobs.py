"""Stored content, addressed by its hash, in Django's default storage (a folder, or an S3-compatible store)."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection

from files import names

INCOMING = "incoming"
# Uploads hold this lock together, from storing content until its row is committed; the janitor holds it alone.
_LOCK = 0x66696C6573


class _Finished(File):
    """A file we wrote ourselves: a folder storage takes it over by renaming, so that no half file is ever seen."""

    def __init__(self, path: Path, handle):
        super().__init__(handle, path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def incoming() -> Path:
    """The folder uploads are received and decoded in: on the volume of the uploads, so that renaming is enough."""
    folder = Path(settings.MEDIA_ROOT) / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def hash_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put(path: Path, sha256: str, suffix: str, folder: str = "") -> str:
    """Store the finished, synced file at `path` (which may be gone afterwards) and return the name it has now.

    Content that is stored already, whole, is not stored again. Call inside a transaction that holds `use()`.
    """
    name = names.blob_name(sha256, suffix, folder)
    if default_storage.exists(name) and default_storage.size(name) == path.stat().st_size:
        return name
    with path.open("rb") as handle:
        name = default_storage.save(name, _Finished(path, handle))
    with suppress(NotImplementedError):  # not a folder: the store answers for durability itself
        _sync_folder(Path(default_storage.path(name)).parent)
    return name


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder`, and the folder itself, survive a power cut."""
    for path in (folder, folder.parent, folder.parent.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def use() -> None:
    """Keep the janitor from deleting content until this transaction ends. Any number of uploads at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])


def use_alone() -> None:
    """Wait until no upload is between its content and its row, and hold new ones back until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
