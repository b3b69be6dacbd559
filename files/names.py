"""Names of files: the one a person gave, cleaned for show, and the one a file is stored under."""

import re
import unicodedata

from files import limits

SUFFIXES = {"image": ".jpg", "pdf": ".pdf"}
BLOB_NAME = re.compile(r"(originals/)?[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}(_\w+)?\.(jpg|pdf|bin)")
# Control, format (bidi overrides, zero width), surrogate, private and unassigned characters; line separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_DEFAULT = {"image": "照片.jpg", "pdf": "文件.pdf"}


def display_name(given: str | None, kind: str) -> str:
    """The name to show for a file a person called `given`: never a path, nothing hidden, at most 120 characters."""
    name = re.split(r"[/\\]", given or "")[-1]
    name = unicodedata.normalize("NFC", name)
    name = "".join(c for c in name if unicodedata.category(c) not in _HIDDEN)
    name = " ".join(name.split()).strip(". ")
    if len(name) > limits.MAX_NAME_LENGTH:
        stem, dot, suffix = name.rpartition(".")
        if not dot or len(suffix) > 10:
            stem, dot, suffix = name, "", ""
        keep = limits.MAX_NAME_LENGTH - len(dot + suffix) - 1
        name = f"{stem[:keep].rstrip()}…{dot}{suffix}"
    return name or _DEFAULT[kind]


def download_name(shown: str, kind: str) -> str:
    """`shown` with the suffix of what is really served (a HEIC photo is served as JPEG)."""
    stem, dot, suffix = shown.rpartition(".")
    if not dot or len(suffix) > 5 or not suffix.isalnum():
        stem = shown
    return f"{stem or shown}{SUFFIXES[kind]}"


def blob_name(sha256: str, suffix: str, folder: str = "") -> str:
    """Where content with this hash is stored: same content, same name."""
    return f"{folder}{sha256[:2]}/{sha256[2:4]}/{sha256}{suffix}"
