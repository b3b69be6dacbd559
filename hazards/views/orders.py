"""挂牌督办 and 延期 as lists, one order and its printed notice."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from common.http import readonly
from hazards import matter_queries, publishing
from hazards.actions import extending
from hazards.enums import ExtensionCase, SupervisionState
from institutions.actor import Actor
from institutions.enums import Capability

PER_PAGE = 30


def require_office(actor: Actor) -> None:
    """Lists of measures are for offices; an institution finds its own on its hazards."""
    if not actor.can(Capability.VIEW_ORDERS):
        raise PermissionDenied("您的角色没有“查看督办、移送和约谈”的权限。")


@readonly
def orders(request):
    """挂牌督办 in scope: open ones by deadline, or (`?tab=ended`) what is over, latest first."""
    require_office(request.actor)
    rows = matter_queries.order_rows(request.actor)
    current = rows.open().order_by("due_on", "id")
    ended = rows.exclude(state=SupervisionState.OPEN).order_by("-ended_at", "-id")
    tab = "ended" if request.GET.get("tab") == "ended" else "open"
    context = {
        "tab": tab,
        "tabs": [("open", "督办中", current.count()), ("ended", "已结束", ended.count())],
        "page": Paginator(ended if tab == "ended" else current, PER_PAGE).get_page(request.GET.get("page")),
        "today": timezone.localdate(),
    }
    return render(request, "hazards/orders/list.html", context)


@readonly
def order(request, pk: int):
    """One order: what was ordered, what was reported, what may be published."""
    found = get_object_or_404(matter_queries.for_order(request.actor), pk=pk)
    context = {
        "order": found,
        "hazard": found.hazard,
        "published": publishing.of_order(found) if found.is_public else None,
        "today": timezone.localdate(),
    }
    return render(request, "hazards/orders/detail.html", context)


@readonly
def order_print(request, pk: int):
    """挂牌督办通知书 on A4."""
    found = get_object_or_404(matter_queries.for_order(request.actor), pk=pk)
    context = {
        "order": found,
        "hazard": found.hazard,
        "first_report_on": min(
            found.due_on, timezone.localdate(found.placed_at) + timedelta(days=found.report_every_days)
        ),
        "ask_before": extending.policy_for(found.hazard, ExtensionCase.SUPERVISED).ask_before,
    }
    return render(request, "hazards/orders/print.html", context)


@readonly
def extension_print(request, pk: int):
    """延期申请书 on A4, with the decision once there is one."""
    found = get_object_or_404(matter_queries.for_extension(request.actor), pk=pk)
    return render(request, "hazards/extension_print.html", {"asked": found, "hazard": found.hazard})


@readonly
def extensions(request):
    """延期 that waits for a decision, in scope; the decision itself is an act on the hazard."""
    require_office(request.actor)
    page = Paginator(matter_queries.waiting_extensions(request.actor), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "today": timezone.localdate()}
    return render(request, "hazards/extensions.html", context)
