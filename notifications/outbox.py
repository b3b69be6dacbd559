"""Telling people: rows written in the caller's transaction; leaving the house is the deliverer's work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from institutions.models import User
from notifications.enums import Channel
from notifications.models import Notice
from notifications.rules import is_site_path
from notifications.waking import wake_after_commit

# One statement for any number of recipients. Ordered by id, so that two callers telling the same people
# under the same keys cannot deadlock.
_TELL = """
WITH told AS (
    INSERT INTO notifications_notice (recipient_id, topic, subject, body, url, dedupe_key, created_at)
    SELECT id, %(topic)s, %(subject)s, %(body)s, %(url)s, %(dedupe_key)s,
           COALESCE(%(at)s, statement_timestamp())
    FROM institutions_user WHERE id = ANY(%(recipients)s) AND is_active
    ORDER BY id
    ON CONFLICT (recipient_id, dedupe_key) WHERE dedupe_key <> '' DO NOTHING
    RETURNING id, recipient_id
), mail AS (
    INSERT INTO notifications_delivery (notice_id, channel, address, key, due_at, attempts, last_error)
    SELECT told.id, %(channel)s, u.email, gen_random_uuid(), statement_timestamp(), 0, ''
    FROM told JOIN institutions_user u ON u.id = told.recipient_id
    WHERE %(mail)s AND u.email <> ''
    RETURNING 1
)
SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM mail)
"""


# The same for messages that differ; (recipient, dedupe key) tells them apart.
_TELL_EACH = """
WITH given AS (
    SELECT * FROM unnest(%(recipients)s::bigint[], %(topics)s::text[], %(subjects)s::text[], %(bodies)s::text[],
        %(urls)s::text[], %(keys)s::text[], %(mail_at)s::timestamptz[])
        AS g (recipient_id, topic, subject, body, url, dedupe_key, mail_at)
), told AS (
    INSERT INTO notifications_notice (recipient_id, topic, subject, body, url, dedupe_key, created_at)
    SELECT g.recipient_id, g.topic, g.subject, g.body, g.url, g.dedupe_key, statement_timestamp()
    FROM given g JOIN institutions_user u ON u.id = g.recipient_id AND u.is_active
    ORDER BY g.recipient_id, g.dedupe_key
    ON CONFLICT (recipient_id, dedupe_key) WHERE dedupe_key <> '' DO NOTHING
    RETURNING id, recipient_id, dedupe_key
), mail AS (
    INSERT INTO notifications_delivery (notice_id, channel, address, key, due_at, attempts, last_error)
    SELECT told.id, %(channel)s, u.email, gen_random_uuid(), greatest(g.mail_at, statement_timestamp()), 0, ''
    FROM told
    JOIN given g ON g.recipient_id = told.recipient_id AND g.dedupe_key = told.dedupe_key
    JOIN institutions_user u ON u.id = told.recipient_id
    WHERE %(mail)s AND u.email <> '' AND g.mail_at IS NOT NULL
    RETURNING 1
)
SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM mail)
"""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def notify(
    *,
    recipients: Iterable[User | int],
    subject: str,
    body: str,
    url: str,
    topic: str,
    dedupe_key: str = "",
    at: datetime | None = None,
) -> int:
    """Tell each active one of `recipients` (users or their ids) once; how many were told now.

    Writes with the caller's transaction: rolled back with it, and nothing is published before it commits.
    Where e-mail is configured and known, it goes out too. `subject` says what happened and names no person,
    because it becomes the e-mail's subject line (cut at 120 characters); `body` may. `topic` is the key that
    `settle` takes. With a `dedupe_key` a person is told once, however often and from wherever this is called.
    `at` is when it happened, if not now. Raises ValueError when `url` is not a path within this site.
    """
    if not is_site_path(url):
        raise ValueError(f"not a path within this site: {url!r}")
    parameters = {
        "recipients": [r if isinstance(r, int) else r.pk for r in recipients],
        "topic": topic,
        "subject": _one_line(subject)[:120],
        "body": body.strip()[:2000],
        "url": url,
        "dedupe_key": dedupe_key,
        "at": at,
        "channel": Channel.EMAIL,
        "mail": settings.EMAIL_ENABLED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL, parameters)
        told, mails = cursor.fetchone()
    if mails:
        wake_after_commit()
    return told


@dataclass(frozen=True)
class Message:
    """What one person is told. `mail_at`: when the e-mail may leave at the earliest; None: none is sent."""

    recipient: int  # id of the user
    subject: str
    body: str
    url: str
    topic: str
    dedupe_key: str
    mail_at: datetime | None


def notify_each(messages: Sequence[Message]) -> int:
    """Tell each person their own message, as `notify` does, one statement for any number; how many were told now.

    Raises ValueError when a URL is not a path within this site or a key is empty.
    """
    if wrong := [m.url for m in messages if not is_site_path(m.url)]:
        raise ValueError(f"not a path within this site: {wrong[0]!r}")
    if not all(m.dedupe_key for m in messages):
        raise ValueError("each message needs its dedupe key")
    if not messages:
        return 0
    parameters = {
        "recipients": [m.recipient for m in messages],
        "topics": [m.topic for m in messages],
        "subjects": [_one_line(m.subject)[:120] for m in messages],
        "bodies": [m.body.strip()[:2000] for m in messages],
        "urls": [m.url for m in messages],
        "keys": [m.dedupe_key for m in messages],
        "mail_at": [m.mail_at for m in messages],
        "channel": Channel.EMAIL,
        "mail": settings.EMAIL_ENABLED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL_EACH, parameters)
        told, mails = cursor.fetchone()
    if mails:
        wake_after_commit()
    return told


def reword(notice_id: int, *, subject: str, body: str) -> None:
    """Change what a notice says while its message has not left the house; part of the caller's transaction."""
    Notice.objects.filter(pk=notice_id).update(subject=_one_line(subject)[:120], body=body.strip()[:2000])


def settle(*topics: str) -> int:
    """The matters are over: their notices stop counting as unread and unsent messages are not sent any more.

    Part of the caller's transaction. Notices told later under the same topic are open again.
    Returns how many notices were settled.
    """
    still_open = Notice.objects.filter(topic__in=topics, settled_at=None)
    return Notice.objects.filter(pk__in=still_open.in_lock_order()).update(settled_at=Now())
