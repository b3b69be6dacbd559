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

    def condition(self, column: str) -> str:
        """SQL: this many days before %(today)s."""
        most = "" if self.most is None else f"{column} >= %(today)s::date - {self.most} AND "
        return f"({most}{column} <= %(today)s::date - {self.least})" if self.least else f"({most}true)"


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


def _counts(spans, column: str, condition: str) -> str:
    return ", ".join(f"count(*) FILTER (WHERE {condition} AND {span.condition(column)})" for span in spans)


# Three sections, told apart by the first column, one statement. {column} and {part} come from the territory.
_LIVE = f"""
SELECT 'total', NULL, NULL, ARRAY[
    count(*), count(*) FILTER (WHERE {_LATE}), count(*) FILTER (WHERE status = 'registered'),
    count(*) FILTER (WHERE status = 'rectifying'), count(*) FILTER (WHERE status = 'awaiting_verification'),
    count(*) FILTER (WHERE status = 'verified'), count(*) FILTER (WHERE severity = 'major'),
    sum(%(today)s::date - found_on),
    %(today)s::date - min({_WAITED}) FILTER (WHERE status = 'verified'),
    sum(%(today)s::date - {_WAITED}) FILTER (WHERE status = 'verified'),
    count(*) FILTER (WHERE registered_at < %(cleared)s),
    {_counts(AGES, "found_on", "true")},
    {_counts(LATENESS, "due_on", "status = 'rectifying'")},
    {_counts(WAITS, _WAITED, "status = 'verified'")}
]::bigint[]
FROM hazards_hazard WHERE {{column}} = %(place)s AND {_OPEN}
UNION ALL
SELECT CASE WHEN GROUPING(part) = 0 THEN 'part' WHEN GROUPING(domain) = 0 THEN 'domain'
            WHEN GROUPING(source) = 0 THEN 'source' WHEN GROUPING(severity) = 0 THEN 'severity'
            WHEN GROUPING(kind) = 0 THEN 'kind' WHEN GROUPING(month) = 0 THEN 'month' ELSE 'late' END,
       COALESCE(domain, source, severity, kind, month::text), part,
       ARRAY[CASE WHEN GROUPING(month) = 0 THEN count(*) ELSE count(*) FILTER (WHERE {_IN_PERIOD}) END,
             count(DISTINCT institution_id)]
FROM (
    SELECT h.*, {{part}} AS part, i.kind, date_trunc('month', h.found_on)::date AS month
    FROM (SELECT institution_id, province_id, city_id, county_id, domain, source, severity, found_on
          FROM hazards_hazard WHERE {{column}} = %(place)s AND {_LATE}) AS h
    JOIN institutions_institution i ON i.id = h.institution_id
) AS late
GROUP BY GROUPING SETS ((part), (domain), (source), (severity), (kind), (month), ())
UNION ALL
SELECT 'plan', NULL, NULL, ARRAY[
    count(*), {", ".join(f"count(*) FILTER (WHERE {settled})" for settled in SETTLED.values())},
    count(*) FILTER (WHERE {" AND ".join(SETTLED.values())}), COALESCE(sum(p.funds) * 100, 0)
]::bigint[]
FROM hazards_hazard h LEFT JOIN hazards_rectificationplan p ON p.hazard_id = h.id
WHERE h.{{column}} = %(place)s AND h.severity = 'major'
  AND h.status IN ('rectifying', 'awaiting_verification', 'verified')
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
    mean_age: float | None = None
    longest_wait: int | None = None
    mean_wait: float | None = None
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
        return "h.institution_id"
    if territory.level == RegionLevel.PROVINCE:
        return "CASE WHEN h.city_id = h.province_id THEN h.county_id ELSE h.city_id END"
    return "h.county_id"


def _take(work: OpenWork, section: str, value: str | None, part: int | None, counts: list) -> None:
    if section == "total":
        names = (HazardStatus.REGISTERED, HazardStatus.RECTIFYING, HazardStatus.AWAITING_VERIFICATION, HazardStatus.VERIFIED)  # fmt: skip
        work.open, work.late, *statuses, work.major, days, longest, waited, old = counts[:11]
        work.by_status = dict(zip(names, statuses, strict=True))
        work.mean_age = days / work.open if work.open else None
        work.longest_wait, work.of_old_stock = longest, old
        verified = work.by_status[HazardStatus.VERIFIED]
        work.mean_wait = waited / verified if verified else None
        rest = counts[11:]
        work.ages, work.lateness, work.waits = rest[:5], rest[5:10], rest[10:]
    elif section == "plan":
        work.plans, *settled, work.all_settled, funds = counts
        work.settled, work.funds = dict(zip(SETTLED, settled, strict=True)), funds / 100
    elif section == "late":
        work.late_institutions = counts[1]
    elif section == "month":
        work.late_by_month[date.fromisoformat(value)] = counts[0]
    else:
        work.late_by[section, part if section == "part" else value] = counts[0]
