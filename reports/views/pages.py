"""隐患台账 and the quick search. They only look; the dashboards are in dashboards.py."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import push_url

from common.http import readonly
from hazards.models import Hazard
from institutions.enums import Capability
from reports.filters import LedgerFilter
from reports.imports.rules import refusal
from reports.screen import ledger_screen
from reports.searching import SUGGESTED, SearchForm, hazard_numbered, hazards_found, institutions_found


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
        "may_import": not refusal(actor),
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
def suggest(request):
    """The first few answers while somebody types `?q=`; nothing for a single character or a wrong word."""
    actor = request.actor
    if not (actor.may_view_hazards and actor.may_view_institutions):
        raise PermissionDenied("您的角色不能查看隐患和机构。")
    form = SearchForm(request.GET)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    if len(typed) < 2:
        return HttpResponse("")
    context = {
        "hazards": hazards_found(typed, actor, timezone.localdate(), SUGGESTED),
        "institutions": institutions_found(typed, actor, SUGGESTED),
        "all_url": f"{reverse('reports:search')}?{urlencode({'q': typed})}",
    }
    return render(request, "reports/suggest.html", context)
