"""The daily anchor: a digest over all events so far, kept in a table of its own and in the log.

A chain per hazard shows a changed or missing event; the anchor also shows a chain that was rewritten whole. The
log line leaves the database, so even the owner of the tables can't change the past unseen.
"""

import logging

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from hazards import audit
from hazards.models import AuditAnchor, HazardEvent
from hazards.models.event import EVENT_LOCK

logger = logging.getLogger("house.audit")
PIECE = 20_000


def digest_between(after_id: int, up_to_id: int, previous: str) -> tuple[int, str]:
    """Number and digest of the events with after_id < id ≤ up_to_id, chained to `previous`.

    Read in pieces: a cursor outside a transaction would hold all of them before the first, longer than the runtime
    role may take. Nothing can appear between them, because below `up_to_id` all is settled.
    """
    count = 0

    def hashes():
        nonlocal count
        last, events = (
            after_id,
            HazardEvent.objects.filter(id__lte=up_to_id).order_by("id").values_list("id", "hash"),
        )
        while piece := events.filter(id__gt=last)[:PIECE]:
            count += len(piece)
            last = piece[len(piece) - 1][0]
            yield from (value for _, value in piece)

    digest = audit.anchor_digest(settings.AUDIT_HASH, previous, hashes())
    return count, digest


@transaction.atomic
def _last_settled_id() -> int:
    """The highest event id below which nothing can appear any more.

    The trigger on events takes EVENT_LOCK shared before it draws an id; taking it alone waits for acts still open.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EVENT_LOCK])
    return HazardEvent.objects.aggregate(last=Max("id"))["last"] or 0


def make_anchor() -> AuditAnchor:
    """Anchor all events since the last anchor. Of two at once one is made (`previous_digest` is unique)."""
    up_to_id = _last_settled_id()
    last = AuditAnchor.objects.order_by("id").last()
    after_id, previous = (last.last_event_id, last.digest) if last else (0, "")
    count, digest = digest_between(after_id, up_to_id, previous)
    anchor, is_new = AuditAnchor.objects.get_or_create(
        previous_digest=previous,
        defaults={
            "made_at": timezone.now(),
            "last_event_id": up_to_id,
            "event_count": count,
            "digest": digest,
        },
    )
    if is_new:
        logger.info("audit anchor %s last_event=%s events=%s digest=%s", anchor.pk, up_to_id, count, digest)
    return anchor
