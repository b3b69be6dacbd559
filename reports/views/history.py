"""历史台账: read, search, take out as a file."""

from http import HTTPStatus
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from hazards.enums import Severity
from institutions.forms.base import posted
from reports.exports import asking
from reports.exports.forms import PastExportForm
from reports.exports.rules import KEPT, Refused
from reports.history import PAST, STANDINGS, History
from reports.paging import PAGE_SIZE, BadCursor, page_of
from reports.tab_counts import COUNTED_TO, count_words

_READ = (
    "id", "found_on", "ended_on", "description", "location", "severity", "standing", "cells", "row",
    "institution__name", "of__filename",
)  # fmt: skip


def _history(request) -> History:
    if not request.actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    return History(request.GET, request.actor, timezone.localdate())


def url_of(query: dict[str, str], name: str = "past_hazards") -> str:
    """The page with these conditions."""
    return f"{reverse(f'reports:{name}')}{'?' + urlencode(query) if query else ''}"


@readonly
def past_hazards(request):
    """What had ended before it came here, a page at a time, at the same cost at any depth."""
    asked = _history(request)
    rows, notices = asked.rows.values(*_READ), list(asked.notices)
    try:
        page = page_of(
            rows, asked.sort, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )
    except BadCursor:
        page = page_of(rows, asked.sort)
        notices.append("翻页位置已失效，已回到第一页。")
    around = {
        f"{name}_url": url_of(asked.query | {name: cursor}) if cursor else ""
        for name, cursor in (("before", page.before), ("after", page.after))
    }
    context = {
        "asked": asked,
        "form": asked.form,
        "rows": [
            row | {"standing": STANDINGS[row["standing"]], "severity_said": Severity(row["severity"])}
            for row in page.rows
        ],
        "most": PAGE_SIZE,
        "notices": notices,
        "export_url": url_of(asked.query, "export_past"),
        **around,
    }
    return render(request, "reports/imports/past.html", context)


@writes(methods=("GET", "HEAD", "POST"))
def export_past(request):
    """Which format, for the rows the address names as the page does."""
    asked = _history(request)
    if not asked.is_valid:
        raise Http404("查询条件有误，请回到历史台账重新查询。")
    form = PastExportForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            job = asking.ask(asked, by=request.actor, layout=PAST.value, **form.cleaned_data)
            return redirect("reports:export", job.pk)
        except Refused as refused:
            form.add_error(None, refused.words)
    context = {
        "form": form,
        "what": "历史隐患",
        "home": PAST.label,
        "words": asked.words,
        "count": count_words(asked.rows.order_by()[: COUNTED_TO + 1].count()),
        "days": KEPT.days,
        "back_url": url_of(asked.query),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "reports/exports/new.html", context, status=status)
