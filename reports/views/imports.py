"""台账导入: bring a ledger, say what its columns are, read what is wrong with it, have it imported."""

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header

from common.http import readonly, writes
from common.workbooks import SheetError
from institutions.forms.base import posted
from reports.imports import asking, withdrawing
from reports.imports.fields import FIELDS
from reports.imports.forms import ConfirmForm, LedgerForm, MatchForm
from reports.imports.reading import CSV
from reports.imports.rules import KEPT, Refused
from reports.imports.telling import count_words
from reports.models import ImportFile, ImportStage, ImportWithdrawal, LedgerImport, WithdrawalStage

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN, SHOWN_ERRORS = 30, 100


def _own(request, pk) -> LedgerImport:
    asking.require(request.actor)
    return get_object_or_404(LedgerImport.objects.of(request.user), pk=pk)


@writes(methods=("GET", "HEAD", "POST"))
def imports(request):
    """Bring a ledger; below, what one has brought before."""
    asking.require(request.actor)
    form = LedgerForm(posted(request), request.FILES if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            brought = asking.bring(file.read(), file.name, by=request.actor)
            return redirect("reports:match_import", brought.pk)
        except SheetError as error:
            form.add_error("file", str(error))
    jobs = LedgerImport.objects.of(request.user)[:SHOWN]
    to_decide = ImportWithdrawal.objects.filter(decider=request.actor.authority, stage=WithdrawalStage.ASKED)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {
        "form": form,
        "jobs": [_counted(job) for job in jobs],
        "to_decide": to_decide.exclude(asked_by=request.user).select_related(
            "of", "asked_by", "asked_as__authority"
        )[:SHOWN],
        "fields": FIELDS,
        "days": KEPT.days,
    }
    return render(request, "reports/imports/list.html", context, status=status)


@writes(methods=("GET", "HEAD", "POST"))
def match_import(request, pk):
    """What each column is; then every row is judged, and nothing imported."""
    job = _own(request, pk)
    form = MatchForm(job, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            asking.match(job, by=request.actor, columns=form.columns_said, choices=form.choices_made)
            return redirect("reports:import", pk)
        except Refused as refused:
            form.add_error(None, refused.words)
    elif request.method != "POST" and job.stage not in (ImportStage.MATCHING, ImportStage.CHECKED):
        return redirect("reports:import", pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "reports/imports/match.html", {"form": form, "job": job}, status=status)


@readonly
def import_(request, pk):
    """How far it is, what is wrong, what can be done next; with htmx the part that changes."""
    job = _own(request, pk)
    return _page(request, job, ConfirmForm())


def _page(request, job: LedgerImport, form: ConfirmForm, status=HTTPStatus.OK) -> HttpResponse:
    template = "reports/imports/panel.html" if request.htmx else "reports/imports/job.html"
    context = {"job": job, "form": form, "words": count_words(job.counts)}
    if job.stage == ImportStage.CHECKED:
        counts = job.counts
        errors = ImportFile.objects.filter(of=job).values_list("errors", flat=True).first() or {}
        rows = sorted(((int(row), words) for row, words in errors.items()))[:SHOWN_ERRORS]
        good = counts["good"] + counts["issued"]
        context |= {"errors": rows, "good": good, "counts": counts, "days": withdrawing.WITHIN.days}
    elif job.stage == ImportStage.DONE:
        context["words"] = count_words(job.counts["written"])
        context["written"] = job.counts["written"]
        context["withdrawal"] = job.withdrawals.first()
        context["may_withdraw"] = not withdrawing.why_not(job, request.actor)
    return render(request, template, context, status=status)


def _counted(job: LedgerImport) -> dict:
    return {"job": job, "words": count_words(job.counts.get("written") or job.counts) if job.counts else ""}


@writes
def confirm_import(request, pk):
    """Have it imported."""
    job = _own(request, pk)
    form = ConfirmForm(request.POST)
    if form.is_valid():
        try:
            asking.confirm(job, by=request.actor, **form.cleaned_data)
            return redirect("reports:import", pk)
        except Refused as refused:
            form.add_error(None, refused.words)
    return _page(request, job, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@writes
def cancel_import(request, pk):
    """Stop one's own import before anything is written."""
    if asking.cancel(_own(request, pk), by=request.actor):
        messages.success(request, "已取消，什么也没有导入。")
    else:
        messages.warning(request, "已经开始导入或已经结束，不能取消。")
    return redirect("reports:import", pk)


@readonly
def marked_import(request, pk):
    """The person's own file with what is wrong beside the rows."""
    job = _own(request, pk)
    content = ImportFile.objects.filter(of=job).values_list("marked", flat=True).first()
    if not content:
        raise Http404("没有标出错误的文件：没有错误，或已到期删除。")
    kind = "text/csv; charset=utf-8" if job.kind == CSV else XLSX_TYPE
    response = HttpResponse(bytes(content), content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, f"标出错误-{job.filename}")
    response["Cache-Control"] = "private, no-store"
    return response
