"""The figures of one institution, counted from the rows somebody may see: there are few enough."""

from datetime import date

from django.utils import timezone

from hazards.enums import HazardStatus, Severity
from hazards.models import Hazard
from institutions.actor import Actor
from institutions.models import Institution
from reports.models import Axis, Facet
from reports.open_work import AGES, LATENESS, SETTLED, WAITS, OpenWork, Span
from reports.periods import Period, month_of
from reports.statistics import PASSED, Statistics
from reports.summary import OPEN_STATUSES, Summary, Sums, Tally

S = HazardStatus
_PLANNED = (S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED)
_FIELDS = (
    "status", "severity", "domain", "source", "found_on", "due_on", "round", "is_self_reported", "recurrence_of_id",
    "registered_at", "submitted_at", "closed_at", "voided_at", "status_changed_at", "plan__measures",
    "plan__responsible_person", "plan__funds", "plan__finish_on", "plan__contingency",
)  # fmt: skip


def statistics_of_institution(
    actor: Actor, institution: Institution, today: date, period: Period
) -> Statistics:
    """Everything about one institution as `actor` may see it. One statement."""
    rows = Hazard.objects.visible_to(actor).filter(institution=institution).order_by().values(*_FIELDS)
    summary, work, days = Summary(), OpenWork(by_status=dict.fromkeys(OPEN_STATUSES, 0)), []
    for row in rows:
        _note(summary, row, period)
        if row["status"] in OPEN_STATUSES:
            days.append((today - row["found_on"]).days)
            _note_open(work, row, today, period)
    work.late_institutions = int(work.late > 0)
    work.days = sum(days)
    work.ages = _spread(AGES, days)
    return Statistics(period, today, summary, work)


def _month(moment) -> date:
    return month_of(timezone.localdate(moment))


def _note(summary: Summary, row: dict, period: Period) -> None:
    """As the migration's SQL notes a fact; tests compare the two."""
    status, severity, month = row["status"], row["severity"], month_of(row["found_on"])
    is_passed = status in PASSED
    is_in_time = is_passed and timezone.localdate(row["submitted_at"]) <= row["due_on"]
    is_judged = is_passed or (status != S.VOIDED and row["round"] > 1)
    is_first = is_passed and row["round"] == 1
    comes_back = row["recurrence_of_id"] is not None
    sums = Sums(1, is_in_time, is_judged, is_first, comes_back, row["is_self_reported"])
    summary.found.setdefault(month, Tally()).add(status, severity, sums)
    for axis, moment in (
        (Axis.REGISTERED, row["registered_at"]), (Axis.CLOSED, row["closed_at"]), (Axis.VOIDED, row["voided_at"]),
    ):  # fmt: skip
        if moment:
            key = (axis, _month(moment))
            summary.flows[key] = summary.flows.get(key, 0) + 1
    if period.holds(month):
        for facet in (Facet.DOMAIN, Facet.SOURCE):
            summary.facets.setdefault((facet, row[facet]), Tally()).add(status, severity, sums)


def _note_open(work: OpenWork, row: dict, today: date, period: Period) -> None:
    work.open += 1
    work.by_status[row["status"]] += 1
    work.major += row["severity"] == Severity.MAJOR
    if row["status"] == S.RECTIFYING and row["due_on"] < today:
        month = month_of(row["found_on"])
        work.late += 1
        work.late_by_month[month] = work.late_by_month.get(month, 0) + 1
        work.lateness = _plus(work.lateness, _spread(LATENESS, [(today - row["due_on"]).days]))
        for facet in ("domain", "source", "severity"):
            key = (facet, row[facet])
            work.late_by[key] = work.late_by.get(key, 0) + period.holds(month)
    if row["status"] == S.VERIFIED:
        waited = (today - timezone.localdate(row["status_changed_at"])).days
        work.longest_wait = max(work.longest_wait or 0, waited)
        work.waits = _plus(work.waits, _spread(WAITS, [waited]))
    if row["severity"] == Severity.MAJOR and row["status"] in _PLANNED:
        _note_plan(work, row)


def _note_plan(work: OpenWork, row: dict) -> None:
    settled = [
        bool(row["plan__measures"]), bool(row["plan__responsible_person"]), row["plan__funds"] is not None,
        row["plan__finish_on"] is not None, bool(row["plan__contingency"]),
    ]  # fmt: skip
    work.plans += 1
    for word, is_settled in zip(SETTLED, settled, strict=True):
        work.settled[word] += is_settled
    work.all_settled += all(settled)
    work.funds += float(row["plan__funds"] or 0)


def _spread(spans: tuple[Span, ...], days: list[int]) -> list[int]:
    """How many of `days` lie in each span."""
    return [sum(s.least <= d and (s.most is None or d <= s.most) for d in days) for s in spans]


def _plus(one: list[int], other: list[int]) -> list[int]:
    return [a + b for a, b in zip(one, other, strict=True)]
