"""升级阶梯: everybody may look; the province copies, edits and publishes."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render

from clocks import queries
from clocks.actions import ladders as actions
from clocks.enums import LadderKey, LadderStatus
from clocks.forms import PublishForm, RungFormSet, rows_of
from clocks.models import Clock, Ladder
from common.http import readonly, writes
from institutions.enums import Capability
from institutions.permissions import require


def _in_force(key: str) -> Ladder:
    return get_object_or_404(Ladder, key=key, status=LadderStatus.PUBLISHED)


def _draft(request, key: str) -> Ladder:
    require(request.actor, Capability.SET_POLICY)
    return get_object_or_404(Ladder, key=key, status=LadderStatus.DRAFT)


@readonly
def ladder_list(request):
    """Every ladder in force."""
    require(request.actor, Capability.VIEW_HAZARDS)
    shown = [{"ladder": ladder, "steps": queries.steps(ladder)} for ladder in queries.ladders()]
    return render(request, "clocks/ladders.html", {"ladders": shown})


@readonly
def ladder(request, key: str):
    """One ladder as a timeline; `?version=` an earlier one."""
    require(request.actor, Capability.VIEW_HAZARDS)
    version, may_edit = request.GET.get("version", ""), request.actor.can(Capability.SET_POLICY)
    versions = Ladder.objects.filter(key=key).select_related("published_by")
    if not may_edit:
        versions = versions.exclude(status=LadderStatus.DRAFT)
    shown = next((v for v in versions if str(v.version) == version), None) if version else None
    shown = shown or next((v for v in versions if v.status == LadderStatus.PUBLISHED), None)
    if shown is None:
        raise Http404("没有这个阶梯。")
    context = {
        "ladder": shown,
        "key": LadderKey(key),
        "steps": queries.steps(shown),
        "versions": versions,
        "draft": next((v for v in versions if v.is_draft), None),
        "may_edit": may_edit,
        "running": Clock.objects.visible_to(request.actor).running().filter(ladder_key=key).count(),
    }
    return render(request, "clocks/ladder.html", context)


@writes
def ladder_draft(request, key: str):
    """A copy of what is in force, to edit."""
    require(request.actor, Capability.SET_POLICY)
    actions.draft(_in_force(key), by=request.actor)
    return redirect("clocks:ladder_edit", key)


@writes(methods=("GET", "HEAD", "POST"))
def ladder_edit(request, key: str):
    """The rungs of the draft, a row a moment."""
    draft = _draft(request, key)
    formset = RungFormSet(request.POST or None, initial=rows_of(draft), prefix="rungs")
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if formset.is_valid() and _saved(formset, draft, request.actor):
            messages.success(request, "草稿已保存，启用后才生效。")
            return redirect("clocks:ladder_edit", key)
    context = {"ladder": draft, "key": LadderKey(key), "formset": formset, "publish_form": PublishForm()}
    return render(request, "clocks/ladder_edit.html", context, status=status)


def _saved(formset, draft: Ladder, actor) -> bool:
    rows = [form for form in formset if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    try:
        actions.edit(draft, by=actor, steps=[step for row in rows for step in row.steps()])
    except ValidationError as error:
        formset.non_form_errors().extend(error.messages)
        return False
    return True


@writes
def ladder_publish(request, key: str):
    """Put the draft in force."""
    draft, form = _draft(request, key), PublishForm(request.POST)
    if form.is_valid():
        actions.publish(draft, by=request.actor, reason=form.cleaned_data["reason"])
        messages.success(request, "新的阶梯已启用，正在计时的事项从下一分钟起按新阶梯办理。")
        return redirect("clocks:ladder", key)
    context = {
        "ladder": draft,
        "key": LadderKey(key),
        "formset": RungFormSet(initial=rows_of(draft), prefix="rungs"),
        "publish_form": form,
    }
    return render(request, "clocks/ladder_edit.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@writes
def ladder_discard(request, key: str):
    """Throw the draft away."""
    actions.discard(_draft(request, key), by=request.actor)
    messages.success(request, "草稿已弃用。")
    return redirect("clocks:ladder", key)
