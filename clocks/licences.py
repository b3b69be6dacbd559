"""Licences have clocks: taken from the rows of institutions at each sweep, so that nobody has to remember to."""

from datetime import date

from django.db import connection, transaction
from django.urls import reverse

from clocks import running
from clocks.enums import ClockKind, LadderKey
from clocks.models import Clock
from institutions.enums import LicenceKind

_SYNC = 7210022  # advisory lock: one copy at a time
_RUNS_DAYS = (
    366  # a licence is watched for so long before it expires: what fell due before it was entered is told
)

_WANTED = """
wanted AS (
    SELECT l.id, l.institution_id, l.expires_on, k.label AS title, %(prefix)s || l.institution_id || '/' AS url
    FROM institutions_licence l
    JOIN institutions_institution i ON i.id = l.institution_id AND i.is_active
    JOIN unnest(%(kinds)s, %(labels)s) AS k (kind, label) ON k.kind = l.kind
    WHERE l.expires_on IS NOT NULL
)
"""
_NEW = f"""
WITH {_WANTED}
INSERT INTO clocks_clock (
    kind, subject_id, institution_id, ladder_key, due_on, started_on, title, url, is_major, next_look_on
)
SELECT %(kind)s, w.id, w.institution_id, %(ladder)s, w.expires_on, w.expires_on - %(runs)s, w.title, w.url, false,
       %(today)s
FROM wanted w
WHERE NOT EXISTS (SELECT FROM clocks_clock c WHERE c.kind = %(kind)s AND c.subject_id = w.id)
ON CONFLICT (kind, subject_id) DO NOTHING
"""
_MOVED = f"""
WITH {_WANTED}
UPDATE clocks_clock c
SET due_on = w.expires_on, started_on = w.expires_on - %(runs)s, next_look_on = %(today)s, ended_at = NULL
FROM wanted w
WHERE c.kind = %(kind)s AND c.subject_id = w.id AND (c.due_on <> w.expires_on OR c.ended_at IS NOT NULL)
RETURNING c.id
"""
_GONE = f"""
WITH {_WANTED}
SELECT c.id FROM clocks_clock c
WHERE c.kind = %(kind)s AND c.ended_at IS NULL AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = c.subject_id)
"""


@transaction.atomic
def sync(today: date) -> None:
    """Make the clocks of licences those of the rows: new ones start, renewed ones move, those without a date stop.

    Set-based; does nothing while another copy is at it.
    """
    parameters = {
        "kind": ClockKind.LICENCE.value,
        "ladder": LadderKey.LICENCE.value,
        "kinds": [kind.value for kind in LicenceKind],
        "labels": [kind.label for kind in LicenceKind],
        "prefix": reverse("institutions:list"),
        "runs": _RUNS_DAYS,
        "today": today,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SYNC])
        if not cursor.fetchone()[0]:
            return
        cursor.execute(_NEW, parameters)
        cursor.execute(_MOVED, parameters)
        if moved := [pk for (pk,) in cursor.fetchall()]:
            running.forget(moved)
        cursor.execute(_GONE, parameters)
        if gone := [pk for (pk,) in cursor.fetchall()]:
            running.stop_all(Clock.objects.filter(pk__in=gone))
