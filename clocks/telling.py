"""Telling people at once: major matters, and acts that wait to be issued. Set-based, in the sweep's transaction."""

from datetime import datetime

from django.db import connection

from clocks import lines, words
from clocks.enums import ClockKind, RungKind
from clocks.lines import Line
from clocks.people import MANNED, PARAMETERS, PEOPLE, PLACE_ID
from notifications import outbox
from notifications.enums import Channel
from notifications.outbox import Message

KINDS = [kind.value for kind in RungKind]  # in rising weight

_ASKED = f"""
told AS (
    SELECT r.id, r.clock_id, r.audience, r.kind, r.rung_on, {PLACE_ID} AS place_id
    FROM clocks_reminder r JOIN clocks_clock c ON c.id = r.clock_id WHERE r.id = ANY(%(ids)s)
), asked AS (
    SELECT DISTINCT place_id, audience FROM told
)
"""
# Somebody who is reached twice by one clock (as officer and as leader) hears the weightier of the two.
_RECIPIENTS = f"""
WITH {_ASKED}, {PEOPLE}
SELECT DISTINCT ON (p.user_id, t.clock_id) p.user_id, t.id
FROM told t JOIN people p ON p.place_id = t.place_id AND p.audience = t.audience
ORDER BY p.user_id, t.clock_id, t.rung_on DESC, array_position(%(kinds)s, t.kind::text) DESC
"""
_DRAFT = f"""
WITH {_ASKED}, {MANNED}
INSERT INTO clocks_draft (reminder_id, clock_id, authority_id, kind, drafted_at, number, text, reason)
SELECT t.id, t.clock_id, m.authority_id, t.kind, %(now)s, '', '', ''
FROM told t JOIN manned m ON m.place_id = t.place_id AND m.audience = t.audience
ORDER BY t.id
"""


def draft(reminder_ids: list[int], now: datetime) -> None:
    """Draft the official acts of these reminders, each for the authority its audience means."""
    with connection.cursor() as cursor:
        cursor.execute(_DRAFT, PARAMETERS | {"ids": reminder_ids, "now": now})


def tell_now(reminder_ids: list[int], now: datetime) -> int:
    """Tell of these reminders at once, as duty requires: nobody has switched them off. How many were told."""
    with connection.cursor() as cursor:
        cursor.execute(_RECIPIENTS, PARAMETERS | {"ids": reminder_ids, "kinds": KINDS})
        recipients = cursor.fetchall()
    loaded = lines.load({reminder for _, reminder in recipients}, now.date())
    return outbox.notify_each([_message(user, loaded[pk]) for user, pk in recipients])


def channels(by_mail: bool, by_sms: bool) -> tuple[Channel, ...]:
    """The ways out of the house that a ladder's rung names."""
    return tuple(c for c, is_used in ((Channel.EMAIL, by_mail), (Channel.SMS, by_sms)) if is_used)


def _message(user_id: int, line: Line) -> Message:
    clock = line.clock
    said = [
        f"{clock.title}（{ClockKind(clock.kind).label}）",
        f"期限：{words.day_words(clock.due_on, line.today)}，{line.standing}。",
    ]
    if line.late:
        said.append(f"{line.late}。")
    if line.forecast:
        said.append(line.forecast)
    prefix = "重大隐患" if clock.kind == ClockKind.HAZARD else ClockKind(clock.kind).label
    return Message(
        recipient=user_id,
        subject=f"{prefix}{line.label}：{clock.place.name}，{line.standing}",
        body="\n".join(said),
        url=line.url,
        topic=clock.topic,
        dedupe_key=f"reminder:{line.reminder.pk}",
        channels=channels(line.reminder.by_mail, line.reminder.by_sms),
        is_duty=True,
    )
