"""四个清单: problems, tasks, results and risks, within what the ledger was asked."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly
from reports.asked import Asked
from reports.links import ledger_url
from reports.lists import LISTS, PAGE_SIZE, SORTED_BY, list_page
from reports.paging import BadCursor


@readonly
def four_list(request, name: str):
    """One list under the conditions of the address, which are the ledger's; 404 for what it would not show."""
    actor, today = request.actor, timezone.localdate()
    if not actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    asked = Asked({"sort": SORTED_BY.get(name, "")} | request.GET.dict(), actor, today)
    if name not in LISTS or not asked.is_valid:
        raise Http404("没有这个清单，或查询条件有误，请回到台账重新查询。")
    layout, given = LISTS[name], urlencode(asked.query)
    try:
        page = list_page(layout, asked, request.GET)
    except BadCursor as error:
        raise Http404("翻页位置已失效。") from error

    def here(**cursor: str) -> str:
        return f"{request.path}?{urlencode(asked.query | cursor)}" if cursor else ""

    context = {
        "layout": layout,
        "tabs": [(one, f"{reverse('reports:list', args=[one.value])}?{given}") for one in LISTS.values()],
        "page": page,
        "words": asked.words,
        "asked": given,
        "today": today,
        "most": PAGE_SIZE,
        "back_url": ledger_url(**asked.query),
        "before_url": here(**page.before),
        "after_url": here(**page.after),
    }
    return render(request, "reports/list.html", context)
