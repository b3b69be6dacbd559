"""Clocks start, move and stop, in the transaction of the act that sets the deadline or ends the duty.

What was told for a date that is no longer owed dies in the same transaction: reminders still waiting for a digest,
notices and their unsent e-mails, drafts of official acts, lines of digests that have not left the house yet.
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models.functions import Now

from clocks import digests
from clocks.models import Clock, Draft, PendingLine, topic_of
from common.prepared import insert_if_new
from notifications import outbox

# One row, by its unique key: no order of locks to keep.
_STOP = """
UPDATE clocks_clock SET ended_at = statement_timestamp(), next_look_on = NULL
WHERE kind = %s AND subject_id = %s AND ended_at IS NULL
RETURNING id
"""


@transaction.atomic(savepoint=False)
def start(
    *,
    kind: str,
    subject_id: int,
    institution_id: int | None,
    ladder_key: str,
    due_on: date,
    started_on: date,
    title: str,
    url: str,
    is_major: bool = False,
    authority_id: int | None = None,
) -> Clock:
    """The matter is owed by `due_on` from now on, by an institution or by an authority. Starts its clock, or moves the one that runs; may be repeated.

    The next sweep looks at it, so no calendar is needed here. The same date again on a running clock keeps what was
    told; another date (or ladder), or a clock that had stopped, begins anew on `started_on`. The caller holds the
    matter's own lock. Returns the clock.
    """
    owed = {"ladder_key": ladder_key, "due_on": due_on, "is_major": is_major}
    told = {"institution_id": institution_id, "authority_id": authority_id, "title": title[:200], "url": url}
    new = Clock(
        kind=kind, subject_id=subject_id, started_on=started_on, next_look_on=started_on, **owed, **told
    )
    if insert_if_new(new):
        return new
    clock = Clock.objects.select_for_update(no_key=True).get(kind=kind, subject_id=subject_id)
    begins_anew = clock.ended_at or any(getattr(clock, name) != value for name, value in owed.items())
    if begins_anew:
        owed |= {"started_on": started_on, "next_look_on": started_on, "ended_at": None}
    changed = {name: value for name, value in (owed | told).items() if getattr(clock, name) != value}
    for name, value in changed.items():
        setattr(clock, name, value)
    if changed:
        clock.save(update_fields=list(changed))
    if begins_anew:
        forget([clock.pk])
    return clock


@transaction.atomic(savepoint=False)
def stop(*, kind: str, subject_id: int) -> None:
    """Nothing is owed any more: the clock stops, what was told of it is settled. Nothing happens without a clock."""
    with connection.cursor() as cursor:
        cursor.execute(_STOP, [kind, subject_id])
        ids = [pk for (pk,) in cursor.fetchall()]
    if ids:
        forget(ids)


@transaction.atomic
def stop_all(clocks) -> int:
    """Stop every running clock of a queryset; how many there were. Locks them in the order of ids."""
    ids = list(
        clocks.running()
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if ids:
        Clock.objects.filter(pk__in=ids).update(ended_at=Now(), next_look_on=None)
        forget(ids)
    return len(ids)


def start_many(clocks: Iterable[Clock]) -> None:
    """Start many clocks of matters that have none yet (made-up data, a first load); those that have are left alone."""
    Clock.objects.bulk_create(clocks, batch_size=5000, ignore_conflicts=True)


def forget(ids: list[int]) -> None:
    """What was told or is to be told of these clocks is over. The caller has locked and already changed them."""
    PendingLine.objects.filter(clock__in=ids).delete()
    outbox.settle(*(topic_of(pk) for pk in ids))
    Draft.objects.waiting().filter(clock__in=ids).update(lapsed_at=Now())
    digests.take_out(ids)
