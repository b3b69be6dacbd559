"""Marking notices read: a person's own, never anybody else's."""

from django.db import transaction
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


@transaction.atomic
def mark_topic_read(user: User, topic: str) -> None:
    """`user` has just acted on the matter, so has seen it: what they were told of it is read."""
    told = Notice.objects.of(user).filter(topic=topic, read_at=None, settled_at=None)
    Notice.objects.filter(pk__in=told.in_lock_order()).update(read_at=Now())
