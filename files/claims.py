"""What becomes of an upload: evidence claims it, or its owner removes it."""

import uuid
from collections.abc import Iterable

from django.db import transaction

from files.models import StoredFile
from institutions.models import User


class Unclaimable(ValueError):
    """Some of the files are not this person's, are used already, or are gone. `message` is for the person."""

    def __init__(self, count: int):
        self.message = f"有 {count} 个文件已被移除、已经使用或不是您上传的，请重新上传后再提交。"
        super().__init__(self.message)


def claim(ids: Iterable[uuid.UUID | str], *, by: User) -> list[StoredFile]:
    """Mark `by`'s own unattached files as evidence and return them in the order given (a repeated id counts once).

    All or nothing: raises Unclaimable when any is missing. Of two claims on one file exactly one succeeds. Call it
    inside the transaction that writes the evidence; the files are locked until that ends.
    """
    if not (wanted := _uuids(ids)):
        return []
    found = {
        file.pk: file
        for file in StoredFile.objects.unattached_of(by)
        .filter(pk__in=wanted)
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    }
    if missing := len(wanted) - len(found):
        raise Unclaimable(missing)
    StoredFile.objects.filter(pk__in=wanted).update(is_attached=True)
    for file in found.values():
        file.is_attached = True
    return [found[pk] for pk in wanted]


def _uuids(ids: Iterable[uuid.UUID | str]) -> list[uuid.UUID]:
    try:
        return list(dict.fromkeys(uuid.UUID(str(given)) for given in ids))
    except ValueError:
        raise Unclaimable(1) from None


@transaction.atomic
def discard(file_id: uuid.UUID, *, by: User) -> bool:
    """Delete the row of `by`'s own unattached file; False when there is none. The janitor deletes its content."""
    file = StoredFile.objects.unattached_of(by).filter(pk=file_id).select_for_update().first()
    if file is None:
        return False
    file.delete()
    return True
