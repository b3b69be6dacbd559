"""Stamps: a step is skipped when what it was made from has not changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(paths: Iterable[Path], *words: str) -> str:
    """One SHA-256 over the names and contents of files (folders count with all files in them) and `words`."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(_files(paths)):
        total.update(f"\0{path}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def is_fresh(stamp: Path, made_from: str) -> bool:
    """Whether the step that left `stamp` was made from the same things."""
    return stamp.exists() and stamp.read_text() == made_from


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from (
                p for p in path.rglob("*") if p.is_file() and p.suffix != ".pyc" and p.name != ".stamp"
            )
        elif path.exists():
            yield path
