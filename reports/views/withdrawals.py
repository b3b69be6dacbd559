"""撤回导入: ask for it, decide over it, watch it."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from common.http import readonly, writes
from institutions.forms.base import posted
from reports.imports import asking, withdrawing
from reports.imports.forms import DecideForm, WithdrawForm
from reports.imports.rules import Refused
from reports.models import ImportWithdrawal, LedgerImport, WithdrawalStage

SHOWN_STAYING = 50
_PLACES = ("asked_as__authority", "asked_as__institution", "decided_as__authority", "decided_as__institution")


def _withdrawal(request, pk) -> ImportWithdrawal:
    asking.require(request.actor)
    rows = ImportWithdrawal.objects.visible_to(request.actor)
    return get_object_or_404(rows.select_related("of", "asked_by", "decided_by", "decider", *_PLACES), pk=pk)


def _outlook(job: LedgerImport) -> dict:
    """What would go now, and what would stay."""
    count, stays = withdrawing.staying(job, SHOWN_STAYING)
    return {
        "going": withdrawing.free_to_go(job).count(),
        "history": withdrawing.history_of(job).count(),
        "staying": count,
        "stays": stays,
    }


@writes(methods=("GET", "HEAD", "POST"))
def withdraw_import(request, pk):
    """申请撤回 one's own import: what would go, what stays and why, and the reason."""
    asking.require(request.actor)
    own = LedgerImport.objects.of(request.user).select_related("asked_as")
    job, form = get_object_or_404(own, pk=pk), WithdrawForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            asked = withdrawing.ask(job, by=request.actor, **form.cleaned_data)
            messages.success(request, f"已申请，等待{asked.decider.name}确认。确认之前一切照常。")
            return redirect("reports:withdrawal", asked.pk)
        except Refused as refused:
            form.add_error(None, refused.words)
    reason = withdrawing.why_not(job, request.actor)
    context = {
        "job": job, "form": form, "why_not": reason, "decider": withdrawing.decider_for(request.actor),
        "days": withdrawing.WITHIN.days, **_outlook(job),
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "reports/imports/withdraw.html", context, status=status)


@readonly
def withdrawal(request, pk):
    """How it stands: to whoever asked and to those who decide; with htmx the part that changes."""
    return _page(request, _withdrawal(request, pk), DecideForm())


def _page(request, found: ImportWithdrawal, form: DecideForm, status=HTTPStatus.OK) -> HttpResponse:
    is_waiting = found.stage == WithdrawalStage.ASKED
    context = {
        "withdrawal": found,
        "form": form,
        "may_decide": is_waiting and withdrawing.may_decide(found, request.actor),
        "may_drop": is_waiting and found.asked_by_id == request.user.pk,
        "outlook": {} if found.is_at_work else _outlook(found.of),
    }
    page, part = "reports/imports/withdrawal.html", "reports/imports/withdrawal_panel.html"
    return render(request, part if request.htmx else page, context, status=status)


@writes
def decide_withdrawal(request, pk):
    """同意撤回, or not."""
    found, form = _withdrawal(request, pk), DecideForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    opinion = form.cleaned_data["opinion"]
    if form.cleaned_data["verdict"] == "agree":
        withdrawing.agree(found, by=request.actor, opinion=opinion)
        messages.success(request, "已同意，正在撤回没有人办理过的。")
    else:
        withdrawing.refuse(found, by=request.actor, opinion=opinion)
        messages.success(request, "已告知申请人：不同意撤回。")
    return redirect("reports:withdrawal", pk)


@writes
def drop_withdrawal(request, pk):
    """Take one's own request back while nobody has decided."""
    asking.require(request.actor)
    own = get_object_or_404(ImportWithdrawal, pk=pk, asked_by=request.user)
    withdrawing.drop(own, by=request.actor)
    messages.success(request, "已取消申请，什么也没有撤回。")
    return redirect("reports:withdrawal", pk)
