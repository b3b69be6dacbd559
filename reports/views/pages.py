"""隐患台账, the quick search and the close-out dashboard. They only look."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import push_url

from common.http import readonly
from hazards.models import Hazard
from institutions.enums import Capability
from institutions.territories import territory_below
from reports import dashboard as show
from reports import statistics
from reports.drill import parts_of
from reports.filters import LedgerFilter
from reports.screen import ledger_screen
from reports.searching import SearchForm, hazard_numbered, hazards_found, institutions_found


@readonly
def ledger(request):
    """隐患台账: tabs, filters and rows. With htmx only the region that changes; it equals that of the whole page."""
    actor = request.actor
    if not actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    today = timezone.localdate()
    filters = LedgerFilter(request.GET, Hazard.objects.visible_to(actor), actor=actor, today=today)
    context = {
        **ledger_screen(request.GET, filters, actor, today),
        "may_register": actor.can(Capability.REGISTER),
    }
    template = "reports/ledger_region.html" if request.htmx else "reports/ledger.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    if request.htmx:
        given = urlencode([(name, value) for name, value in request.GET.items() if value])
        push_url(response, f"{request.path}{'?' + given if given else ''}")
    return response


@readonly
def search(request):
    """查找: hazards and institutions that answer `?q=`; the whole number of a hazard leads straight to it."""
    actor = request.actor
    if not (actor.may_view_hazards and actor.may_view_institutions):
        raise PermissionDenied("您的角色不能查看隐患和机构。")
    form = SearchForm(request.GET)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    if pk := hazard_numbered(typed, actor):
        return redirect("hazards:detail", pk)
    context = {"form": form, "typed": typed}
    if typed:
        context["hazards"] = hazards_found(typed, actor, timezone.localdate())
        context["institutions"] = institutions_found(typed, actor)
    return render(request, "reports/search.html", context)


@readonly
def dashboard(request):
    """统计分析 of one's own region, or of one below it (`?region=` code). 403 without the capability, 404 out of scope."""
    actor = request.actor
    if not actor.can(Capability.VIEW_DASHBOARD):
        raise PermissionDenied("您的角色不能查看统计。")
    now, today = timezone.now(), timezone.localdate()
    territory = territory_below(actor.authority.region, request.GET.get("region", ""))
    hazards = Hazard.objects.visible_to(actor).filter(**territory.here)
    total, here = statistics.totals(hazards, today), territory.parameters
    context = {
        "now": now,
        "territory": territory,
        "total": total,
        "cards": show.cards(total, territory, today),
        "columns": show.COLUMN_LABELS,
        "part_head": "机构" if territory.is_lowest else "地区",
        "parts": show.part_lines(parts_of(territory, hazards, today), reverse("reports:dashboard")),
        "sum": show.line("合计", total.figures, here),
        "ages": show.age_bars(total, territory, today),
        "statuses": show.status_bars(total, territory),
        "domains": [
            show.line(domain.label, figures, here | {"domain": domain.value})
            for domain, figures in statistics.by_domain(hazards, today).items()
        ],
    }
    return render(request, "reports/dashboard.html", context)
