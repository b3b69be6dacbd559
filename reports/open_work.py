"""Open work as of today, live from the index that holds nothing else: ageing, overdue, waiting for close-out, 五落实.

Overdue changes at midnight without any act, so no summary knows it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from hazards.enums import HazardStatus
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.territories import Territory
from reports.periods import Period, end_of, months_later


@dataclass(frozen=True)
class Span:
    """From `least` to `most` days; `most` is None for the last, open one."""

    least: int
    most: int | None

    @property
    def label(self) -> str:
        return f"{self.least}–{self.most} 天" if self.most is not None else f"{self.least - 1} 天以上"

    @property
    def key(self) -> str:
        """As a parameter: 8-15, 91-."""
        return f"{self.least}-{'' if self.most is None else self.most}"

    def between(self, today: date) -> tuple[date | None, date | None]:
        """First and last day that lie this long ago; None where there is no bound (the youngest has no last day)."""
        first = None if self.most is None else today - timedelta(days=self.most)
        return first, today - timedelta(days=self.least) if self.least else None


AGES = (Span(0, 7), Span(8, 15), Span(16, 30), Span(31, 90), Span(91, None))
LATENESS = (Span(1, 3), Span(4, 7), Span(8, 30), Span(31, 90), Span(91, None))
WAITS = (Span(0, 3), Span(4, 7), Span(8, 15), Span(16, 30), Span(31, None))
# 五落实: the column of the plan that settles each.
SETTLED = {
    "措施": "p.measures <> ''", "责任人": "p.responsible_person <> ''", "资金": "p.funds IS NOT NULL",
    "时限": "p.finish_on IS NOT NULL", "预案": "p.contingency <> ''",
}  # fmt: skip

_WAITED = "(status_changed_at AT TIME ZONE 'Asia/Shanghai')::date"
_OPEN = "status IN ('awaiting_verification', 'rectifying', 'registered', 'verified')"
_LATE = "status = 'rectifying' AND due_on < %(today)s"
_IN_PERIOD = "found_on BETWEEN %(first)s AND %(last)s"


def _bucket(spans: tuple[Span, ...], days: str) -> str:
    """SQL: which of the spans, counted from 1, the number of days lies in."""
    return f"width_bucket({days}, ARRAY[{', '.join(str(span.least) for span in spans)}])"


# Four sections, told apart by the first column, one statement. {column} and {part} come from the territory.
# Few groups with few sums each cost half of as many filtered counts; count(DISTINCT) would sort six times.
_LIVE = f"""
WITH late AS MATERIALIZED (
    SELECT h.institution_id, {{part}} AS part, h.domain, h.source, h.severity, i.kind,
           date_trunc('month', h.found_on)::date AS month, count(*) FILTER (WHERE {_IN_PERIOD}) AS counted,
           count(*) AS n,
           GROUPING({{part}}, h.domain, h.source, h.severity, i.kind, date_trunc('month', h.found_on)::date,
                    h.institution_id) AS of
    FROM (SELECT institution_id, province_id, city_id, county_id, domain, source, severity, found_on
          FROM hazards_hazard WHERE {{column}} = %(place)s AND {_LATE}) AS h
    JOIN institutions_institution i ON i.id = h.institution_id
    GROUP BY GROUPING SETS (({{part}}), (h.domain), (h.source), (h.severity), (i.kind),
                            (date_trunc('month', h.found_on)::date), (h.institution_id))
)
SELECT 'open', status, NULL, ARRAY[
    is_major::int, is_old::int, age_in, late_in, wait_in, count(*), sum(age), max(wait)
]::bigint[]
FROM (
    SELECT status, is_major, is_old, age, wait, greatest({_bucket(AGES, "age")}, 1) AS age_in,
           {_bucket(LATENESS, "late")} AS late_in, greatest({_bucket(WAITS, "wait")}, 1) AS wait_in
    FROM (
        SELECT status, severity = 'major' AS is_major, COALESCE(registered_at < %(cleared)s, false) AS is_old,
               %(today)s::date - found_on AS age,
               CASE WHEN status = 'rectifying' THEN %(today)s::date - due_on END AS late,
               CASE WHEN status = 'verified' THEN %(today)s::date - {_WAITED} END AS wait
        FROM hazards_hazard WHERE {{column}} = %(place)s AND {_OPEN}
    ) AS days
) AS spans
GROUP BY status, is_major, is_old, age_in, late_in, wait_in
UNION ALL
SELECT CASE of WHEN 63 THEN 'part' WHEN 95 THEN 'domain' WHEN 111 THEN 'source' WHEN 119 THEN 'severity'
               WHEN 123 THEN 'kind' ELSE 'month' END,
       COALESCE(domain, source, severity, kind, month::text), part, ARRAY[CASE WHEN of = 125 THEN n ELSE counted END]
FROM late WHERE of <> 126
UNION ALL
SELECT 'late', NULL, NULL, ARRAY[count(*)] FROM late WHERE of = 126
UNION ALL
SELECT 'plan', NULL, NULL, ARRAY[
    count(*), {", ".join(f"count(*) FILTER (WHERE {settled})" for settled in SETTLED.values())},
    count(*) FILTER (WHERE {" AND ".join(SETTLED.values())}), COALESCE(sum(p.funds) * 100, 0)
]::bigint[]
FROM (
    SELECT id FROM hazards_hazard
    WHERE {{column}} = %(place)s AND severity = 'major' AND status IN ('rectifying', 'awaiting_verification', 'verified')
) AS h LEFT JOIN hazards_rectificationplan p ON p.hazard_id = h.id
"""


@dataclass
class OpenWork:
    """The open work of a territory. What is late by facet, part and month counts by the day of finding."""

    by_status: dict[str, int] = field(default_factory=dict)
    open: int = 0
    late: int = 0
    major: int = 0
    of_old_stock: int = 0  # registered before the moment given
    late_institutions: int = 0
    days: int = 0  # of all open ones together, since they were found
    longest_wait: int | None = None
    ages: list[int] = field(default_factory=lambda: [0] * len(AGES))
    lateness: list[int] = field(default_factory=lambda: [0] * len(LATENESS))
    waits: list[int] = field(default_factory=lambda: [0] * len(WAITS))
    late_by: dict[tuple[str, str | int], int] = field(
        default_factory=dict
    )  # ("domain", "fire"), ("part", 17)
    late_by_month: dict[date, int] = field(default_factory=dict)
    plans: int = 0  # open major hazards that are issued
    settled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SETTLED, 0))
    all_settled: int = 0
    funds: float = 0.0  # 万元

    @property
    def mean_age(self) -> float | None:
        return self.days / self.open if self.open else None

    def late_within(self, period: Period) -> int:
        """Late now, found in the period."""
        return sum(n for month, n in self.late_by_month.items() if period.holds(month))


def read(
    actor: Actor, territory: Territory, period: Period, today: date, cleared: date | None = None
) -> OpenWork:
    """As of `today`; `of_old_stock` are those registered until the end of the month `cleared`. One statement."""
    work = OpenWork()
    if actor.scope.column is None:
        return work
    column, place = next(iter(territory.here.items()))
    next_month = timezone.make_aware(datetime.combine(months_later(cleared, 1), time())) if cleared else None
    parameters = {
        "place": place, "today": today, "first": period.first, "last": end_of(period.last), "cleared": next_month,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LIVE.format(column=column, part=_part(territory)), parameters)
        for section, value, part, counts in cursor.fetchall():
            _take(work, section, value, part, counts)
    return work


def _part(territory: Territory) -> str:
    """SQL of Territory.part over `h`; institutions where nothing else lies below."""
    if territory.is_lowest:
        return "(h.institution_id + 0)"  # not the same expression as that of the last grouping set
    if territory.level == RegionLevel.PROVINCE:
        return "CASE WHEN h.city_id = h.province_id THEN h.county_id ELSE h.city_id END"
    return "h.county_id"


def _take(work: OpenWork, section: str, value: str | None, part: int | None, counts: list) -> None:
    if section == "open":
        _add(work, value, *counts)
    elif section == "plan":
        work.plans, *settled, work.all_settled, funds = counts
        work.settled, work.funds = dict(zip(SETTLED, settled, strict=True)), funds / 100
    elif section == "late":
        work.late_institutions = counts[0]
    elif section == "month":
        work.late_by_month[date.fromisoformat(value)] = counts[0]
    else:
        work.late_by[section, part if section == "part" else value] = counts[0]


def _add(work: OpenWork, status, is_major, is_old, age_in, late_in, wait_in, count, days, longest) -> None:
    """One group of open hazards that agree in everything before `count`."""
    work.open += count
    work.by_status[status] = work.by_status.get(status, 0) + count
    work.major += count * is_major
    work.of_old_stock += count * is_old
    work.days += days
    work.ages[age_in - 1] += count
    if late_in:  # None: its clock stands still; 0: in time
        work.late += count
        work.lateness[late_in - 1] += count
    if wait_in and status == HazardStatus.VERIFIED:
        work.waits[wait_in - 1] += count
        work.longest_wait = max(work.longest_wait or 0, longest)
