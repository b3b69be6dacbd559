"""The counts behind every indicator, for all regions directly below one: summary and open work in one statement.

They are the dashboards' numbers: hazards belong to the period by the day they were found, all else is as of now.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from hazards.enums import OPEN_STATUSES, HazardStatus, Severity
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Region
from reports.models import Indicator, PlaceLevel
from reports.periods import Period, end_of
from reports.statistics import PASSED
from reports.summary import Sums, Tally

_LEVEL = {RegionLevel.CITY: PlaceLevel.CITY, RegionLevel.COUNTY: PlaceLevel.COUNTY}
_NAMES = ("n", "on_time", "judged", "first_pass", "recurring", "self_found")
_PART = {
    RegionLevel.PROVINCE: "CASE WHEN city_id = province_id THEN county_id ELSE city_id END",
    RegionLevel.CITY: "county_id",
}
_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN_STATUSES))

# One moment for both halves: a hazard that moves meanwhile is in neither twice nor lost.
_COUNT = f"""
WITH parts (level, place_id) AS (SELECT * FROM unnest(%(levels)s::smallint[], %(places)s::bigint[])),
cells AS (
    SELECT place_id, axis, status, severity, {", ".join(_NAMES)} FROM parts JOIN reports_summarycell USING (level, place_id)
    WHERE facet = 'all' AND axis IN ('found', 'closed') AND month BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT place_id, axis, status, severity, {", ".join(_NAMES)} FROM parts JOIN reports_cellpending USING (level, place_id)
    WHERE facet = 'all' AND axis IN ('found', 'closed') AND month BETWEEN %(first)s AND %(last)s
)
SELECT place_id, axis COLLATE "C", status COLLATE "C", severity COLLATE "C",
       ARRAY[{", ".join(f"sum({name})" for name in _NAMES)}]::bigint[]
FROM cells GROUP BY place_id, axis, status, severity
UNION ALL
SELECT part, 'open', '', severity, ARRAY[
    count(*), count(*) FILTER (WHERE late > 0 AND found_on BETWEEN %(first)s AND %(last_day)s),
    COALESCE(sum(late) FILTER (WHERE late > 0), 0)
]::bigint[]
FROM (
    SELECT {{part}} AS part, severity, found_on,
           CASE WHEN status = 'rectifying' THEN %(today)s::date - due_on END AS late
    FROM hazards_hazard WHERE {{column}} = %(place)s AND status IN ({_OPEN})
) AS live
GROUP BY part, severity
"""


@dataclass
class Counts:
    """One region: hazards found in the period, how many were closed in it, and its open work as of today."""

    found: Tally = field(default_factory=Tally)
    closed: int = 0
    open: int = 0
    late: int = 0  # of those found in the period
    late_major: int = 0
    days_late: int = 0  # of all open ones together

    def of(self, indicator: str) -> tuple[int, int]:
        """Numerator and denominator, as reports.rates.DEFINITIONS says."""
        valid, passed = self.found.valid, self.found.of(PASSED)
        closed, major = (self.found.of([HazardStatus.CLOSED], grade) for grade in ("", Severity.MAJOR))
        return {
            Indicator.CLOSURE: (closed.n, valid.n),
            Indicator.RECTIFIED: (passed.n, valid.n),
            Indicator.ON_TIME: (passed.on_time, passed.n + self.late),
            Indicator.MAJOR_ON_TIME: (major.on_time, major.n + self.late_major),
            Indicator.FIRST_PASS: (valid.first_pass, valid.judged),
            Indicator.RECURRENCE: (valid.recurring, self.closed),
            Indicator.SELF_FOUND: (valid.self_found, valid.n),
            Indicator.LATE_DAYS: (self.days_late, self.open),
        }[Indicator(indicator)]


def ranked(region: Region, today: date) -> list[Region]:
    """The regions an appraisal of `region` ranks: cities and counties directly below it, in use today."""
    return list(Region.objects.valid_on(today).filter(parent=region, level__in=list(_LEVEL)).order_by("path"))


def counts_of(
    actor: Actor, region: Region, parts: list[Region], period: Period, today: date
) -> dict[int, Counts]:
    """Of each of `parts`, regions directly below the actor's own `region`. One statement."""
    counts: dict[int, Counts] = defaultdict(Counts)
    if actor.scope.column is None or not parts:
        return counts
    level = RegionLevel(region.level)
    parameters = {
        "levels": [int(_LEVEL[RegionLevel(part.level)]) for part in parts], "places": [part.pk for part in parts],
        "first": period.first, "last": period.last, "last_day": end_of(period.last), "today": today,
        "place": region.pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(part=_PART[level], column=f"{level.value}_id"), parameters)
        for part, axis, status, severity, sums in cursor.fetchall():
            _take(counts[part], axis, status, severity, sums)
    return counts


def _take(counts: Counts, axis: str, status: str, severity: str, sums: list[int]) -> None:
    if axis == "found":
        counts.found.add(status, severity, Sums(*sums))
    elif axis == "closed":
        counts.closed += sums[0]
    else:
        n, late, days = sums
        counts.open += n
        counts.late += late
        counts.late_major += late * (severity == Severity.MAJOR)
        counts.days_late += days
