"""The rows behind one figure: a page of them, and words for what they are."""

from datetime import date

from django.db.models import Q
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404

from hazards.models import Hazard
from hazards.models.hazard import HazardQuerySet
from institutions.actor import Actor
from institutions.models import Institution
from institutions.territories import territory_below
from reports import past
from reports.chosen_rows import DRAWN
from reports.drawn_rows import draw_rows
from reports.figures import FIGURES
from reports.ledger import COLUMNS, NAMES, row_shown
from reports.links import figure_url
from reports.paging import SORTS, page_of
from reports.periods import ALL_TIME, Period, end_of, read_month, span
from reports.places import is_number

COUNTED_TO = 10_000  # the page before says the whole number
_KEPT = ("region", "institution", "first", "last", "on")


def rows_of(query: QueryDict | dict, actor: Actor, today: date) -> tuple[HazardQuerySet, str]:
    """The hazards in scope that the figure counts, and what they are in words. Http404 for what is no figure."""
    figure = FIGURES.get(query.get("figure", ""))
    if figure is None:
        raise Http404("没有这项统计。")
    hazards, where = _place(query, actor)
    words = [where, figure.label]
    if on := query.get("on"):
        day = min(_day(on), today)
        then = f"{where}，{day.year}年{day.month}月{day.day}日末在办"
        if query["figure"] == "left_over":
            return hazards.filter(past.open_on(day), figure.condition(today)), f"{then}，现在仍在办"
        return hazards.filter(past.open_on(day)), then
    period = _period(query)
    if not period.is_all_time:
        words.insert(1, f"{period.label}{'' if figure.by_closing else '发现'}")
    return hazards.filter(figure.condition(today), _within(period, by_closing=figure.by_closing)), "，".join(
        words
    )


def _place(query, actor: Actor) -> tuple[HazardQuerySet, str]:
    hazards = Hazard.objects.visible_to(actor)
    if pk := query.get("institution", ""):
        house = get_object_or_404(Institution.objects.visible_to(actor), pk=pk if is_number(pk) else 0)
        return hazards.filter(institution=house), house.name
    if actor.institution:
        return hazards, actor.institution.name
    if code := query.get("region", ""):
        territory = territory_below(actor.authority.region, code)
        return hazards.filter(**territory.here), territory.region.name
    return hazards, actor.authority.region.name


def _period(query) -> Period:
    first, last = read_month(query.get("first", "")), read_month(query.get("last", ""))
    return Period("months", span(first, last), first, last) if first and last and first <= last else ALL_TIME


def _within(period: Period, *, by_closing: bool) -> Q:
    if period.is_all_time:
        return Q()
    days = (period.first, end_of(period.last))
    return Q(closed_at__date__range=days) if by_closing else Q(found_on__range=days)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404("没有这一天。") from error


def figure_page(query: QueryDict, actor: Actor, today: date) -> dict:
    """Context of the page; one page of rows in the ledger's order. Raises paging.BadCursor."""
    hazards, words = rows_of(query, actor, today)
    kept = {name: query[name] for name in _KEPT if query.get(name)}
    page = page_of(
        hazards.values(*COLUMNS, **NAMES),
        SORTS[""],
        after=query.get("after", ""),
        before=query.get("before", ""),
    )
    rows = [row_shown(row, actor, today) for row in page.rows]
    figure, count = query["figure"], hazards.order_by()[: COUNTED_TO + 1].count()
    return {
        "words": words,
        "count": count if count <= COUNTED_TO else COUNTED_TO,
        "has_more": count > COUNTED_TO,
        "rows": rows,
        "drawn": draw_rows(rows, DRAWN, for_institution=bool(actor.institution), is_bulk=False),
        "before_url": figure_url(figure, **kept, before=page.before) if page.before else "",
        "after_url": figure_url(figure, **kept, after=page.after) if page.after else "",
    }
