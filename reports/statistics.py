"""What the close-out dashboard counts, put together from the summary and the open work of one territory.

A rate is None where its denominator is 0: nothing to rate is not 100 %.
"""

from dataclasses import dataclass
from datetime import date

from hazards.enums import HazardStatus, Severity
from institutions.actor import Actor
from institutions.territories import Territory
from reports import open_work
from reports import summary as summaries
from reports.models import Axis
from reports.open_work import OpenWork
from reports.periods import ALL_TIME, Period, month_of
from reports.summary import Summary, Tally

S = HazardStatus
PASSED = (S.VERIFIED, S.CLOSED)


def rate_of(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Figures:
    """The counts a line of a table shows; `valid` is all but 作废. All were found in the period looked at."""

    open: int = 0
    major: int = 0
    overdue: int = 0
    awaiting: int = 0
    to_close: int = 0
    closed: int = 0
    valid: int = 0

    @property
    def closure_rate(self) -> float | None:
        """销号率: closed, of all registered but 作废."""
        return rate_of(self.closed, self.valid)


def figures_of(tally: Tally, late: int) -> Figures:
    """A tally with how many of it are late today, which no summary knows."""
    return Figures(
        open=tally.open,
        major=tally.of(summaries.OPEN_STATUSES, Severity.MAJOR).n,
        overdue=late,
        awaiting=tally.of([S.AWAITING_VERIFICATION]).n,
        to_close=tally.of([S.VERIFIED]).n,
        closed=tally.of([S.CLOSED]).n,
        valid=tally.valid.n,
    )


@dataclass(frozen=True)
class Rate:
    """One rate of one period: `key` names its definition (reports/rates.py)."""

    key: str
    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return rate_of(self.part, self.whole)


@dataclass(frozen=True)
class Statistics:
    """All figures of one territory on one day."""

    period: Period
    today: date
    summary: Summary
    work: OpenWork

    @property
    def figures(self) -> Figures:
        """Of the hazards found in the period."""
        return self._figures(self.period)

    def _figures(self, period: Period) -> Figures:
        return figures_of(self.summary.within(period), self.work.late_within(period))

    @property
    def by_status(self) -> dict[str, int]:
        tally = self.summary.within(self.period)
        return {status.value: tally.of([status]).n for status in S}

    @property
    def by_status_now(self) -> dict[str, int]:
        """Open work by status, whenever found."""
        return {status.value: self.work.by_status.get(status.value, 0) for status in S}

    def new(self, period: Period) -> int:
        """新增: found in the period, without 作废."""
        return self.summary.within(period).valid.n

    def closed(self, period: Period) -> int:
        """销号: closed in the period, whenever found."""
        return self.summary.flow(Axis.CLOSED, period)

    @property
    def this_month(self) -> Period:
        month = month_of(self.today)
        return Period("month", "本月", month, month)

    def rates(self, period: Period) -> list[Rate]:
        """The five rates; each is defined in reports/rates.py."""
        tally = self.summary.within(period)
        valid = tally.valid
        passed, late = tally.of(PASSED), self.work.late_within(period)
        return [
            Rate("closure", tally.of([S.CLOSED]).n, valid.n),
            Rate("recurrence", valid.recurring, self.closed(period)),
            Rate("on_time", passed.on_time, passed.n + late),
            Rate("first_pass", valid.first_pass, valid.judged),
            Rate("self_found", valid.self_found, valid.n),
        ]

    def by_facet(self, facet: str) -> dict[str, Figures]:
        """Figures by each value of the facet that has any hazard of the period."""
        if facet == "severity":
            return self._by_severity()
        return {
            value: figures_of(tally, self.work.late_by.get((facet, value), 0))
            for (which, value), tally in self.summary.facets.items()
            if which == facet
        }

    def _by_severity(self) -> dict[str, Figures]:
        whole, found = self.summary.within(self.period), {}
        for grade in Severity:
            tally = Tally({key: sums for key, sums in whole.items() if key[1] == grade})
            if tally:
                found[grade.value] = figures_of(tally, self.work.late_by.get(("severity", grade.value), 0))
        return found

    def of_part(self, pk: int) -> Figures:
        """Figures of a part, by id of its region or institution."""
        return figures_of(self.summary.parts.get(pk, Tally()), self.work.late_by.get(("part", pk), 0))


def statistics_of(
    actor: Actor, territory: Territory, today: date, period: Period = ALL_TIME, cleared: date | None = None
) -> Statistics:
    """Everything about `territory`, one of the actor's own, in two statements.

    `cleared`: the end of the month whose stock is to be cleared.
    """
    return Statistics(
        period,
        today,
        summaries.read(actor, territory, period),
        open_work.read(actor, territory, period, today, cleared),
    )
