"""明日升级, the day's digest, the ladder of one matter, and acts that wait to be issued."""

from datetime import date
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clocks import acts, digests, queries, riders
from clocks.actions import drafts as actions
from clocks.forms import DropForm, IssueForm
from clocks.models import Clock, Digest, Draft, Reminder
from common.http import readonly, writes

PER_PAGE, SHOWN = 50, 5


def _of_authority(request) -> None:
    if request.actor.authority is None or not request.actor.may_view_hazards:
        raise PermissionDenied("这里供监管部门查看。")


def _coming(request) -> dict:
    today = timezone.localdate()
    until = queries.horizon(today)
    return {"coming": queries.coming(request.actor, today, until), "today": today, "until": until}


@readonly
def tomorrow(request):
    """明日升级: what escalates up to the next workday if nothing is done, each with a way to act."""
    _of_authority(request)
    context = _coming(request)
    page = Paginator(context["coming"], PER_PAGE).get_page(request.GET.get("page"))
    context |= {"page": page, "drafts": queries.count_waiting(request.actor)}
    return render(request, "clocks/tomorrow.html", context)


@readonly
def coming(request):
    """The same as a fragment of the workbench: the first few."""
    _of_authority(request)
    context = _coming(request)
    found = context["coming"]
    context |= {
        "shown": found[:SHOWN],
        "count": len(found),
        "drafts": queries.waiting_drafts(request.actor)[:SHOWN],
        "waiting": queries.count_waiting(request.actor),
    }
    return render(request, "clocks/coming.html", context)


@readonly
def of_matter(request, kind: str, subject_id: int):
    """Fragment of a matter's page: its whole ladder with dates. Empty where nothing was ever owed."""
    visible = Clock.objects.visible_to(request.actor).with_place()
    clock = get_object_or_404(visible, kind=kind, subject_id=subject_id)
    today = timezone.localdate()
    context = {"clock": clock, "steps": queries.preview(clock, today), "today": today}
    return render(request, "clocks/of_matter.html", context)


@readonly(needs_post=False)
def digest(request, on: str):
    """One's own reminders of a day, all of them."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise Http404("没有这一天的提醒。") from None
    found = get_object_or_404(Digest, recipient=request.user, on=day)
    page = Paginator(found.reminders, PER_PAGE).get_page(request.GET.get("page"))
    lines = digests.standing_lines(list(page.object_list), timezone.localdate())
    kinds = Reminder.objects.filter(pk__in=found.reminders).values_list("kind", flat=True)
    context = {"digest": found, "page": page, "lines": lines, "total": len(found.reminders)}
    context["by_kind"] = digests.by_kind(kinds)
    context["along"] = riders.taken_along([request.user.pk], found.composed_at).get(request.user.pk, [])
    return render(request, "clocks/digest.html", context)


@readonly
def draft_list(request):
    """待签发: of one's own authority first, whether the ladder drafted it or another rule; `?of=all` those decided and those of the authorities below."""
    _of_authority(request)
    own = queries.waiting_drafts(request.actor)
    shows_all = request.GET.get("of") == "all"
    shown = Draft.objects.visible_to(request.actor) if shows_all else own
    related = shown.select_related(
        "clock__institution__county", "clock__authority__region", "authority", "reminder"
    )
    page = Paginator(related, PER_PAGE).get_page(request.GET.get("page"))
    others = acts.waiting(request.actor)
    context = {
        "page": page,
        "shows_all": shows_all,
        "others": [] if shows_all else others,
        "count": own.count() + len(others),
        "today": timezone.localdate(),
    }
    return render(request, "clocks/drafts.html", context)


def _draft(request, pk: int) -> Draft:
    visible = Draft.objects.visible_to(request.actor).select_related(
        "clock__institution__authority", "clock__institution__county", "clock__authority__region", "authority__region",
        "reminder",
        "issued_by", "dropped_by",
    )  # fmt: skip
    return get_object_or_404(visible, pk=pk)


def _draft_page(request, draft: Draft, issue_form=None, drop_form=None, status=HTTPStatus.OK):
    may_decide = draft.is_waiting and actions.may_decide(request.actor, draft)
    context = {
        "draft": draft,
        "today": timezone.localdate(),
        "may_decide": may_decide,
        "form_url": acts.form_of(request.actor, draft) if may_decide else "",
        "proposed": actions.proposed_text(draft) if draft.is_waiting else "",
        "issue_form": issue_form or IssueForm(initial={"text": actions.proposed_text(draft)}),
        "drop_form": drop_form or DropForm(),
    }
    return render(request, "clocks/draft.html", context, status=status)


@readonly
def draft(request, pk: int):
    """One act: what it says, of what, and the two things that can be done with it."""
    return _draft_page(request, _draft(request, pk))


@writes
def draft_issue(request, pk: int):
    """Issue it."""
    found, form = _draft(request, pk), IssueForm(request.POST)
    if not actions.may_decide(request.actor, found):
        raise PermissionDenied(f"这份文书由{found.authority.name}决定是否签发。")
    if acts.form_of(request.actor, found):
        form.add_error(None, f"{found.get_kind_display()}请打开专门的表单签发。")
    elif form.is_valid() and _done(form, actions.issue, found, by=request.actor, **form.cleaned_data):
        messages.success(request, f"{found.get_kind_display()}已签发，已通知机构和主管部门。")
        return redirect("clocks:draft", pk)
    return _draft_page(request, found, issue_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@writes
def draft_drop(request, pk: int):
    """Decide not to issue it."""
    found, form = _draft(request, pk), DropForm(request.POST)
    if not actions.may_decide(request.actor, found):
        raise PermissionDenied(f"这份文书由{found.authority.name}决定是否签发。")
    if form.is_valid() and _done(form, actions.drop, found, by=request.actor, **form.cleaned_data):
        messages.success(request, "已记录不签发的原因。")
        return redirect("clocks:drafts")
    return _draft_page(request, found, drop_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _done(form, action, found, **facts) -> bool:
    try:
        action(found, **facts)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
