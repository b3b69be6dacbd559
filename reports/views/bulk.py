"""批量办理: the form over the rows picked in the ledger, and what became of each."""

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from common.http import writes
from hazards import bulk_rules, workflow
from hazards.actions import bulk
from hazards.enums import BulkOutcome, HazardAction
from hazards.forms.bulk import BULK_FORMS
from hazards.models import BulkRun, Hazard
from institutions.forms.base import posted
from reports.asked import Asked
from reports.bulk import picked_rows, start_of, start_words
from reports.links import ledger_url

_BOTH = ("GET", "HEAD", "POST")


def _known(action: str) -> HazardAction:
    if action not in BULK_FORMS:
        raise Http404("这一步不能批量办理。")
    return HazardAction(action)


def _asked(request) -> Asked:
    """What the ledger was asked; 404 for what it would not show."""
    asked = Asked(request.GET, request.actor, timezone.localdate())
    if not asked.is_valid:
        raise Http404("查询条件有误，请回到台账重新查询。")
    return asked


@writes(methods=_BOTH)
def bulk_act(request, action: str):
    """The rows picked in the ledger with what is the same for all, and doing it. 403 without the capability."""
    action, actor = _known(action), request.actor
    if not actor.can(workflow.TABLE[action].capability):
        raise PermissionDenied("您的角色不能办理这一步。")
    form = BULK_FORMS[action](posted(request), actor=actor)
    if request.method == "POST" and form.is_valid():
        key, facts = form.cleaned_data["key"], form.facts()
        run = bulk.begin(
            key=key, action=action, versions=form.ticked, facts=facts, digest=form.digest, by=actor
        )
        bulk.carry_on(run, by=actor)
        return redirect("reports:bulk_result", run.pk)
    asked = _asked(request)
    rows = picked_rows(request.GET, asked, action, set(form.ticked) if form.is_bound else None)
    context = {
        "form": form,
        "action": action,
        "rows": rows,
        "possible": sum(not row.reason for row in rows),
        "is_closing": action == HazardAction.CLOSE,
        "most": bulk_rules.MOST[action],
        "start": start_words(action),
        "back_url": ledger_url(**(start_of(action) | asked.query)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "reports/bulk.html", context, status=status)


@writes(methods=_BOTH)
def bulk_result(request, pk):
    """What became of each row, for whoever sent the form; POST carries on with what was left undone."""
    run = get_object_or_404(BulkRun.objects.filter(made_by=request.user), pk=pk)
    if request.method == "POST":
        bulk.carry_on(run, by=request.actor)
        return redirect("reports:bulk_result", run.pk)
    lines = list(run.lines.all())
    hazards = Hazard.objects.visible_to(request.actor).select_related("institution")
    seen = hazards.in_bulk([line.hazard_id for line in lines])
    order = ["", BulkOutcome.CHANGED, BulkOutcome.REFUSED, BulkOutcome.DONE]
    lines.sort(key=lambda line: (order.index(line.outcome), line.pk))
    context = {
        "run": run,
        "action": HazardAction(run.action),
        "lines": [(line, seen.get(line.hazard_id)) for line in lines],
        "done": sum(line.outcome == BulkOutcome.DONE for line in lines),
        "waiting": sum(not line.outcome for line in lines),
        "back_url": ledger_url(**start_of(HazardAction(run.action))),
    }
    return render(request, "reports/bulk_result.html", context)
