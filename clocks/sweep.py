"""The sweep: what is owed today is computed from the rows, whenever it runs and however many copies run.

One statement records the rungs whose day has come, for a batch of clocks, and moves each clock to the next day it has
something to do. A rung is recorded once (UNIQUE clock, rung, due date); of several missed ones only the highest is
delivered to each audience. Downtime needs no code of its own.
"""

import logging
import time
from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from clocks import bulletins, digests, following, telling
from clocks.digests import PATIENCE
from clocks.schedule import MOMENTS
from notifications.heartbeat import beat

logger = logging.getLogger("house.clocks")

HEARTBEAT = "clocks"
BATCH = 5000  # clocks in one transaction: an act on one of them waits for it, half a second
ROUND_SECONDS = 50  # the next sweep goes on; well below the task's time limit

# SKIP LOCKED: what another sweep holds it does itself, what an act holds comes next minute. An act that moved a clock
# meanwhile is seen, because the condition is checked again on the locked row.
_RECORD = f"""
WITH looked AS MATERIALIZED (
    SELECT id, ladder_key, due_on, started_on, is_major
    FROM clocks_clock
    WHERE next_look_on <= %(today)s
    ORDER BY next_look_on, id LIMIT %(batch)s
    FOR NO KEY UPDATE SKIP LOCKED
), wanted AS (
    SELECT DISTINCT ladder_key, due_on FROM looked
), {MOMENTS}, owed AS (
    SELECT c.id AS clock_id, c.is_major, m.*,
           row_number() OVER (PARTITION BY c.id, m.audience ORDER BY m.rung_on DESC, m.position DESC) = 1 AS is_highest
    FROM looked c JOIN moments m USING (ladder_key, due_on)
    WHERE m.rung_on > c.started_on AND m.rung_on <= %(today)s
      AND NOT EXISTS (
          SELECT FROM clocks_reminder r
          WHERE r.clock_id = c.id AND r.rung_code = m.code AND r.due_on = c.due_on
      )
), recorded AS (
    INSERT INTO clocks_reminder (
        clock_id, rung_code, due_on, rung_on, offset_days, unit, audience, kind, by_mail, by_sms, is_late, outcome, recorded_at
    )
    SELECT clock_id, code, due_on, rung_on, offset_days, unit, audience, kind, by_mail, by_sms, rung_on < %(today)s,
           CASE WHEN NOT is_highest OR EXISTS (
                    SELECT FROM clocks_reminder r
                    WHERE r.clock_id = o.clock_id AND r.due_on = o.due_on AND r.audience = o.audience
                      AND r.rung_on > o.rung_on
                ) THEN 'superseded'
                WHEN is_act THEN 'draft' ELSE 'delivered' END,
           statement_timestamp()
    FROM owed o ORDER BY clock_id, position
    ON CONFLICT (clock_id, rung_code, due_on) DO NOTHING
    RETURNING id, clock_id, outcome
), pending AS (
    INSERT INTO clocks_pendingline (reminder_id, clock_id)
    SELECT r.id, r.clock_id FROM recorded r JOIN looked c ON c.id = r.clock_id
    WHERE r.outcome <> 'superseded' AND NOT c.is_major
), upcoming AS (
    SELECT ladder_key, due_on, min(rung_on) AS rung_on FROM moments WHERE rung_on > %(today)s GROUP BY 1, 2
), moved AS (
    UPDATE clocks_clock c SET next_look_on = u.rung_on
    FROM looked LEFT JOIN upcoming u USING (ladder_key, due_on)
    WHERE c.id = looked.id
)
SELECT (SELECT count(*) FROM looked), (SELECT count(*) FROM recorded),
       ARRAY(SELECT r.id FROM recorded r JOIN looked c ON c.id = r.clock_id
             WHERE r.outcome <> 'superseded' AND c.is_major),
       ARRAY(SELECT id FROM recorded WHERE outcome = 'draft')
"""


def sweep(now: datetime | None = None) -> int:
    """Record and tell everything that is owed at `now` (aware; the clock if not given); how many rungs were recorded.

    "Today" is Beijing's. Any number of copies may run at once, at any time; running again changes nothing. Must not
    run inside a transaction. Leaves the heartbeat "clocks" when it came to its end.
    """
    now = timezone.localtime(now)
    today, total = now.date(), 0
    following.sync(today)
    stop_at = time.monotonic() + ROUND_SECONDS
    while time.monotonic() < stop_at:
        looked, recorded = record_due(today, now)
        total += recorded
        if looked < BATCH:
            digests.compose_due(now)
            bulletins.announce_due(now)
            break
    beat(HEARTBEAT)
    return total


@transaction.atomic
def record_due(today: date, now: datetime, batch: int = BATCH) -> tuple[int, int]:
    """Record the rungs owed by up to `batch` clocks, tell of major ones at once, draft acts: one transaction.

    Returns how many clocks were looked at and how many rungs were recorded.
    """
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute(_RECORD, {"today": today, "batch": batch})
        looked, recorded, urgent, acts = cursor.fetchone()
    if acts:
        telling.draft(acts, now)
    if urgent:
        telling.tell_now(urgent, now)
    if recorded:
        logger.info("recorded %d rungs of %d clocks", recorded, looked)
    return looked, recorded
