"""One view for every act on a hazard: the table says which form, the door says who may."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from common.http import Conflict, writes
from common.words import keeping_words
from files.claims import Unclaimable
from hazards import advice, matter_queries, notices, queries, workflow
from hazards.actions import (
    extending,
    lifecycle,
    nudging,
    once,
    reassigning,
    supervising,
    transferring,
    voiding,
)
from hazards.actions.unfit import Unfit
from hazards.enums import HazardAction
from hazards.forms import FORMS
from hazards.models import Hazard
from institutions.actor import Actor

A = HazardAction
ACTIONS = {
    A.ISSUE: lifecycle.issue,
    A.PLAN: lifecycle.plan,
    A.SUBMIT: lifecycle.submit,
    A.REJECT: lifecycle.reject,
    A.ACCEPT: lifecycle.accept,
    A.CLOSE: lifecycle.close,
    A.RETURN: lifecycle.return_,
    A.REQUEST_VOID: voiding.request_void,
    A.REFUSE_VOID: voiding.refuse_void,
    A.VOID: voiding.void,
    A.REQUEST_EXTENSION: extending.request_extension,
    A.APPROVE_EXTENSION: extending.approve_extension,
    A.REFUSE_EXTENSION: extending.refuse_extension,
    A.WITHDRAW_EXTENSION: extending.withdraw_extension,
    A.PLACE_UNDER_SUPERVISION: supervising.place_under_supervision,
    A.REPORT_PROGRESS: supervising.report_progress,
    A.LIFT_SUPERVISION: supervising.lift_supervision,
    A.REVOKE_SUPERVISION: supervising.revoke_supervision,
    A.TRANSFER: transferring.transfer,
    A.WITHDRAW_TRANSFER: transferring.withdraw_transfer,
    A.RECORD_ANSWER: transferring.record_answer,
    A.NUDGE: nudging.nudge,
    A.REASSIGN: reassigning.reassign,
}
DECISIONS = {A.ACCEPT, A.REJECT, A.CLOSE, A.RETURN, A.LIFT_SUPERVISION}
DONE = {
    A.ISSUE: "已下发，机构会收到通知。",
    A.PLAN: "整改方案已保存。",
    A.SUBMIT: "已提交，等待主管部门验收。",
    A.REJECT: "已退回，机构会收到通知。",
    A.ACCEPT: "已通过验收，等待销号。",
    A.CLOSE: "已销号。",
    A.RETURN: "不予销号，已退回重新整改。",
    A.REQUEST_VOID: "已申请作废，等待另一位同事决定。",
    A.REFUSE_VOID: "已答复：不同意作废。",
    A.VOID: "已作废。",
    A.REQUEST_EXTENSION: "已申请延期，决定之前仍按原期限整改。",
    A.APPROVE_EXTENSION: "已批准延期，机构会收到通知。",
    A.REFUSE_EXTENSION: "已答复：不予延期，原期限不变。",
    A.WITHDRAW_EXTENSION: "已撤回，仍按原期限整改。",
    A.PLACE_UNDER_SUPERVISION: "已挂牌督办，可以打印挂牌督办通知书。",
    A.REPORT_PROGRESS: "进展已报告。",
    A.LIFT_SUPERVISION: "已摘牌，可以办理销号。",
    A.REVOKE_SUPERVISION: "已撤销督办。",
    A.TRANSFER: "已移送，可以打印移送函。",
    A.WITHDRAW_TRANSFER: "已撤回移送。",
    A.RECORD_ANSWER: "回执已录入。",
    A.NUDGE: "已催办，对方会收到通知。",
    A.REASSIGN: "已改派，新的监管责任人会收到通知。",
}


@writes(methods=("GET", "HEAD", "POST"))
def act(request, pk: int, action: str):
    """The page of one act, and the act itself. 404 out of scope, 403 not allowed, 409 too late, 422 bad input."""
    hazard = get_object_or_404(queries.for_detail(request.actor), pk=pk)
    action = _known(action)
    if request.method == "POST":
        return _do(request, hazard, action)
    row = workflow.TABLE[action]
    if request.actor.can(row.capability) and not row.is_legal_from(hazard.status):
        raise _too_late(hazard, action)
    _refuse(action, request.actor, hazard)
    return _page(request, hazard, action, FORMS[action](actor=request.actor, hazard=hazard))


def _refuse(action: HazardAction, actor: Actor, hazard: Hazard) -> None:
    if reason := workflow.refusal(action, actor, hazard):
        raise PermissionDenied(reason)


def _too_late(hazard: Hazard, action: HazardAction) -> Conflict:
    return Conflict(
        f"这条隐患现在是“{hazard.get_status_display()}”，不需要再{action.label}。",
        back_url=reverse("hazards:detail", args=[hazard.pk]),
    )


def _known(action: str) -> HazardAction:
    try:
        found = HazardAction(action)
        return found if found in FORMS else _missing()
    except ValueError:
        return _missing()


def _missing():
    raise Http404("没有这一步。")


def _page(request, hazard: Hazard, action: HazardAction, form, status=200):
    context = {"hazard": hazard, "action": action, "row": workflow.TABLE[action], "form": form}
    context["matters"] = matter_queries.of_hazard(hazard)
    context["terms"] = getattr(form, "terms", None)
    if action == A.NUDGE:
        context |= {"turn": queries.turn_of(hazard), "step": notices.next_step(hazard)}
    if action == A.SUBMIT:
        context["missing"] = lifecycle.plan_missing(hazard)
    if action in DECISIONS:  # nobody decides blind: what was found, what was done, what the verifier said
        advice.note_for_verifier(hazard, request.actor)
        context["photos"] = queries.photos(hazard, request.actor)
        context["submission"] = next(reversed(hazard.submissions.all()), None)
    return render(request, "hazards/act.html", context, status=status)


def _do(request, hazard: Hazard, action: HazardAction):
    actor, row = request.actor, workflow.TABLE[action]
    # Who could never do it is refused at once; who is merely late is answered below, with what they wrote.
    if not actor.can(row.capability) or row.is_legal_from(hazard.status):
        _refuse(action, actor, hazard)
    form = FORMS[action](request.POST, request.FILES, actor=actor, hazard=hazard)
    is_valid = form.is_valid()
    key = form.cleaned_data.get("key")
    with keeping_words(form):
        if location := once.answered(key, form.digest, actor.user):
            return redirect(location)
        if not is_valid:
            return _page(request, hazard, action, form, status=422)
        try:
            location = once.once(key, form.digest, actor.user, partial(_act, hazard, action, form))
        except (Unclaimable, lifecycle.PlanIncomplete, Unfit) as error:
            form.add_error(None, str(error))
            return _page(request, hazard, action, form, status=422)
    messages.success(request, DONE[action])
    return redirect(location)


def _act(hazard: Hazard, action: HazardAction, form) -> str:
    ACTIONS[action](hazard, by=form.actor, **form.facts())
    return reverse("hazards:detail", args=[hazard.pk])
