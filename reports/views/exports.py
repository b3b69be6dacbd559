"""导出: ask for a file of the rows one sees, watch it being made, open it."""

from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from files.serve import serve_content
from institutions.forms.base import posted
from reports.asked import Asked
from reports.exports import asking, keeping
from reports.exports.forms import ExportForm
from reports.exports.rules import KEPT, Refused
from reports.history import PAST
from reports.layouts import LAYOUTS, layout_of
from reports.links import ledger_url
from reports.models import ExportJob, Format
from reports.tab_counts import COUNTED_TO, count_words
from reports.views import history

_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}
SHOWN = 30


def _asked(request) -> Asked:
    """What the address asks for; 404 for what the ledger would not show."""
    if not request.actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    asked = Asked(request.GET, request.actor, timezone.localdate())
    if not asked.is_valid:
        raise Http404("查询条件有误，请回到台账重新查询。")
    return asked


@writes(methods=("GET", "HEAD", "POST"))
def new_export(request):
    """Which layout and format, for the rows the address names as the ledger's does."""
    asked, wanted = _asked(request), request.GET.get("layout", "")
    form = ExportForm(posted(request), initial={"layout": wanted} if wanted in LAYOUTS else None)
    if request.method == "POST" and form.is_valid():
        try:
            job = asking.ask(asked, by=request.actor, **form.cleaned_data)
            return redirect("reports:export", job.pk)
        except Refused as refused:
            form.add_error(None, refused.words)
    context = {
        "form": form,
        "what": "隐患",
        "home": "隐患台账",
        "words": asked.words,
        "count": count_words(asked.rows.order_by()[: COUNTED_TO + 1].count()),
        "days": KEPT.days,
        "back_url": ledger_url(**asked.query),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "reports/exports/new.html", context, status=status)


@readonly
def exports(request):
    """One's own files of the last week, newest first."""
    if not request.actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    since = timezone.now() - KEPT - timedelta(days=1)
    jobs = ExportJob.objects.of(request.user).filter(asked_at__gte=since)[:SHOWN]
    return render(
        request, "reports/exports/list.html", {"jobs": [_shown(job) for job in jobs], "days": KEPT.days}
    )


@readonly
def export(request, pk):
    """How far a file is, and the way to open it; with htmx the part that changes."""
    job = get_object_or_404(ExportJob.objects.of(request.user), pk=pk)
    template = "reports/exports/panel.html" if request.htmx else "reports/exports/job.html"
    return render(request, template, _shown(job))


def _shown(job: ExportJob) -> dict:
    return {
        "job": job,
        "layout": layout_of(job),
        "goes_at": job.made_at + KEPT if job.made_at else None,
        **_ways_back(job),
    }


def _ways_back(job: ExportJob) -> dict[str, str]:
    """To the rows it was asked for from, and to ask again."""
    if job.layout == PAST.value:
        again = history.url_of(job.query, "export_past")
        return {"home": PAST.label, "back_url": history.url_of(job.query), "again_url": again}
    back = ledger_url(**job.query)
    again = f"{reverse('reports:new_export')}{back.removeprefix(reverse('reports:ledger'))}"
    return {"home": "隐患台账", "back_url": back, "again_url": again}


@writes
def cancel(request, pk):
    """Stop one's own file that is not made yet."""
    job = get_object_or_404(ExportJob.objects.of(request.user), pk=pk)
    if asking.cancel(job, by=request.actor):
        messages.success(request, "已取消导出。")
    else:
        messages.warning(request, "导出已经结束，不能取消。")
    return redirect("reports:export", pk)


@writes(methods=("GET", "HEAD"))
def export_file(request, pk):
    """The file, to the one who asked for it and may still see its rows; writes only the trace."""
    job = get_object_or_404(ExportJob.objects.of(request.user), pk=pk)
    if not job.is_there:
        raise Http404("文件还没有做好，或已到期删除。")
    name = keeping.open_file(job, user=request.user)
    return serve_content(name, _TYPES[Format(job.format)], keeping.download_name(job))
