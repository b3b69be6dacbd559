"""考核: the province's 通报 of the last quarter, published when it was due, and a draft of the demo city's that waits for a person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from config.demo import clock
from config.demo.calendar import is_working_day
from config.demo.cast import Cast
from hazards.models import HazardEvent
from institutions.actor import Actor
from institutions.models import Region
from reports.appraisals import drawing_up, publishing, terms
from reports.appraisals.reading import live_table
from reports.models import Appraisal
from reports.periods import end_of, month_of, months_later

PROVINCE, CITY = "360000", "360700"
_DUE_AFTER = 5  # working days after the quarter
_LEAST = 3  # cases: a demo has hundreds where a province has thousands, and the rules are data
_NOTE = "虚构数据较少，各项指标的最少样本数调低为 3。"
_A_QUARTER = timedelta(days=90)
_CONFIRMED = "经核实情况属实，所在地未采取督办措施，予以认定。"


def published_in_time(cast: Cast, now: datetime) -> list[tuple[datetime, Callable[[], None]]]:
    """Drawing up and publishing the latest quarter that was due before `now`: moments with what happens then.

    Played among the acts of the stories, so that the frozen numbers are those of that day.
    """
    period, due = _latest_due(now)
    by, drawn_up = _official(cast, PROVINCE), due - timedelta(hours=6)
    return [(drawn_up, lambda: _draw_up(by, period, drawn_up)), (due, lambda: _publish(by, period, due))]


def draft_of_city(cast: Cast, today: date) -> None:
    """The demo city's of the year: somebody has to decide over a 一票否决 (wishes.FORGOTTEN). After all acts."""
    year = (today - _A_QUARTER).year  # in the first months too little was found yet in the new one
    _draw_up(_official(cast, CITY), str(year), HazardEvent.objects.latest("at").at)


def _official(cast: Cast, code: str) -> Actor:
    return cast.officials[Region.objects.get(code=code).pk][0]


def _latest_due(now: datetime) -> tuple[str, datetime]:
    this = month_of(timezone.localdate(now))
    for months in (3, 6):
        month = months_later(this, -months)
        period = f"{month.year}Q{(month.month + 2) // 3}"
        due = _due(end_of(terms.term(period).last))
        if due < now:
            break
    return period, due


def _due(last_day: date) -> datetime:
    day, left = last_day, _DUE_AFTER
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return timezone.make_aware(datetime.combine(day, time(16, 0)))


def _draw_up(by: Actor, period: str, at: datetime) -> None:
    with clock.at(at):
        draft = drawing_up.start(by=by, period=period)
        rules = drawing_up.rules_of(draft)
        items = [replace(item, least=_LEAST) for item in rules.items]
        drawing_up.edit(draft, by=by, rules=replace(rules, items=items, note=_NOTE))


def _publish(by: Actor, period: str, at: datetime) -> None:
    draft = Appraisal.objects.select_related("region").get(region=by.authority.region, period=period)
    with clock.at(at):
        for flag in live_table(draft, by, timezone.localdate()).flags:
            drawing_up.decide(
                draft, by=by, region=flag.region, kind=flag.kind, is_confirmed=True, reason=_CONFIRMED,
                seen={entry["hazard"] for entry in flag.evidence},
            )  # fmt: skip
        number = f"演示考核〔{at.year}〕{period[-1]}号"
        publishing.publish(draft, by=by, document_number=number)
