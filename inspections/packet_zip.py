"""Reads the zip a phone saves: visit.json, mac.txt, photos/<uid>.<ext>. Trusts nothing it says of itself.

The browser only stores, so nothing here is ever decompressed: what is read is never more than what was sent.
"""

import hashlib
import json
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from files import limits

MAX_ZIP_BYTES = 400 * limits.MIB
MAX_JSON_BYTES = 4 * limits.MIB
MAX_PHOTOS = 200
MAX_ANSWERS, MAX_FINDINGS, MAX_SIGNATURES = 2000, 500, 50
FORMAT = 1
CHUNK = 64 * 1024

_DAMAGED = "这个文件不是离线检查保存的 zip，或者已经损坏。请重新保存一份，不要解压、改名或重新压缩。"
_CHANGED = "这份检查的内容被改动过，没有登记任何内容。请用离线检查页面或离线检查包重新保存一份。"
_UID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PHOTO = re.compile(rf"photos/({_UID})\.[a-z0-9]{{1,5}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BROKEN = (
    zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, OverflowError, struct.error
)  # fmt: skip


class Unusable(ValueError):
    """Nothing of the file can be taken in; the words say why."""


def damaged() -> Unusable:
    return Unusable(_DAMAGED)


def changed() -> Unusable:
    return Unusable(_CHANGED)


class _Sips:
    """A file that is only read in pieces: a directory that says it is huge is not read into memory."""

    LONGEST = limits.MIB

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > self.LONGEST:
            raise zipfile.BadZipFile("more than a piece")
        piece = self._file.read(self.LONGEST + 1 if size < 0 else size)
        if len(piece) > self.LONGEST:
            raise zipfile.BadZipFile("more than a piece")
        return piece


@dataclass(frozen=True)
class Packed:
    """What a zip holds: its visit as it was sent, the seal on it, and its photos still in the file."""

    body: dict
    raw: bytes
    mac: str
    _zip: zipfile.ZipFile
    _names: dict[str, str]  # uid of a photo: its name

    @property
    def sha256(self) -> str:
        """Of visit.json, which names the hash of every photo: two zips with the same are the same."""
        return hashlib.sha256(self.raw).hexdigest()

    def pieces(self, photo: str) -> Iterator[bytes]:
        """The bytes of one photo; Unusable as soon as they are more than a photo may have."""
        size = 0
        try:
            with self._zip.open(self._names[photo]) as file:
                while piece := file.read(CHUNK):
                    size += len(piece)
                    if size > limits.MAX_UPLOAD_BYTES:
                        raise Unusable(f"有照片超过 {limits.MAX_UPLOAD_BYTES // limits.MIB} MB，不能登记。")
                    yield piece
        except Unusable:
            raise
        except _BROKEN:
            raise damaged() from None

    def check_photos(self) -> None:
        """Raise Unusable unless exactly the photos the visit names are here, each with the content it had."""
        named = {photo["id"]: photo["sha256"] for photo in self.body["photos"]}
        if set(named) != set(self._names):
            raise changed()
        for uid, sha256 in named.items():
            found = hashlib.sha256()
            for piece in self.pieces(uid):
                found.update(piece)
            if found.hexdigest() != sha256:
                raise changed()


@contextmanager
def opened(file: IO[bytes], size: int) -> Iterator[Packed]:
    """The zip in `file`; raises Unusable for anything else. Photos can be read as long as it is open."""
    if size > MAX_ZIP_BYTES:
        raise Unusable(f"文件超过 {MAX_ZIP_BYTES // limits.MIB} MB，不能上传。")
    try:
        archive = zipfile.ZipFile(_Sips(file))
    except _BROKEN:
        raise damaged() from None
    with archive:
        names = _names(archive)
        raw = _whole(archive, "visit.json", MAX_JSON_BYTES)
        mac = _whole(archive, "mac.txt", 200).decode(errors="replace").strip()
        if not _SHA256.fullmatch(mac):
            raise changed()
        yield Packed(_read(raw), raw, mac, archive, names)


def _names(archive: zipfile.ZipFile) -> dict[str, str]:
    """The photos by uid. Only what a phone writes: stored, in the clear, each name once, none anywhere else."""
    entries = archive.infolist()
    if len(entries) > MAX_PHOTOS + 2:
        raise Unusable(f"照片超过 {MAX_PHOTOS} 张，不能上传。")
    found = {}
    for entry in entries:
        is_plain = entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 0x1
        if not is_plain or entry.file_size != entry.compress_size:
            raise damaged()
        name = entry.orig_filename
        photo = _PHOTO.fullmatch(name)
        key = photo[1] if photo else name
        if key in found or not (photo or name in ("visit.json", "mac.txt")):
            raise damaged()
        found[key] = name
    if not {"visit.json", "mac.txt"} <= set(found):
        raise damaged()
    return {key: name for key, name in found.items() if name not in ("visit.json", "mac.txt")}


def _whole(archive: zipfile.ZipFile, name: str, longest: int) -> bytes:
    try:
        with archive.open(name) as file:
            # In pieces: one read of all would ask the file for what its directory claims.
            found = b""
            while piece := file.read(CHUNK):
                found += piece
                if len(found) > longest:
                    raise Unusable(_DAMAGED)
            return found
    except Unusable:
        raise
    except _BROKEN:
        raise damaged() from None


def _read(raw: bytes) -> dict:
    """The visit, of the shape the rest relies on: uids, a counter, lists of objects. Its values are for the forms."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise damaged() from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise damaged()
    are_lists = all(
        isinstance(body.get(name), list)
        and len(body[name]) <= most
        and all(isinstance(row, dict) for row in body[name])
        for name, most in (
            ("answers", MAX_ANSWERS), ("findings", MAX_FINDINGS), ("photos", MAX_PHOTOS), ("signatures", MAX_SIGNATURES)
        )
    )  # fmt: skip
    saved = body.get("saved")
    is_counted = isinstance(saved, int) and not isinstance(saved, bool) and 0 <= saved < 2**31
    if not (are_lists and is_counted and isinstance(body.get("record"), dict)):
        raise damaged()
    uids = [body.get("packet"), body.get("visit")]
    for name, key in (("findings", "uid"), ("photos", "id"), ("photos", "finding"), ("signatures", "id")):
        uids += [row.get(key) for row in body[name]]
    if not all(isinstance(uid, str) and re.fullmatch(_UID, uid) for uid in uids):
        raise damaged()
    if not all(_SHA256.fullmatch(str(photo.get("sha256"))) for photo in body["photos"]):
        raise damaged()
    return body
