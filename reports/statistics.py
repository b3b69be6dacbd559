"""What the close-out dashboard counts. Every function takes hazards already in scope, and today.

A rate is None where its denominator is 0: nothing to rate is not 100 %.
"""

from dataclasses import dataclass, fields
from datetime import date, timedelta

from django.db.models import Avg, Count, F, Min, Q
from django.utils import timezone

from hazards.enums import Domain, HazardStatus, Severity
from hazards.models.hazard import CLOCK_RUNS, OPEN, HazardQuerySet
from institutions.territories import city_or_county

S = HazardStatus
_VALID = ~Q(status=S.VOIDED)
_PASSED = Q(status__in=[S.VERIFIED, S.CLOSED])


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Figures:
    """The counts a line of a table shows; `valid` is all but 作废, found at any time."""

    open: int = 0
    major: int = 0
    overdue: int = 0
    awaiting: int = 0
    to_close: int = 0
    closed: int = 0
    valid: int = 0

    @property
    def closure_rate(self) -> float | None:
        """销号率: closed, of all ever registered but 作废."""
        return _rate(self.closed, self.valid)


def _counts(today: date) -> dict[str, Count]:
    """The aggregates of Figures."""
    conditions = {
        "open": OPEN,
        "major": OPEN & Q(severity=Severity.MAJOR),
        "overdue": CLOCK_RUNS & Q(due_on__lt=today),
        "awaiting": Q(status=S.AWAITING_VERIFICATION),
        "to_close": Q(status=S.VERIFIED),
        "closed": Q(status=S.CLOSED),
        "valid": _VALID,
    }
    return {f"n_{name}": Count("pk", filter=condition) for name, condition in conditions.items()}


def _figures(row: dict) -> Figures:
    return Figures(**{field.name: row[f"n_{field.name}"] for field in fields(Figures)})


@dataclass(frozen=True)
class Age:
    """A span of days since finding; `most` is None for the last, open one."""

    least: int
    most: int | None

    @property
    def label(self) -> str:
        return f"{self.least}–{self.most} 天" if self.most is not None else f"{self.least - 1} 天以上"

    def found_between(self, today: date) -> tuple[date | None, date | None]:
        """First and last day of finding; None where there is no bound (the youngest has no last day)."""
        first = None if self.most is None else today - timedelta(days=self.most)
        return first, today - timedelta(days=self.least) if self.least else None

    def condition(self, today: date) -> Q:
        """Found within the span."""
        first, last = self.found_between(today)
        found = Q(found_on__gte=first) if first else Q()
        return found & Q(found_on__lte=last) if last else found


AGES = (Age(0, 7), Age(8, 15), Age(16, 30), Age(31, 90), Age(91, None))


@dataclass(frozen=True)
class Totals:
    """The whole of a territory."""

    figures: Figures
    by_status: dict[str, int]
    by_age: list[int]  # open work, in the order of AGES
    overdue_institutions: int
    longest_wait: int | None  # days the oldest verified one has waited for close-out
    new_this_month: int
    closed_this_month: int
    on_time: int
    on_time_of: int
    mean_age: float | None  # days

    @property
    def on_time_rate(self) -> float | None:
        """按期整改率; see `totals`."""
        return _rate(self.on_time, self.on_time_of)


def totals(hazards: HazardQuerySet, today: date) -> Totals:
    """Everything the cards and the small charts show, in one statement.

    按期整改率: of those whose rectification is decided (verified or closed) plus those still rectifying past the
    deadline, the share that was verified and last submitted no later than the deadline last ordered.
    新增 counts by the day of finding, without 作废. 平均在办天数 is from the day of finding until today, over open
    ones. Months are the calendar's, in Beijing.
    """
    month = today.replace(day=1)
    row = hazards.aggregate(
        **_counts(today),
        **{f"is_{status.value}": Count("pk", filter=Q(status=status)) for status in S},
        **{f"age_{i}": Count("pk", filter=OPEN & age.condition(today)) for i, age in enumerate(AGES)},
        overdue_institutions=Count("institution_id", filter=CLOCK_RUNS & Q(due_on__lt=today), distinct=True),
        waiting_since=Min("status_changed_at", filter=Q(status=S.VERIFIED)),
        new=Count("pk", filter=_VALID & Q(found_on__range=(month, today))),
        closed_now=Count("pk", filter=Q(closed_at__date__range=(month, today))),
        on_time=Count("pk", filter=_PASSED & Q(submitted_at__date__lte=F("due_on"))),
        passed=Count("pk", filter=_PASSED),
        late=Count("pk", filter=Q(status=S.RECTIFYING, due_on__lt=today)),
        mean_age=Avg(today - F("found_on"), filter=OPEN),
    )
    since = row["waiting_since"]
    return Totals(
        figures=_figures(row),
        by_status={status.value: row[f"is_{status.value}"] for status in S},
        by_age=[row[f"age_{i}"] for i in range(len(AGES))],
        overdue_institutions=row["overdue_institutions"],
        longest_wait=(today - timezone.localdate(since)).days if since else None,
        new_this_month=row["new"],
        closed_this_month=row["closed_now"],
        on_time=row["on_time"],
        on_time_of=row["passed"] + row["late"],
        mean_age=None if row["mean_age"] is None else row["mean_age"] / timedelta(days=1),
    )


def by_domain(hazards: HazardQuerySet, today: date) -> dict[Domain, Figures]:
    """Figures of each domain that has any hazard, in the order of the enum; one statement."""
    rows = {row["domain"]: _figures(row) for row in _grouped(hazards, "domain", today)}
    return {domain: rows[domain] for domain in Domain if domain in rows}


def by_county(hazards: HazardQuerySet, today: date) -> dict[int, Figures]:
    """Figures by id of the county; what belongs to the city itself stands under the city's id. One statement."""
    return {row["county_id"]: _figures(row) for row in _grouped(hazards, "county_id", today)}


def by_city(hazards: HazardQuerySet, today: date) -> dict[int, Figures]:
    """Figures by id of the city. 省直辖县 have no city: they stand under their own id, and what belongs to the
    province itself under the province's. One statement.
    """
    rows = _grouped(hazards.annotate(part_id=city_or_county()), "part_id", today)
    return {row["part_id"]: _figures(row) for row in rows}


def by_institution(hazards: HazardQuerySet, today: date) -> dict[tuple[int, str], Figures]:
    """Figures by (id, name) of institutions that have any hazard: most overdue, then most open first. One statement."""
    rows = _grouped(hazards, "institution_id", today, "institution__name").order_by(
        "-n_overdue", "-n_open", "institution_id"
    )
    return {(row["institution_id"], row["institution__name"]): _figures(row) for row in rows}


def _grouped(hazards: HazardQuerySet, key: str, today: date, *more: str):
    return hazards.order_by(key).values(key, *more).annotate(**_counts(today))
