"""每日提醒: one message a person and workday for everything that is not major, composed once at DIGEST_AT.

The lines wait as rows (PendingLine) from the moment they are recorded; composing takes them all in one transaction,
so that a line is in exactly one day's digests whatever dies in between. What is recorded later, or on a day off, waits
for the next workday and is worded as the matter stands then.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction
from django.urls import reverse

from clocks import lines, riders
from clocks.enums import ESCALATIONS, RungKind
from clocks.lines import Line
from clocks.models import Digest, PendingLine
from clocks.people import PARAMETERS, PEOPLE, PLACE_ID
from clocks.riders import DIGEST_AT
from clocks.schedule import is_workday
from clocks.telling import KINDS, channels
from notifications import outbox
from notifications.models import Notice
from notifications.outbox import Message

SHOWN = 10  # lines in the message; all of them stand on the page it leads to
# The runtime role ends statements after 15 s, which is for pages; after a long silence on a busy machine this may take
# longer, and must not begin anew for ever.
PATIENCE = "SET LOCAL statement_timeout = '60s'"
_COMPOSER = 7210021  # advisory lock: one composer at a time

# An act that ends several clocks may hold a line and wait for another: whoever composes waits for no act, or the two
# would wait for each other. A line an act held and kept after all stands in the next day's digest.
_TAKE = f"""
WITH free AS MATERIALIZED (
    SELECT reminder_id FROM clocks_pendingline FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM clocks_pendingline p USING free WHERE p.reminder_id = free.reminder_id RETURNING p.reminder_id
), told AS (
    SELECT r.id, r.clock_id, r.audience, r.kind, r.rung_on, r.due_on, r.by_mail, r.by_sms, {PLACE_ID} AS place_id
    FROM taken JOIN clocks_reminder r ON r.id = taken.reminder_id JOIN clocks_clock c ON c.id = r.clock_id
), asked AS (
    SELECT DISTINCT place_id, audience FROM told
), {PEOPLE}, mine AS (
    SELECT DISTINCT ON (p.user_id, t.clock_id) p.user_id, t.id, t.kind, t.due_on, t.by_mail, t.by_sms,
           array_position(%(kinds)s, t.kind::text) AS weight
    FROM told t JOIN people p ON p.place_id = t.place_id AND p.audience = t.audience
    ORDER BY p.user_id, t.clock_id, t.rung_on DESC, weight DESC
)
SELECT user_id, array_agg(id ORDER BY weight DESC, due_on, id), array_agg(kind),
       bool_or(by_mail), bool_or(by_sms)
FROM mine GROUP BY user_id ORDER BY user_id
"""
# Digests whose e-mail has not left the house and that hold a line of these clocks.
_UNSENT = """
SELECT d.id
FROM notifications_delivery m
JOIN clocks_digest d ON d.notice_id = m.notice_id
WHERE m.sent_at IS NULL AND m.dead_at IS NULL AND m.dropped_at IS NULL
  AND d.reminders && ARRAY(SELECT id FROM clocks_reminder WHERE clock_id = ANY(%s))
"""


def topic(user_id: int) -> str:
    """The key under which yesterday's digest is settled when today's is there."""
    return f"digest:{user_id}"


def compose_due(now: datetime) -> int:
    """Compose the workday's digests if it is time and they are not there yet; how many people were told.

    `now` is aware and local. Of any number of copies at once, one composes.
    """
    if now.time() < DIGEST_AT or not PendingLine.objects.exists() or not is_workday(now.date()):
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_COMPOSER])
        if not cursor.fetchone()[0] or Digest.objects.filter(on=now.date()).exists():
            return 0
        cursor.execute(PATIENCE)
        cursor.execute(_TAKE, PARAMETERS | {"kinds": KINDS})
        return _tell(cursor.fetchall(), now)


def _tell(rows: list[tuple], now: datetime) -> int:
    if not rows:
        return 0
    today = now.date()
    loaded = lines.load({pk for _, ids, *_ in rows for pk in ids[:SHOWN]}, today)
    outbox.settle(*(topic(row[0]) for row in rows))
    along = riders.taken_along([row[0] for row in rows], now)
    riders.mail_no_more(
        [n for user_id, _, _, is_mailed, _ in rows if is_mailed for n in along.get(user_id, [])]
    )
    key, messages = f"digest:{today.isoformat()}", []
    for user_id, ids, kinds, is_mailed, is_texted in rows:
        subject, body = wording(kinds, [loaded[pk] for pk in ids[:SHOWN]], along.get(user_id, []))
        messages.append(
            Message(
                recipient=user_id,
                subject=subject,
                body=body,
                url=reverse("clocks:digest", args=[today.isoformat()]),
                topic=topic(user_id),
                dedupe_key=key,
                channels=channels(is_mailed, is_texted),
                is_duty=any(kind in ESCALATIONS for kind in kinds),
            )
        )
    outbox.notify_each(messages)
    told = dict(
        Notice.objects.filter(dedupe_key=key, recipient__in=[row[0] for row in rows]).values_list(
            "recipient", "id"
        )
    )
    Digest.objects.bulk_create(
        [
            Digest(recipient_id=user_id, on=today, composed_at=now, notice_id=told[user_id], reminders=ids)
            for user_id, ids, *_ in rows
            if user_id in told
        ],
        batch_size=1000,
    )
    return len(told)


def by_kind(kinds: Iterable[str]) -> str:
    """督办 2、红色预警 5: how many of each kind, the weightiest first."""
    counts = Counter(kinds)
    return "、".join(f"{kind.label} {counts[kind]}" for kind in reversed(RungKind) if counts[kind])


def wording(kinds: Iterable[str], shown: Iterable[Line], along: list[Notice]) -> tuple[str, str]:
    """Subject and body of a digest: how many of each kind; the most urgent lines, a short paragraph each.

    And what rides `along`. Without a line left it says that alone.

    A mail is read on a phone, twenty characters wide: what it is and where first, then the fault, then what comes.
    """
    kinds = list(kinds)
    said = [_paragraph(number, line) for number, line in enumerate(shown, start=1)]
    if len(kinds) > SHOWN:
        said.append(f"以上是最紧急的 {SHOWN} 件，另有 {len(kinds) - SHOWN} 件，请打开查看全部。")
    reminders = f"今日提醒 {len(kinds)} 件：{by_kind(kinds)}" if kinds else ""
    parts = [reminders, riders.summary(along)], [*said, riders.words(along)]
    subject, body = ([part for part in some if part] for some in parts)
    return "；".join(subject), "\n\n".join(body)


def _paragraph(number: int, line: Line) -> str:
    said = [f"{number}. 【{line.label}】{line.standing}　{line.clock.place.name}", _short(line.clock.title)]
    if line.late:
        said.append(f"{line.late}。")
    if line.forecast:
        said.append(line.forecast)
    return "\n　　".join(said)


def take_out(clock_ids: list[int]) -> None:
    """Take what is over out of digests whose e-mail has not left yet; a digest with nothing left is not sent.

    The clocks have stopped or moved in this transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNSENT, [clock_ids])
        ids = [pk for (pk,) in cursor.fetchall()]
    for digest in Digest.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"):
        _reword(digest)


def _reword(digest: Digest) -> None:
    live = [line for line in standing_lines(digest.reminders, digest.on) if not line.is_over]
    along = riders.taken_along([digest.recipient_id], digest.composed_at).get(digest.recipient_id, [])
    if live or along:
        subject, body = wording((line.reminder.kind for line in live), live[:SHOWN], along)
        outbox.reword(digest.notice_id, subject=subject, body=body)
    else:
        outbox.settle(topic(digest.recipient_id))


def standing_lines(reminder_ids: list[int], today: date) -> list[Line]:
    """The lines of these reminders, in the order given."""
    loaded = lines.load(reminder_ids, today)
    return [loaded[pk] for pk in reminder_ids if pk in loaded]


def _short(title: str, length: int = 24) -> str:
    return title if len(title) <= length else f"{title[: length - 1]}…"
