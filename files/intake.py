"""Takes in an upload: received, hashed, opened in a cage, stored as a clean copy, and only then a row."""

import hashlib
import os
import re
import shutil
import tempfile
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from files import blobs, limits, names, sandbox
from files.enums import FileKind, TakenFrom
from files.models import StoredFile
from files.refusals import Refused
from institutions.models import User

__all__ = ["Intake", "Refused", "receive", "take_in"]

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OFFICE = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"Rar!", b"7z\xbc\xaf")
_OLDEST_CREDIBLE_YEAR = 2000


@dataclass(frozen=True)
class Intake:
    """What became of an upload: its row, and whether this call made it (False: a retry of one that had arrived)."""

    file: StoredFile
    is_new: bool


@dataclass(frozen=True)
class _Part:
    """What was received, on disk in a folder of its own."""

    path: Path
    sha256: str
    size: int

    def beside(self, name: str) -> Path:
        return self.path.with_name(name)


def receive(
    upload: UploadedFile, *, by: User, client_id: uuid.UUID | None = None, taken_at: datetime | None = None
) -> StoredFile:
    """The stored file for `upload`; see `take_in`."""
    return take_in(upload, by=by, client_id=client_id, taken_at=taken_at).file


def take_in(
    upload: UploadedFile | None,
    *,
    by: User,
    client_id: uuid.UUID | None = None,
    taken_at: datetime | None = None,
    expected_sha256: str = "",
) -> Intake:
    """Accept `upload` from `by`, or raise Refused with words for the person.

    Guarantees: the row exists only after its content is safely stored; only a re-encoded copy without metadata is
    kept to be served; a retry (same `client_id`, same content) gives the same row, also when sent in parallel.
    `taken_at` (aware) is the sender's claim, used when the photo itself says nothing.
    Takes about a second for a large photo: do not call it inside a transaction.
    """
    if upload is None:
        raise Refused("missing")
    client_id = client_id or uuid.uuid4()
    _ensure_room()
    with tempfile.TemporaryDirectory(dir=blobs.incoming(), ignore_cleanup_errors=True) as folder:
        part = _write_part(upload, Path(folder) / "source.part")
        if expected_sha256 and expected_sha256 != part.sha256:
            raise Refused("wrong_sha256")
        earlier = StoredFile.objects.filter(uploaded_by=by, client_id=client_id).first()
        if earlier is not None:
            return Intake(_same_content(earlier, part), is_new=False)
        if StoredFile.objects.unattached_of(by).count() >= limits.MAX_UNATTACHED_PER_USER:
            raise Refused("too_many_unattached")
        program = _program_for(part.path)
        if program == "pdf":
            fields = _open_pdf(part, upload.name)
        else:
            fields = _open_photo(part, upload.name, program, taken_at)
        return _store(part, fields, by, client_id)


def _ensure_room() -> None:
    if shutil.disk_usage(blobs.incoming()).free < settings.UPLOAD_MIN_FREE_BYTES:
        raise Refused("disk_low")


def _write_part(upload: UploadedFile, path: Path) -> _Part:
    """Write `upload` to `path`, hashing and counting on the way; stops as soon as it is too large."""
    if (upload.size or 0) > limits.MAX_UPLOAD_BYTES:
        raise Refused("too_large")
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in upload.chunks():
            size += len(chunk)
            if size > limits.MAX_UPLOAD_BYTES:
                raise Refused("too_large")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if size == 0:
        raise Refused("empty")
    return _Part(path, digest.hexdigest(), size)


def _program_for(path: Path) -> str:
    """Which decoding program the first bytes call for; what the sender says about the type is not asked."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4], head[8:12]) == (
        b"RIFF",
        b"WEBP",
    ):
        return "photo"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "heic"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith((b"GIF87a", b"GIF89a")):
        raise Refused("animated")
    raise Refused("office" if head.startswith(_OFFICE) else "unknown_kind")


def _open_photo(part: _Part, given_name: str | None, program: str, claimed: datetime | None) -> dict:
    full, thumb = part.beside("full.part"), part.beside("thumb.part")
    facts = sandbox.decode(program, part.path, full, thumb)
    taken_at, taken_from = _taken(facts, claimed)
    return {
        "kind": FileKind.IMAGE,
        "display_name": names.display_name(given_name, FileKind.IMAGE),
        "width": facts["width"],
        "height": facts["height"],
        "dhash": facts["dhash"],
        "taken_at": taken_at,
        "taken_from": taken_from,
    }


def _open_pdf(part: _Part, given_name: str | None) -> dict:
    facts = sandbox.decode("pdf", part.path, part.beside("full.part"))
    return {
        "kind": FileKind.PDF,
        "display_name": names.display_name(given_name, FileKind.PDF),
        "pages": facts["pages"],
    }


def _taken(facts: dict, claimed: datetime | None) -> tuple[datetime | None, TakenFrom]:
    """When the photo was taken and who says so; clocks that are plainly wrong are not believed."""
    for moment, source in ((_exif_moment(facts), TakenFrom.EXIF), (claimed, TakenFrom.CLIENT)):
        if moment and moment.year >= _OLDEST_CREDIBLE_YEAR and moment <= timezone.now() + timedelta(days=1):
            return moment, source
    return None, TakenFrom.NONE


def _exif_moment(facts: dict) -> datetime | None:
    text = (facts.get("taken_at") or "").strip("\0 ")
    offset = (facts.get("taken_at_offset") or "").strip("\0 ")
    with suppress(ValueError, OverflowError):
        if re.fullmatch(r"[+-]\d\d:\d\d", offset):
            return datetime.strptime(f"{text}{offset}", "%Y:%m:%d %H:%M:%S%z")
        return timezone.make_aware(datetime.strptime(text, "%Y:%m:%d %H:%M:%S"))  # noqa: DTZ007  (made aware here)
    return None


def _store(part: _Part, fields: dict, by: User, client_id: uuid.UUID) -> Intake:
    """File first, row after; both under the lock that keeps the janitor away from content without a row."""
    full, thumb = part.beside("full.part"), part.beside("thumb.part")
    suffix = names.SUFFIXES[fields["kind"]]
    fields |= {
        "original_sha256": part.sha256,
        "original_size": part.size,
        "sha256": blobs.hash_of(full),
        "size": full.stat().st_size,
    }
    with transaction.atomic():
        blobs.use()
        fields["name"] = blobs.put(full, fields["sha256"], suffix)
        if fields["kind"] == FileKind.IMAGE:
            fields["thumb_name"] = blobs.put(thumb, blobs.hash_of(thumb), suffix)
        if settings.KEEP_ORIGINALS:
            fields["original_name"] = blobs.put(part.path, part.sha256, ".bin", folder="originals/")
        file, is_new = StoredFile.objects.get_or_create(uploaded_by=by, client_id=client_id, defaults=fields)
    if not is_new:
        _same_content(file, part)
    return Intake(file, is_new)


def _same_content(earlier: StoredFile, part: _Part) -> StoredFile:
    if earlier.original_sha256 != part.sha256:
        raise Refused("reused_client_id")
    return earlier
