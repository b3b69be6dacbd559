"""通报 and 约谈: lists, one record, its acts, and drafts."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clocks.models import Draft
from common.http import Conflict, readonly, writes
from common.words import keeping_words
from hazards import matter_queries, record_rules
from hazards.actions import drafting, dues, once, summoning, taking_up
from hazards.actions.unfit import Unfit
from hazards.enums import RecordAction, RecordKind
from hazards.forms import RECORD_FORMS, DraftForm
from hazards.models import Hazard
from hazards.models.summons import Record
from hazards.views.orders import PER_PAGE, require_office
from institutions.actor import Actor
from institutions.enums import Capability

A = RecordAction
ACTIONS = {
    A.ISSUE: summoning.issue,
    A.DROP: summoning.drop,
    A.MINUTE: summoning.minute,
    A.ANSWER: summoning.answer,
}
DONE = {
    A.ISSUE: "已发出，对方会收到通知。",
    A.DROP: "已记录：不予发出。",
    A.MINUTE: "纪要已记录，对方须在期限内书面反馈。",
    A.ANSWER: "反馈已记录。",
}
SHOWN = 50


@readonly
def records(request):
    """通报, or (`?kind=summons`) 约谈: drafts that wait for a person first."""
    require_office(request.actor)
    kind = request.GET.get("kind", "")
    kind = kind if kind in matter_queries.RECORDS else RecordKind.CIRCULAR.value
    rows = matter_queries.record_rows(request.actor, kind)
    context = {
        "kind": RecordKind(kind),
        "kinds": [(k, matter_queries.record_rows(request.actor, k.value).count()) for k in RecordKind],
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "may_draft": request.actor.can(Capability.SUMMON),
        "today": timezone.localdate(),
    }
    return render(request, "hazards/records/list.html", context)


def _found(request, kind: str, pk: int) -> Record:
    if kind not in matter_queries.RECORDS:
        raise Http404("没有这种文书。")
    return get_object_or_404(matter_queries.record_rows(request.actor, kind), pk=pk)


@readonly
def record(request, kind: str, pk: int):
    """One record: its words, the hazards behind it (those in scope), the minutes, the feedback, what to do next."""
    found = _found(request, kind, pk)
    hazards = Hazard.objects.visible_to(request.actor).filter(pk__in=found.hazards.values("pk"))
    context = {
        "record": found,
        "hazards": hazards.select_related("institution").order_by("due_on", "id")[:SHOWN],
        "hazard_count": hazards.count(),
        "actions": [
            {"action": action, "row": record_rules.TABLE[action]}
            for action in record_rules.actions_for(request.actor, found)
        ],
        "today": timezone.localdate(),
    }
    return render(request, "hazards/records/detail.html", context)


@writes(methods=("GET", "HEAD", "POST"))
def record_act(request, kind: str, pk: int, action: str):
    """The page of one act, and the act. 404 out of scope, 403 not allowed, 409 too late, 422 bad input."""
    found = _found(request, kind, pk)
    if action not in RecordAction.values:
        raise Http404("没有这一步。")
    action = RecordAction(action)
    if reason := record_rules.TABLE[action].refusal(request.actor, found):
        raise PermissionDenied(reason)
    if request.method == "POST":
        return _do(request, found, action)
    if found.state not in record_rules.TABLE[action].states:
        message = f"现在是“{found.get_state_display()}”，不需要再{action.label}。"
        raise Conflict(message, back_url=dues.record_url(found))
    return _page(request, found, action, RECORD_FORMS[action](actor=request.actor, record=found))


def _page(request, found: Record, action: RecordAction, form, status=200):
    context = {"record": found, "action": action, "row": record_rules.TABLE[action], "form": form}
    return render(request, "hazards/records/act.html", context, status=status)


def _do(request, found: Record, action: RecordAction):
    form = RECORD_FORMS[action](request.POST, actor=request.actor, record=found)
    is_valid = form.is_valid()
    key = form.cleaned_data.get("key")
    with keeping_words(form):
        if location := once.answered(key, form.digest, request.actor.user):
            return redirect(location)
        if not is_valid:
            return _page(request, found, action, form, status=422)
        try:
            location = once.once(key, form.digest, request.actor.user, partial(_act, found, action, form))
        except Unfit as error:
            form.add_error(None, str(error))
            return _page(request, found, action, form, status=422)
    messages.success(request, DONE[action])
    return redirect(location)


def _act(found: Record, action: RecordAction, form) -> str:
    ACTIONS[action](found, by=form.actor, **form.facts())
    return dues.record_url(found)


def _require_summon(actor: Actor) -> None:
    if not actor.can(Capability.SUMMON):
        raise PermissionDenied("由市级、省级监管人员起草通报和约谈。")


@writes
def look_for_drafts(request):
    """What the machine does every morning, now, for the actor's own region."""
    _require_summon(request.actor)
    count = drafting.draft_due(timezone.localdate(), within=request.actor.authority.region)
    messages.success(
        request, f"新起草 {count} 件，请逐件核对确认。" if count else "没有新的情况达到起草门槛。"
    )
    return redirect("hazards:records")


@writes
def take_up(request, pk: int):
    """What the ladder drafted, in the form it has here."""
    found = get_object_or_404(
        Draft.objects.visible_to(request.actor).select_related(
            "clock__institution__authority", "clock__authority", "authority", "reminder"
        ),
        pk=pk,
    )
    return redirect(taking_up.take_up(found, by=request.actor))


@writes(methods=("GET", "HEAD", "POST"))
def draft(request):
    """起草 by hand. Nobody is told before somebody confirms."""
    _require_summon(request.actor)
    form, status = DraftForm(actor=request.actor), 200
    if request.method == "POST":
        form, status = DraftForm(request.POST, actor=request.actor), 422
        is_valid = form.is_valid()
        key = form.cleaned_data.get("key")
        with keeping_words(form):
            if location := once.answered(key, form.digest, request.actor.user):
                return redirect(location)
            if is_valid:
                return redirect(once.once(key, form.digest, request.actor.user, partial(_draft, form)))
    return render(request, "hazards/records/draft.html", {"form": form}, status=status)


def _draft(form: DraftForm) -> str:
    facts = form.facts()
    kind = matter_queries.RECORDS[facts.pop("kind")]
    made = drafting.draft_by_hand(by=form.actor, kind=kind, **facts)
    return reverse("hazards:record", args=[made.kind.value, made.pk])
