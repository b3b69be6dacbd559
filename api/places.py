"""Institutions, regions and figures a guest may read."""

from datetime import datetime

from django.http import Http404
from django.utils import timezone

from api import asked
from api.problems import BadParameter
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Institution, Region
from institutions.territories import is_code, territory_below
from reports.paging import BadCursor
from reports.periods import ALL_TIME, Period, read_month, read_period
from reports.rates import DEFINITIONS
from reports.statistics import Statistics, statistics_of

_OWN = (
    "id", "name", "kind", "operation", "credit_code", "address", "beds", "residents", "staff", "risk_grade", "is_active",
)  # fmt: skip
_NAMED = ("region", "county", "city")
_COLUMNS = (*_OWN, "authority__name", *(f"{place}__{what}" for place in _NAMED for what in ("code", "name")))


def within(actor: Actor, code: str) -> dict[str, int]:
    """Filter for rows that carry their place: those in the region with this code; all with none.

    Raises Http404 for a region that is not in scope. One statement, none without a code.
    """
    if not code:
        return {}
    levels = (RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY)
    regions = Region.objects.within(actor.authority.region).filter(level__in=levels)
    region = regions.filter(code=code).order_by("pk").first() if is_code(code) else None
    if region is None:
        raise Http404("没有这个地区。")
    return {f"{region.level}_id": region.pk}


def institutions_page(actor: Actor, wanted: asked.Institutions) -> dict:
    """One page of the institutions in scope that fit, by id. One statement, two with a region."""
    conditions = {"kind": wanted.kind, "is_active": wanted.is_active, "pk__gt": wanted.after}
    conditions = {name: value for name, value in conditions.items() if value is not None}
    rows = Institution.objects.visible_to(actor).filter(**conditions, **within(actor, wanted.region))
    found = list(rows.order_by("pk").values(*_COLUMNS)[: wanted.limit + 1])
    shown = found[: wanted.limit]
    more = str(shown[-1]["id"]) if len(found) > wanted.limit else None
    return {"items": [_institution(row) for row in shown], "next": more}


def institution_detail(actor: Actor, pk: int) -> dict:
    """One institution in scope. Raises Institution.DoesNotExist."""
    return _institution(Institution.objects.visible_to(actor).values(*_COLUMNS).get(pk=pk))


def _institution(row: dict) -> dict:
    places = {place: {"code": row[f"{place}__code"], "name": row[f"{place}__name"]} for place in _NAMED}
    return {name: row[name] for name in _OWN} | places | {"authority": row["authority__name"]}


def regions_page(actor: Actor, wanted: asked.Regions) -> dict:
    """The regions of the scope, parents first, one page. One statement. Raises BadCursor."""
    if not all(is_code(part) for part in wanted.after.split("/") if part):
        raise BadCursor(wanted.after[:60])
    names = ("code", "name", "level", "parent__code", "valid_from", "valid_to", "path")
    rows = Region.objects.within(actor.authority.region).filter(path__gt=wanted.after)
    found = list(rows.order_by("path").values(*names)[: wanted.limit + 1])
    shown = found[: wanted.limit]
    items = [{n: row[n] for n in names if n not in ("path", "parent__code")} | {"parent": row["parent__code"]} for row in shown]  # fmt: skip
    return {"items": items, "next": shown[-1]["path"] if len(found) > wanted.limit else None}


def summary_of(actor: Actor, wanted: asked.Months, now: datetime) -> dict:
    """The figures of a region in scope, as 统计分析 shows them to an auditor of the same authority; four statements.

    Raises Http404 for a region out of scope, BadParameter for months that are none.
    """
    today = timezone.localdate(now)
    period = _period(wanted)
    territory = territory_below(actor.authority.region, wanted.region)
    statistics = statistics_of(actor, territory, today, period)
    figures = statistics.figures
    return {
        "region": {"code": territory.region.code, "name": territory.region.name},
        "as_of": now,
        "period": period.label if period is not ALL_TIME else "",
        "figures": {name: getattr(figures, name) for name in figures.__dataclass_fields__},
        "rates": [_rate(rate) for rate in statistics.rates(period)],
        "months": [_month(statistics, month) for month in statistics.summary.months if period.holds(month)],
    }


def _period(wanted: asked.Months) -> Period:
    for name in ("first", "last"):
        if (text := getattr(wanted, name)) and read_month(text) is None:
            raise BadParameter(name, "应为月份，例如 2026-11。")
    if not (wanted.first or wanted.last):
        return ALL_TIME
    period = read_period("months", wanted.first, wanted.last, timezone.localdate())
    if period is ALL_TIME:
        raise BadParameter("last", "不能早于开始的月份。")
    return period


def _rate(rate) -> dict:
    definition = DEFINITIONS[rate.key]
    own = {"key": rate.key, "part": rate.part, "whole": rate.whole, "value": rate.value}
    return own | {"label": definition.label, "definition": definition.words}


def _month(statistics: Statistics, month) -> dict:
    period = Period("month", "", month, month)
    return {
        "month": f"{month:%Y-%m}",
        "new": statistics.new(period),
        "closed": statistics.closed(period),
        "stock": statistics.summary.stock_after(month),
    }
