"""What a change of the working calendar means for clocks: asked before it, told after it."""

from datetime import date

from django.db import connection

from clocks.actions.ladders import look_again
from clocks.enums import LadderStatus, Unit
from clocks.models import Rung
from clocks.schedule import moments_sql
from workdays.dependents import Dependent, register
from workdays.proposal import Proposal

# Running clocks one of whose coming rungs would fall on another day.
_MOVED = f"""
WITH {Proposal.SQL}, wanted AS (
    SELECT DISTINCT ladder_key, due_on FROM clocks_clock WHERE ended_at IS NULL AND next_look_on IS NOT NULL
), {moments_sql()}, {moments_sql("proposed_day").replace("moments AS", "proposed AS", 1)}
SELECT count(*) FROM clocks_clock c
WHERE c.ended_at IS NULL AND c.next_look_on IS NOT NULL AND (c.ladder_key, c.due_on) IN (
    SELECT m.ladder_key, m.due_on FROM moments m JOIN proposed p USING (ladder_key, due_on, code)
    WHERE m.rung_on <> p.rung_on
)
"""
# The latest running deadline of the ladders that count in workdays (for the others no calendar is needed): the last
# entry of each in the index clock_running_by_ladder, so that thousands of licences far ahead cost nothing.
FURTHEST = """
SELECT max(latest.due_on)
FROM (
    SELECT DISTINCT l.key FROM clocks_ladder l JOIN clocks_rung r ON r.ladder_id = l.id
    WHERE l.status = 'published' AND r.unit = 'workday'
) AS counted
CROSS JOIN LATERAL (
    SELECT due_on FROM clocks_clock WHERE ended_at IS NULL AND ladder_key = counted.key
    ORDER BY due_on DESC LIMIT 1
) AS latest
"""


def count_moved(proposal: Proposal) -> int:
    """How many running clocks would be reminded or escalated on another day."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, proposal.parameters)
        return cursor.fetchone()[0]


def after_change(first: date) -> int:
    """Let the next sweep look anew at every running clock whose ladder counts in workdays; how many there are."""
    return look_again(*_counted_in_workdays().distinct())


def _counted_in_workdays():
    rungs = Rung.objects.filter(unit=Unit.WORKDAY, ladder__status=LadderStatus.PUBLISHED)
    return rungs.values_list("ladder__key", flat=True)


def depend() -> None:
    """Make these known to the calendar."""
    register("clocks", Dependent("正在计时的期限", count_moved, after_change, FURTHEST))
