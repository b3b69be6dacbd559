"""The sweep: one day's rungs over all running clocks, against the bare INSERT … SELECT of the same rungs."""

import statistics
from datetime import datetime, time, timedelta

from django.utils import timezone

from clocks.models import Clock, Reminder
from clocks.schedule import MOMENTS
from clocks.sweep import sweep
from ops.bench.effort import Effort
from ops.bench.owner import forget_what_was_told, owner
from ops.bench.rows import Row, compared
from ops.bench.timing import Taken, median, taken, watch

_TO_BARE = 3
# The rungs of one day, by the same index the product looks in.
_BARE = f"""
WITH wanted AS (SELECT DISTINCT ladder_key, due_on FROM clocks_clock WHERE next_look_on <= %(day)s), {MOMENTS}
INSERT INTO bench_reminder (
    clock_id, rung_code, due_on, rung_on, offset_days, unit, audience, kind, outcome, is_late, by_mail, by_sms, recorded_at
)
SELECT c.id, m.code, c.due_on, m.rung_on, m.offset_days, m.unit, m.audience, m.kind, 'delivered', false, m.by_mail,
       m.by_sms, now()
FROM clocks_clock c JOIN moments m USING (ladder_key, due_on)
WHERE c.next_look_on <= %(day)s AND m.rung_on = %(day)s AND m.rung_on > c.started_on
ON CONFLICT (clock_id, rung_code, due_on) DO NOTHING
"""
_NIGHT, _MORNING = time(3, 0), time(9, 0)  # before the day's digests are composed, and after


class Days:
    """Sweeps one day after another from tomorrow on; what was owed until today is caught up first."""

    def __init__(self):
        forget_what_was_told()
        self._on = timezone.localdate()
        self.caught_up = 0
        began = datetime.now(tz=timezone.get_current_timezone())
        while recorded := sweep(self._at(_NIGHT)):
            self.caught_up += recorded
        self.catching_up_s = (datetime.now(tz=began.tzinfo) - began).total_seconds()

    def _at(self, moment: time) -> datetime:
        return timezone.make_aware(datetime.combine(self._on, moment))

    def next(self):
        """The day that is swept from now on."""
        self._on += timedelta(days=1)
        return self._on

    def sweep(self) -> int:
        return sweep(self._at(_NIGHT))

    def sweep_with_digests(self) -> int:
        return sweep(self._at(_MORNING))


def sweeps(effort: Effort) -> list[Row]:
    """A day's sweep against the bare statement; again, which must record nothing; and with the day's digests."""
    days = Days()
    spent: dict[str, list[Taken]] = {"sweep": [], "bare": [], "again": [], "digests": []}
    recorded, repeated, differing = [], 0, 0
    with owner() as cursor:
        watch(cursor.connection.info.backend_pid)
        cursor.execute("DROP TABLE IF EXISTS bench_reminder")
        cursor.execute("CREATE TABLE bench_reminder (LIKE clocks_reminder INCLUDING ALL)")
        try:
            for _ in range(max(effort.rounds, 1) + 1):  # the first counts for nothing
                day, before = days.next(), Reminder.objects.count()
                spent["bare"].append(taken(lambda d=day: cursor.execute(_BARE, {"day": d})))
                bare = cursor.rowcount
                spent["sweep"].append(taken(days.sweep))
                recorded.append(Reminder.objects.count() - before)
                differing += recorded[-1] != bare
                spent["again"].append(taken(days.sweep))
                repeated += Reminder.objects.count() - before - recorded[-1]
                spent["digests"].append(taken(days.sweep_with_digests))
        finally:
            cursor.execute("DROP TABLE bench_reminder")
    found = {name: median(values[1:]) for name, values in spent.items()}
    clocks, rungs = Clock.objects.running().count(), statistics.median(recorded[1:])
    forget_what_was_told()
    what, bare = f"{clocks:,} 个期限，当日 {rungs:.0f} 级", "INSERT … SELECT"
    return [
        compared("巡查", what, found["sweep"], found["bare"], bare, _TO_BARE),
        Row("巡查", "再来一次，新记的", repeated, "", limit=0),
        Row("巡查", "与 INSERT … SELECT 级数不同的日子", differing, "", limit=0),
        compared("巡查", "再来一次", found["again"], found["bare"], bare),
        Row("巡查", "连同每日提醒", found["digests"].wall),
        Row("巡查", f"停机之后补记 {days.caught_up:,} 级", days.catching_up_s, "s"),
    ]
