"""Telling people: rows written in the caller's transaction; leaving the house is the deliverer's work."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Choices
from django.utils import timezone

from institutions.models import Authority, User
from notifications import channels
from notifications.enums import PERSONAL_CHANNELS, ROBOT_CHANNELS, Channel
from notifications.models import Notice
from notifications.preferences import NOWHERE, default_wishes, reach_of
from notifications.rules import channels_for, is_site_path, is_wordless_path, not_before
from notifications.waking import wake_after_commit

MOST_COUNTS, LONGEST_LABEL = 16, 20  # of a bulletin: every platform takes that much

# One statement for any number of people and texts. Ordered by recipient, so that two callers telling the same
# people under the same keys cannot deadlock. OFFSET 0 has each recipient looked up: PostgreSQL expects a hundred rows of
# any JSON array, and would read everybody there is to tell two of them.
_TELL = """
WITH messages AS (
    SELECT nextval(pg_get_serial_sequence('notifications_notice', 'id')) AS id, m.*
    FROM jsonb_to_recordset(%(messages)s) AS m (
        recipient bigint, topic text, subject text, body text, url text, dedupe_key text, at timestamptz,
        is_duty boolean, guard_topic text, guard_key text, ways jsonb
    )
), told AS (
    INSERT INTO notifications_notice (id, recipient_id, topic, subject, body, url, dedupe_key, created_at)
    SELECT m.id, u.id, topic, subject, body, url, dedupe_key, COALESCE(at, statement_timestamp())
    FROM messages m
    JOIN LATERAL (SELECT id FROM institutions_user WHERE id = m.recipient AND is_active OFFSET 0) u ON true
    ORDER BY u.id, m.id
    ON CONFLICT (recipient_id, dedupe_key) WHERE dedupe_key <> '' DO NOTHING
    RETURNING id
), out AS (
    INSERT INTO notifications_delivery
        (notice_id, channel, address, key, due_at, attempts, last_error, is_duty, guard_topic, guard_key)
    SELECT told.id, w.channel, w.address, gen_random_uuid(), COALESCE(w.due_at, statement_timestamp()), 0, '',
           m.is_duty, m.guard_topic, m.guard_key
    FROM told JOIN messages m USING (id),
         jsonb_to_recordset(m.ways) AS w (channel text, address text, due_at timestamptz)
    RETURNING 1
)
SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM out)
"""

_ANNOUNCE = """
WITH robots AS (
    SELECT id, authority_id, kind FROM notifications_robotwebhook
    WHERE authority_id = %(authority)s AND is_active AND failed_at IS NULL
), said AS (
    INSERT INTO notifications_bulletin (authority_id, topic, heading, counts, url, dedupe_key, created_at)
    SELECT %(authority)s, %(topic)s, %(heading)s, %(counts)s, %(url)s, %(dedupe_key)s, statement_timestamp()
    WHERE EXISTS (SELECT FROM robots)
    ON CONFLICT (authority_id, dedupe_key) WHERE dedupe_key <> '' DO NOTHING
    RETURNING id
)
INSERT INTO notifications_delivery
    (bulletin_id, robot_id, channel, address, key, due_at, attempts, last_error, guard_topic, guard_key)
SELECT said.id, robots.id, robots.kind, 'robot:' || robots.id, gen_random_uuid(),
       COALESCE(%(due_at)s, statement_timestamp()), 0, '', %(guard_topic)s, %(guard_key)s
FROM said, robots
"""

# In the order of ids: two of them may wait, but never for each other.
_SETTLE = """
WITH said AS (
    UPDATE notifications_bulletin SET settled_at = statement_timestamp()
    WHERE id IN (
        SELECT id FROM notifications_bulletin WHERE topic = ANY(%(topics)s) AND settled_at IS NULL
        ORDER BY id FOR NO KEY UPDATE
    )
)
UPDATE notifications_notice SET settled_at = statement_timestamp()
WHERE id IN (
    SELECT id FROM notifications_notice WHERE topic = ANY(%(topics)s) AND settled_at IS NULL
    ORDER BY id FOR NO KEY UPDATE
)
"""

_LET_STAND = """
INSERT INTO notifications_guard (topic, key)
SELECT topic, key FROM jsonb_to_recordset(%s) AS g (topic text, key text) ORDER BY topic
ON CONFLICT (topic) DO UPDATE SET key = excluded.key WHERE notifications_guard.key <> excluded.key
"""


@dataclass(frozen=True)
class Message:
    """What one person is told; the fields are those of `notify`."""

    recipient: int
    subject: str
    body: str
    url: str
    topic: str
    dedupe_key: str = ""
    at: datetime | None = None
    not_sent_before: datetime | None = None
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    is_urgent: bool = False
    is_duty: bool = False
    guard: tuple[str, str] | None = None


def notify(*, recipients: Iterable[User | int], **message) -> int:
    """Tell each active one of `recipients` (users or their ids) the same once; how many were told now.

    Writes with the caller's transaction: rolled back with it, and nothing is published before it commits.

    `subject` says what happened and names no person, because it becomes the e-mail's subject line (cut at 120
    characters); `body` may. `topic` is the key that `settle` takes. With a `dedupe_key` a person is told once,
    however often and from wherever this is called. `at` is when it happened, if not now.
    `channels` are the ways out that this may take, each only where it is configured, the person has an address and has
    not switched it off; `is_duty` overrides what they switched off. It waits for the end of the person's quiet
    hours unless it `is_urgent`, and for `not_sent_before`. `guard` is a pair (topic, key): see `let_stand`.
    Raises ValueError when `url` is not a path within this site.
    """
    ids = {r if isinstance(r, int) else r.pk for r in recipients}
    return notify_each([Message(recipient=pk, **message) for pk in sorted(ids)])


def notify_each(messages: Iterable[Message]) -> int:
    """Tell each person their own, under the rules of `notify`; how many messages were told now.

    Three statements for any number of them, one where nothing is configured to leave the house.
    """
    messages = list(messages)
    for message in messages:
        if not is_site_path(message.url):
            raise ValueError(f"not a path within this site: {message.url!r}")
    if not messages:
        return 0
    ways = _ways(messages)
    rows = [_row(message, ways[n]) for n, message in enumerate(messages)]
    with connection.cursor() as cursor:
        cursor.execute(_TELL, {"messages": json.dumps(rows, default=str)})
        told, sent_out = cursor.fetchone()
    if sent_out:
        wake_after_commit()
    return told


def announce(
    *,
    authority: Authority | int,
    heading: Choices,
    counts: Mapping[Choices, int],
    url: str,
    topic: str,
    dedupe_key: str = "",
    is_urgent: bool = False,
    guard: tuple[str, str] | None = None,
) -> int:
    """Have the group robots of an authority say counts and a link; how many will.

    Everybody in a chat reads it and its company keeps it, so nothing that anybody typed may be in it: heading and
    labels are members of an enumeration, words of the code, and the link carries none. Raises TypeError or
    ValueError otherwise. Waits for the end of the house's quiet hours unless `is_urgent`; the rest as in `notify`.
    """
    for words in (heading, *counts):
        if not isinstance(words, Choices):
            raise TypeError(f"not a word of the code: {words!r}")
    if not is_wordless_path(url):
        raise ValueError(f"not a path without words: {url!r}")
    if len(counts) > MOST_COUNTS or any(
        len(str(words.label)) > LONGEST_LABEL for words in (heading, *counts)
    ):
        raise ValueError("more than a robot may say at once")
    if not any(channels.is_open(channel) for channel in ROBOT_CHANNELS):
        return 0
    parameters = {
        "authority": authority if isinstance(authority, int) else authority.pk,
        "topic": topic,
        "heading": str(heading.label),
        "counts": json.dumps([[str(words.label), int(number)] for words, number in counts.items()]),
        "url": url,
        "dedupe_key": dedupe_key,
        "due_at": not_before(timezone.localtime(), default_wishes(), is_urgent=is_urgent),
        "guard_topic": guard and guard[0],
        "guard_key": guard and guard[1],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE, parameters)
        said = cursor.rowcount
    if said:
        wake_after_commit()
    return said


def reword(notice_id: int, *, subject: str, body: str) -> None:
    """Change what a notice says while its message has not left the house; part of the caller's transaction."""
    Notice.objects.filter(pk=notice_id).update(subject=_one_line(subject)[:120], body=body.strip()[:2000])


def settle(*topics: str) -> int:
    """The matters are over: their notices stop counting as unread and unsent messages are not sent any more.

    One statement, part of the caller's transaction. Notices told later under the same topic are open again.
    Returns how many notices were settled.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"topics": list(topics)})
        return cursor.rowcount


def let_stand(pairs: Iterable[tuple[str, str]]) -> None:
    """From the commit on, what was or will be said under each topic is true for its key alone.

    A message with this guard topic and another key is dropped instead of sent, at the latest when the lease of
    whoever holds it ends. One statement, part of the caller's transaction; both at most 60 characters.
    """
    rows = [{"topic": topic, "key": key} for topic, key in dict(pairs).items()]
    with connection.cursor() as cursor:
        cursor.execute(_LET_STAND, [json.dumps(rows)])


def _ways(messages: list[Message]) -> list[list[dict]]:
    """For each message the ways it leaves the house by, as the statement takes them."""
    is_open = {channel for channel in PERSONAL_CHANNELS if channels.is_open(channel)}
    offered = [[channel for channel in message.channels if channel in is_open] for message in messages]
    if not any(offered):
        return [[] for _ in messages]
    reach = reach_of({message.recipient for message, some in zip(messages, offered, strict=True) if some})
    now, found = timezone.localtime(), []
    for message, some in zip(messages, offered, strict=True):
        wishes, addresses = reach.get(message.recipient, NOWHERE)
        waits = (not_before(now, wishes, is_urgent=message.is_urgent), message.not_sent_before)
        due_at = max((moment for moment in waits if moment), default=None)
        chosen = channels_for(wishes, some, addresses, is_duty=message.is_duty)
        found.append([{"channel": c, "address": addresses[c], "due_at": due_at} for c in chosen])
    return found


_NOT_WRITTEN = {"channels", "guard", "is_urgent", "not_sent_before"}


def _row(message: Message, ways: list[dict]) -> dict:
    topic, key = message.guard or (None, None)
    own = {k: v for k, v in asdict(message).items() if k not in _NOT_WRITTEN}
    return own | {
        "subject": _one_line(message.subject)[:120],
        "body": message.body.strip()[:2000],
        "guard_topic": topic,
        "guard_key": key,
        "ways": ways,
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())
