"""Marking notices read: a person's own, never anybody else's."""

from django.db import connection, transaction
from django.db.models.functions import Now

from institutions.models import User
from notifications.models import Notice


def mark_read(notice: Notice) -> None:
    """`notice` has been read, now unless it already was."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=Now())


@transaction.atomic
def mark_all_read(user: User, *, up_to: Notice) -> None:
    """`user` has read everything up to `up_to`, the newest on the page; what came since stays unread."""
    unread = Notice.objects.of(user).filter(read_at=None)
    shown = unread.older_than(up_to) | unread.filter(pk=up_to.pk)
    Notice.objects.filter(pk__in=shown.in_lock_order()).update(read_at=Now())


# At every act, so not written down anew each time. In the order of ids: two never wait for each other.
_READ_TOPIC = """
UPDATE notifications_notice SET read_at = statement_timestamp()
WHERE id IN (
    SELECT id FROM notifications_notice
    WHERE recipient_id = %s AND topic = %s AND read_at IS NULL AND settled_at IS NULL
    ORDER BY id FOR NO KEY UPDATE
)
"""


def mark_topic_read(user: User, topic: str) -> None:
    """`user` has just acted on the matter, so has seen it: what they were told of it is read. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_TOPIC, [user.pk, topic])
