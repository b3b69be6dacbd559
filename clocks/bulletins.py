"""What group chats are told once a workday, with the digests: how many matters are late, and nothing else."""

from datetime import datetime

from django.db import connection, transaction
from django.urls import reverse

from clocks.digests import DIGEST_AT
from clocks.enums import ESCALATIONS, BulletinCount, BulletinHeading
from clocks.schedule import is_workday, workday_from
from notifications import channels, outbox
from notifications.enums import ROBOT_CHANNELS

# Authorities whose robots have not said today's, each with what is late in its region.
_LATE = """
WITH silent AS (
    SELECT DISTINCT a.id, r.path
    FROM notifications_robotwebhook w
    JOIN institutions_authority a ON a.id = w.authority_id AND a.department = 'civil_affairs'
    JOIN institutions_region r ON r.id = a.region_id
    WHERE w.is_active AND w.failed_at IS NULL AND NOT EXISTS (
        SELECT FROM notifications_bulletin b WHERE b.authority_id = a.id AND b.dedupe_key = %(key)s
    )
), late AS (
    SELECT r.path, count(*) AS late, count(*) FILTER (WHERE c.is_major) AS major, count(*) FILTER (WHERE EXISTS (
        SELECT FROM clocks_reminder m
        WHERE m.clock_id = c.id AND m.due_on = c.due_on AND m.rung_on > %(told_on)s AND m.rung_on <= %(today)s AND m.kind = ANY(%(kinds)s)
    )) AS escalated
    FROM clocks_clock c
    LEFT JOIN institutions_institution i ON i.id = c.institution_id
    JOIN institutions_authority a ON a.id = COALESCE(c.authority_id, i.authority_id)
    JOIN institutions_region r ON r.id = a.region_id
    WHERE c.ended_at IS NULL AND c.due_on < %(today)s AND EXISTS (SELECT FROM silent)
    GROUP BY r.path
)
SELECT silent.id, sum(late.late), sum(late.major), sum(late.escalated)
FROM silent JOIN late ON starts_with(late.path, silent.path)
GROUP BY silent.id ORDER BY silent.id
"""


@transaction.atomic
def announce_due(now: datetime) -> int:
    """Have each authority's robots say today's counts, if it is time; how many authorities did. Nothing late: silence.

    `now` is aware and local. Any number of copies say it once a workday, counting as escalated what was on the days off
    before it, too; what was not sent by the next day's never is.
    """
    if now.time() < DIGEST_AT or not any(channels.is_open(channel) for channel in ROBOT_CHANNELS):
        return 0
    if not is_workday(now.date()):
        return 0
    day = now.date().isoformat()
    key = f"overdue:{day}"
    with connection.cursor() as cursor:
        cursor.execute(
            _LATE,
            {
                "key": key,
                "today": now.date(),
                "told_on": workday_from(now.date(), -1),
                "kinds": [kind.value for kind in ESCALATIONS],
            },
        )
        found = cursor.fetchall()
    if found:
        outbox.let_stand((topic(authority), day) for authority, *_ in found)
    said = 0
    for authority, late, major, escalated in found:
        counts = {
            BulletinCount.LATE: late, BulletinCount.MAJOR: major, BulletinCount.ESCALATED: escalated,
        }  # fmt: skip
        said += bool(
            outbox.announce(
                authority=authority,
                heading=BulletinHeading.DAILY,
                counts={label: int(number) for label, number in counts.items()},
                url=reverse("clocks:tomorrow"),
                topic=topic(authority),
                dedupe_key=key,
                guard=(topic(authority), day),
            )
        )
    return said


def topic(authority_id: int) -> str:
    """What today's counts stand under."""
    return f"overdue:{authority_id}"
