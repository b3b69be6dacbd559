"""Reading the summary, cells and pending deltas together: exact to the last committed act. And folding it."""

from dataclasses import dataclass, field
from datetime import date
from operator import add
from typing import NamedTuple

from django.db import connection, transaction

from hazards.enums import OPEN_STATUSES, HazardStatus
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.territories import Territory
from notifications.heartbeat import beat
from reports.models import FOLD_LOCK, Axis, Facet, PlaceLevel
from reports.periods import EARLIEST, Period

BATCH = 5000
HEARTBEAT = "summary"
_LEVEL = {
    RegionLevel.PROVINCE: PlaceLevel.PROVINCE,
    RegionLevel.CITY: PlaceLevel.CITY,
    RegionLevel.COUNTY: PlaceLevel.COUNTY,
}
_NAMES = ("n", "on_time", "judged", "first_pass", "recurring", "self_found")
_COLUMNS = f"level, place_id, axis, facet, value, month, status, severity, {', '.join(_NAMES)}"
_SUMS = ", ".join(f"sum({name})::bigint" for name in _NAMES)

# Own cells whole; of the parts only what a line of the table shows. Months stay apart where a trend needs them.
_READ = f"""
WITH parts (level, place_id) AS ({{parts}}),
wanted (is_part, level, place_id) AS (
    SELECT false, %(level)s::smallint, %(place)s::bigint UNION ALL SELECT true, level, place_id FROM parts
),
cells AS (
    SELECT false AS is_part, {_COLUMNS} FROM reports_summarycell
    WHERE level = %(level)s AND place_id = %(place)s
    UNION ALL
    SELECT true, {_COLUMNS} FROM parts JOIN reports_summarycell USING (level, place_id)
    WHERE facet = 'all' AND axis = 'found'
    UNION ALL
    SELECT is_part, {_COLUMNS} FROM wanted JOIN reports_cellpending USING (level, place_id)
    WHERE NOT is_part OR facet = 'all' AND axis = 'found'
    {{rows}}
)
SELECT is_part, place_id, CASE WHEN is_part AND level = 4 THEN
           (SELECT name FROM institutions_institution i WHERE i.id = place_id) ELSE '' END,
       axis COLLATE "C", facet COLLATE "C", value COLLATE "C", CASE WHEN facet = 'all' AND NOT is_part THEN month END AS since,
       status COLLATE "C", severity COLLATE "C", {_SUMS}
FROM cells
WHERE facet = 'all' AND NOT is_part OR month BETWEEN %(first)s AND %(last)s
GROUP BY is_part, level, place_id, 4, 5, 6, since, 8, 9
HAVING sum(n) <> 0
"""
_REGIONS = "SELECT * FROM unnest(%(levels)s::smallint[], %(places)s::bigint[])"
_INSTITUTIONS = "SELECT 4::smallint, id FROM institutions_institution WHERE {column} = %(place)s"
_NO_PARTS = "SELECT 4::smallint, NULL::bigint"
# An institution's cells know no month: within a period its rows are counted, those found in it alone.
_ROWS = """
UNION ALL
SELECT true, 4, institution_id, 'found', 'all', '', found_month, status, severity, count(*)::integer,
       count(*) FILTER (WHERE is_on_time)::integer, count(*) FILTER (WHERE is_judged)::integer,
       count(*) FILTER (WHERE is_first_pass)::integer, count(*) FILTER (WHERE is_recurring)::integer,
       count(*) FILTER (WHERE is_self_found)::integer
FROM reports_fact
WHERE {column} = %(place)s AND found_on BETWEEN %(first)s AND (%(last)s + interval '1 month')::date - 1
GROUP BY institution_id, found_month, status, severity
"""


_VALID = frozenset(HazardStatus.values) - {HazardStatus.VOIDED}


class Sums(NamedTuple):
    """How many hazards, and how many of them: submitted in time, judged once, passed at once, recurring, self-found."""

    n: int = 0
    on_time: int = 0
    judged: int = 0
    first_pass: int = 0
    recurring: int = 0
    self_found: int = 0

    def plus(self, other: "Sums") -> "Sums":
        return Sums(*map(add, self, other))


class Tally(dict):
    """Sums by (status, severity) of the hazards found in a period."""

    def add(self, status: str, severity: str, sums: Sums) -> None:
        self[status, severity] = self.get((status, severity), Sums()).plus(sums)

    def of(self, statuses, severity: str = "") -> Sums:
        """Of these statuses, of one severity or both."""
        total = Sums()
        for (status, grade), sums in self.items():
            if status in statuses and severity in ("", grade):
                total = total.plus(sums)
        return total

    @property
    def open(self) -> int:
        return self.of(OPEN_STATUSES).n

    @property
    def valid(self) -> Sums:
        """All but 作废."""
        return self.of(_VALID)


@dataclass
class Summary:
    """A territory: by month of finding, how many were registered, closed and voided in each month, facets, parts."""

    found: dict[date, Tally] = field(default_factory=dict)
    flows: dict[tuple[str, date], int] = field(default_factory=dict)
    facets: dict[tuple[str, str], Tally] = field(default_factory=dict)
    parts: dict[int, Tally] = field(default_factory=dict)  # by id of the region or institution
    names: dict[int, str] = field(default_factory=dict)  # of institutions
    _within: dict[Period, Tally] = field(default_factory=dict, compare=False, repr=False)

    def within(self, period: Period) -> Tally:
        """Hazards found in the period. Added up once for each: a page asks for the same ones again and again."""
        if period not in self._within:
            total = self._within[period] = Tally()
            for month, tally in self.found.items():
                if period.holds(month):
                    for key, sums in tally.items():
                        total.add(*key, sums)
        return self._within[period]

    def flow(self, axis: Axis, period: Period) -> int:
        """How many were registered, closed or voided in the period."""
        return sum(n for (which, month), n in self.flows.items() if which == axis and period.holds(month))

    def stock_after(self, month: date) -> int:
        """存量: how many were registered and neither closed nor voided at the end of the month."""
        until = Period("until", "", EARLIEST, month)
        return (
            self.flow(Axis.REGISTERED, until) - self.flow(Axis.CLOSED, until) - self.flow(Axis.VOIDED, until)
        )

    @property
    def months(self) -> list[date]:
        """Every month in which anything was found, registered or closed, in order."""
        return sorted({month for month, tally in self.found.items() if tally} | {m for _, m in self.flows})


def read(actor: Actor, territory: Territory, period: Period) -> Summary:
    """What `actor` may know of `territory`, one of their own. One statement.

    Nothing for a department that sees only what is transferred to it.
    """
    summary = Summary()
    if actor.scope.column is None:
        return summary
    keys, column = _part_keys(territory), next(iter(territory.here))
    parameters = {
        "level": _LEVEL[territory.level], "place": territory.region.pk, "first": period.first, "last": period.last,
        "levels": [level for level, _ in keys], "places": [place for _, place in keys],
    }  # fmt: skip
    parts, rows = _REGIONS, ""
    if territory.is_lowest:
        parts = _INSTITUTIONS.format(column=column) if period.is_all_time else _NO_PARTS
        rows = "" if period.is_all_time else _ROWS.format(column=column)
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(parts=parts, rows=rows), parameters)
        for is_part, place, name, axis, facet, value, month, status, severity, *sums in cursor.fetchall():
            if is_part:
                summary.parts.setdefault(place, Tally()).add(status, severity, Sums(*sums))
                summary.names[place] = name
            elif facet != Facet.ALL:
                summary.facets.setdefault((facet, value), Tally()).add(status, severity, Sums(*sums))
            elif axis == Axis.FOUND:
                summary.found.setdefault(month, Tally()).add(status, severity, Sums(*sums))
            else:
                key = (axis, month)
                summary.flows[key] = summary.flows.get(key, 0) + sums[0]
    return summary


def _part_keys(territory: Territory) -> list[tuple[int, int]]:
    """Level and id of each part one level down; what belongs to the territory itself stands under it as county."""
    if territory.is_lowest:
        return []
    own = (int(PlaceLevel.COUNTY), territory.region.pk)
    return [*((int(_LEVEL[RegionLevel(child.level)]), child.pk) for child in territory.children), own]


def fold(most: int = BATCH) -> int:
    """Add pending deltas to the cells; how many. Any number may run: all but one do nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fold_summary(%s)", [most])
        return cursor.fetchone()[0]


def fold_all() -> int:
    """Fold until nothing is pending, in batches of one transaction each."""
    total = 0
    while folded := fold():
        total += folded
    return total


def sweep() -> int:
    """What both tickers do every minute: fold all that is pending, and leave the heartbeat "summary"; how many deltas."""
    total = fold_all()
    beat(HEARTBEAT)
    return total


_DIFFERENCES = f"""
SELECT count(*) FROM (
    SELECT level, place_id, axis, facet, value, month, status, severity
    FROM (
        SELECT {_COLUMNS} FROM reports_summarycell
        UNION ALL SELECT {_COLUMNS} FROM reports_cellpending
        UNION ALL
        SELECT level, place_id, axis, facet, value, month, status, severity, {", ".join(f"-{n}" for n in _NAMES)}
        FROM reports_cellofrows
    ) AS both_ways
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    HAVING {" OR ".join(f"sum({name}) <> 0" for name in _NAMES)}
) AS differing
"""


def differences() -> int:
    """In how many cells the summary and the rows disagree, seen at one moment; reads every hazard."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(_DIFFERENCES)
        return cursor.fetchone()[0]


def rebuild() -> int:
    """Make every cell anew from the rows, while people work; how many. Must not run inside a transaction."""
    with connection.cursor() as cursor:
        # Before the transaction's moment begins: a fold that ended within it would have taken what we must delete.
        cursor.execute("SELECT pg_advisory_lock(%s)", [FOLD_LOCK])
        try:
            with transaction.atomic(durable=True):
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SET LOCAL statement_timeout = 0")
                cursor.execute("SELECT rebuild_summary()")
                return cursor.fetchone()[0]
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [FOLD_LOCK])
