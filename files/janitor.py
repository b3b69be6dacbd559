"""Keeps rows and stored content in step, both ways. May run at any time, in any number of copies."""

import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from files import blobs, limits, names
from files.models import StoredFile

logger = logging.getLogger(__name__)

_BATCH = 200


@dataclass(frozen=True)
class Tidied:
    """What one run did; `missing` rows are an alarm: their content is gone."""

    expired: int  # rows nobody used within a week
    orphans: int  # stored content without a row
    leftovers: int  # broken-off uploads
    missing: int  # rows without their content


def tidy() -> Tidied:
    """Delete unused rows, then content without a row, then broken-off uploads; report rows without content.

    Grace: 7 days for unused rows, a day for everything else. Content that any row uses is never deleted.
    """
    now = timezone.now()
    old = now - timedelta(hours=limits.ORPHAN_HOURS)
    return Tidied(
        expired=_delete_expired(now - timedelta(days=limits.UNATTACHED_DAYS)),
        orphans=_delete_orphans(old),
        leftovers=_delete_leftovers(old),
        missing=_count_missing(),
    )


def _delete_expired(before: datetime) -> int:
    """Rows only: their content has no row then, and goes the way of all orphans."""
    expired = StoredFile.objects.unattached().filter(uploaded_at__lt=before)
    count = 0
    while True:
        with transaction.atomic():
            # A file that is being claimed at this moment is locked, and none of our business.
            ids = [f.pk for f in expired.select_for_update(skip_locked=True)[:_BATCH]]
            StoredFile.objects.filter(pk__in=ids).delete()
        count += len(ids)
        if len(ids) < _BATCH:
            return count


def _delete_orphans(before: datetime) -> int:
    count = 0
    for batch in _batches(_stored_names()):
        orphans = [name for name in _without_row(batch) if _is_older(name, before)]
        if not orphans:
            continue
        with transaction.atomic():
            blobs.use_alone()  # an upload may just be about to use this content again
            for name in _without_row(orphans):
                default_storage.delete(name)
                count += 1
    return count


def _stored_names() -> Iterator[str]:
    """Names of all stored content; whatever else lies in the storage is not ours to judge."""
    roots, _ = _listed("")
    for root in ("", "originals/"):
        firsts = roots if not root else _listed(root)[0]
        for first in firsts:
            if len(first) != 2:
                continue
            for second in _listed(f"{root}{first}")[0]:
                folder = f"{root}{first}/{second}"
                for name in _listed(folder)[1]:
                    if names.BLOB_NAME.fullmatch(f"{folder}/{name}"):
                        yield f"{folder}/{name}"


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _batches(items: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _without_row(stored: list[str]) -> list[str]:
    rows = StoredFile.objects.filter(
        Q(name__in=stored) | Q(thumb_name__in=stored) | Q(original_name__in=stored, original_name__gt="")
    )
    used = {name for row in rows.values_list("name", "thumb_name", "original_name") for name in row}
    return [name for name in stored if name not in used]


def _is_older(name: str, before: datetime) -> bool:
    try:
        return default_storage.get_modified_time(name) < before
    except FileNotFoundError:  # another copy of the janitor was quicker
        return False


def _delete_leftovers(before: datetime) -> int:
    count = 0
    for path in blobs.incoming().iterdir():
        try:
            is_old = path.stat().st_mtime < before.timestamp()
        except FileNotFoundError:  # an upload has just ended
            continue
        if is_old:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            count += 1
    return count


def _count_missing() -> int:
    """Rows whose content is gone: each is logged as an error, because evidence was lost."""
    count = 0
    rows = StoredFile.objects.order_by("pk").values_list("pk", "name", "thumb_name", "original_name")
    for pk, *stored in rows.iterator(chunk_size=2000):
        gone = [name for name in stored if name and not default_storage.exists(name)]
        # A row may have been removed, and its content after it, since the list was read.
        if gone and StoredFile.objects.filter(pk=pk).exists():
            logger.error("file missing: row %s, content %s", pk, ", ".join(gone))
            count += 1
    return count
