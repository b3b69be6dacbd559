"""统计分析: a territory, an institution, the rows behind a figure, a past day, what moved between two days."""

from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from hazards.enums import HazardAction
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Institution
from institutions.territories import Territory, territory_below
from reports import dashboard as show
from reports import measures as ordered
from reports import past
from reports.dashboard import View
from reports.drill import parts_of
from reports.figure_rows import figure_page
from reports.forms import TargetForm
from reports.institution import statistics_of_institution
from reports.measures import Where
from reports.paging import BadCursor
from reports.periods import Period, end_of, month_of, months_later, offered, read_period
from reports.statistics import statistics_of
from reports.targets import clearance_of, may_set, set_target, target_for


def _may_look(actor: Actor) -> None:
    if not actor.can(Capability.VIEW_DASHBOARD):
        raise PermissionDenied("您的角色不能查看统计。")


def _period_of(request, today: date) -> Period:
    given = request.GET
    return read_period(given.get("period", ""), given.get("first", ""), given.get("last", ""), today)


def _below(territory: Territory) -> str:
    """What the address of a page needs to name a territory below one's own."""
    return f"?region={territory.region.code}" if territory.above else ""


def _shown(view: View, today: date) -> dict:
    """What the page of a territory and that of an institution have in common."""
    period = view.statistics.period
    return {
        "now": timezone.now(),
        "today": today,
        "period": period,
        "periods": offered(today),
        "is_own_months": period.name == "months",
        "total": view.statistics,
        "view": view,
        "columns": show.COLUMN_LABELS,
        "ranked_from": show.RANKED_FROM,
    }


@readonly
def dashboard(request):
    """统计分析 of one's own region, or of one below it (`?region=` code). 403 without the capability, 404 out of scope."""
    actor, today = request.actor, timezone.localdate()
    _may_look(actor)
    territory = territory_below(actor.authority.region, request.GET.get("region", ""))
    period = _period_of(request, today)
    target = target_for(territory)
    statistics = statistics_of(actor, territory, today, period, target and target.stock_month)
    view = View(
        statistics, territory.parameters, {"region": territory.region.code} if territory.above else {}
    )
    parts = view.part_lines(parts_of(territory, statistics))
    context = {
        **_shown(view, today),
        "territory": territory,
        "clearance": (clearance := clearance_of(target, statistics)),
        "clearance_cells": clearance and view.clearance_cells(clearance),
        "measures_url": f"{reverse('reports:measures')}{_below(territory)}",
        "may_set_target": may_set(actor),
        "part_head": "机构" if territory.is_lowest else "地区",
        "parts": parts,
        "ranking": sorted((p for p in parts if p.is_ranked), key=lambda p: (p.rate, p.name)),
    }
    return render(request, "reports/dashboard.html", context)


@readonly
def measures(request):
    """挂牌督办 and 专项行动 of a territory: a part the dashboard fetches when it is there, and a page of its own."""
    _may_look(request.actor)
    territory = territory_below(request.actor.authority.region, request.GET.get("region", ""))
    back = {
        "name": territory.region.name,
        "back_url": f"{reverse('reports:dashboard')}{_below(territory)}",
    }
    return _measures(request, Where.of_territory(territory), back)


@readonly
def institution_measures(request, pk: int):
    """The same for one institution."""
    house = get_object_or_404(Institution.objects.visible_to(request.actor), pk=pk)
    if not request.actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    back = {"name": house.name, "back_url": reverse("reports:institution", args=[house.pk])}
    return _measures(request, Where.of_institution(house), back)


def _measures(request, where: Where, back: dict):
    actor, today = request.actor, timezone.localdate()
    context = {
        **back,
        "now": timezone.now(),
        "stands": ordered.supervised(actor, where, today),
        "campaigns": ordered.campaign_lines(actor, where, today),
        "columns": show.COLUMN_LABELS,
    }
    name = "reports/dashboard_measures.html" if request.htmx else "reports/measures.html"
    return render(request, name, context)


@writes(methods=("GET", "HEAD", "POST"))
def target(request):
    """存量清零 of one's own region: the form, and setting it."""
    actor, today = request.actor, timezone.localdate()
    if not may_set(actor):
        raise PermissionDenied("您的角色不能设定清零目标。")
    form, status = TargetForm(today=today), 200
    if request.method == "POST":
        form = TargetForm(request.POST, today=today)
        if form.is_valid():
            set_target(by=actor, **form.cleaned_data)
            messages.success(request, "清零目标已设定。")
            return redirect("reports:dashboard")
        status = 422
    return render(request, "reports/target.html", {"form": form}, status=status)


@readonly
def institution(request, pk: int):
    """The same for one institution, for everybody who may see it and its hazards."""
    actor, today = request.actor, timezone.localdate()
    house = get_object_or_404(Institution.objects.visible_to(actor).select_related("county"), pk=pk)
    if not actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    statistics = statistics_of_institution(actor, house, today, _period_of(request, today))
    key = {"institution": str(house.pk)}
    context = {**_shown(View(statistics, key, key), today), "institution": house}
    context["measures_url"] = reverse("reports:institution_measures", args=[house.pk])
    return render(request, "reports/institution.html", context)


@readonly
def figure_rows(request):
    """Exactly the rows of one figure the ledger has no filter for."""
    actor, today = request.actor, timezone.localdate()
    if not actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    try:
        context = figure_page(request.GET, actor, today)
    except BadCursor as error:
        raise Http404("翻页位置已失效。") from error
    return render(request, "reports/figure_rows.html", context)


def _day(text: str, today: date, otherwise: date) -> date:
    """A day up to today; `otherwise` for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return min(day, today) if day.year > 1900 else otherwise


@readonly
def past_day(request):
    """A past day's figures, and what moved between that day and another."""
    actor, today = request.actor, timezone.localdate()
    _may_look(actor)
    territory = territory_below(actor.authority.region, request.GET.get("region", ""))
    last_month = end_of(months_later(month_of(today), -1))
    first = _day(request.GET.get("from", ""), today, last_month)
    second = _day(request.GET.get("to", ""), today, today)
    first, second = min(first, second), max(first, second)
    measure = request.GET.get("figure", "")
    measure = measure if measure in past.MEASURES else "open"
    came = {"came": True, "went": False}.get(request.GET.get("way", ""))
    why = request.GET.get("why", "")
    action = why if came is not None and why in ("", *HazardAction.values) else None
    page = int(p) if (p := request.GET.get("page", "")).isascii() and p.isdigit() and len(p) < 5 else 0
    one, two = (past.figures_on(actor, territory, day) for day in (first, second))
    moves = past.moves_between(actor, territory, measure, first, second, came=came, action=action, page=page)
    place = {"region": territory.region.code} if territory.above else {}
    here = place | {"from": first.isoformat(), "to": second.isoformat(), "figure": measure}
    chosen = here | ({"way": request.GET["way"], "why": action or ""} if came is not None else {})
    context = {
        "territory": territory,
        "now": timezone.now(),
        "today": today,
        "first": first,
        "second": second,
        "measure": measure,
        "measures": [(key, label) for key, (label, _) in past.MEASURES.items()],
        "label": past.MEASURES[measure][0],
        "moves": moves,
        "reasons": [(r, _address(here | {"way": "came" if r.came else "went", "why": r.action})) for r in moves.reasons],
        "is_narrowed": came is not None,
        "all_url": _address(here),
        "before_url": _address(chosen | {"page": str(page - 1)}) if page else "",
        "after_url": _address(chosen | {"page": str(page + 1)}) if moves.has_more else "",
        "before": one[measure],
        "after": two[measure],
        "days": [(label, one[key], two[key]) for key, (label, _) in past.MEASURES.items()],
    }  # fmt: skip
    return render(request, "reports/past.html", context)


def _address(parameters: dict[str, str]) -> str:
    return f"{reverse('reports:past')}?{urlencode(parameters)}"
