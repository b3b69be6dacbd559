"""Clocks that follow the rows of institutions: licences, 责任书, drills. Read at each sweep, so that no form has to
remember them.

A licence is a matter of its own; of the others an institution has one each, named by the institution's id: the pledge
that is valid longest, the next drill.
"""

from datetime import date

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from clocks import running
from clocks.enums import ClockKind, LadderKey
from clocks.models import Clock
from institutions.enums import LicenceKind

_SYNC = 7210022  # advisory lock: one copy at a time
_RUNS_DAYS = (
    366  # a licence is watched for so long before it expires: what fell due before it was entered is told
)

# What shall have a clock: id of the matter, institution, due_on, started_on, title, and its place on the page.
_LICENCES = """
    SELECT l.id, l.institution_id, l.expires_on AS due_on, l.expires_on - %(runs)s AS started_on,
           k.label AS title, '' AS place
    FROM institutions_licence l
    JOIN institutions_institution i ON i.id = l.institution_id AND i.is_active
    JOIN unnest(%(kinds)s, %(labels)s) AS k (kind, label) ON k.kind = l.kind
    WHERE l.expires_on IS NOT NULL
"""
_PLEDGES = """
    SELECT i.id, i.id AS institution_id, p.valid_until AS due_on, p.signed_on AS started_on,
           p.year || ' 年安全责任书' AS title, '#pledges' AS place
    FROM institutions_institution i
    JOIN LATERAL (
        SELECT year, signed_on, valid_until FROM institutions_pledge
        WHERE institution_id = i.id ORDER BY valid_until DESC, year DESC LIMIT 1
    ) p ON true
    WHERE i.is_active
"""
# Who never had a drill owes the first on a day of its own (Institution.first_drill_due_on: half a year after the house,
# or the duty, was first known), so that houses entered long ago are not all late at the first sweep.
_DRILLS = """
    SELECT i.id, i.id AS institution_id, coalesce(d.next_due_on, i.first_drill_due_on) AS due_on,
           coalesce(d.held_on, r.on_day) AS started_on, '半年一次的应急演练' AS title, '#drills' AS place
    FROM institutions_institution i
    CROSS JOIN LATERAL (SELECT (i.created_at AT TIME ZONE %(zone)s)::date AS on_day) r
    LEFT JOIN LATERAL (
        SELECT held_on, next_due_on FROM institutions_drill
        WHERE institution_id = i.id ORDER BY held_on DESC, next_due_on LIMIT 1
    ) d ON true
    WHERE i.is_active
"""
_FOLLOWED = (
    (ClockKind.LICENCE, LadderKey.LICENCE, _LICENCES),
    (ClockKind.PLEDGE, LadderKey.PLEDGE, _PLEDGES),
    (ClockKind.DRILL, LadderKey.DRILL, _DRILLS),
)

_NEW = """
WITH wanted AS ({wanted})
INSERT INTO clocks_clock (
    kind, subject_id, institution_id, ladder_key, due_on, started_on, title, url, is_major, next_look_on
)
SELECT %(kind)s, w.id, w.institution_id, %(ladder)s, w.due_on, w.started_on, w.title,
       %(prefix)s || w.institution_id || '/' || w.place, false, %(today)s
FROM wanted w
WHERE NOT EXISTS (SELECT FROM clocks_clock c WHERE c.kind = %(kind)s AND c.subject_id = w.id)
ON CONFLICT (kind, subject_id) DO NOTHING
"""
_MOVED = """
WITH wanted AS ({wanted})
UPDATE clocks_clock c
SET due_on = w.due_on, started_on = w.started_on, title = w.title, next_look_on = %(today)s, ended_at = NULL
FROM wanted w
WHERE c.kind = %(kind)s AND c.subject_id = w.id AND (c.due_on <> w.due_on OR c.ended_at IS NOT NULL)
RETURNING c.id
"""
_GONE = """
WITH wanted AS ({wanted})
SELECT c.id FROM clocks_clock c
WHERE c.kind = %(kind)s AND c.ended_at IS NULL AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = c.subject_id)
"""


@transaction.atomic
def sync(today: date) -> None:
    """Make these clocks those of the rows: new ones start, renewed ones move, those without a date stop.

    Set-based; does nothing while another copy is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SYNC])
        if not cursor.fetchone()[0]:
            return
        for kind, ladder, wanted in _FOLLOWED:
            _follow(cursor, kind, ladder, wanted, today)


def _follow(cursor, kind: ClockKind, ladder: LadderKey, wanted: str, today: date) -> None:
    parameters = {
        "kind": kind.value,
        "ladder": ladder.value,
        "kinds": [licence.value for licence in LicenceKind],
        "labels": [licence.label for licence in LicenceKind],
        "prefix": reverse("institutions:list"),
        "runs": _RUNS_DAYS,
        "zone": timezone.get_default_timezone_name(),
        "today": today,
    }
    cursor.execute(_NEW.format(wanted=wanted), parameters)
    cursor.execute(_MOVED.format(wanted=wanted), parameters)
    if moved := [pk for (pk,) in cursor.fetchall()]:
        running.forget(moved)
    cursor.execute(_GONE.format(wanted=wanted), parameters)
    if gone := [pk for (pk,) in cursor.fetchall()]:
        running.stop_all(Clock.objects.filter(pk__in=gone))
