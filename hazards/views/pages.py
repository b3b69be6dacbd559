"""Pages that only look: 工作台, one hazard, the hazards of an institution."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from common.http import readonly
from hazards import advice, matter_queries, officers, queries, workflow
from hazards.enums import HazardAction
from hazards.models import Hazard
from hazards.nudges import by_authority_on, nudges_in
from institutions.enums import Capability
from institutions.models import Institution

SHOWN = 10


def _some(hazards) -> dict:
    """The first rows, and whether there are more."""
    rows = list(queries.rows(hazards)[: SHOWN + 1])
    return {"rows": rows[:SHOWN], "has_more": len(rows) > SHOWN}


def _in_my_words(some: dict, actor) -> dict:
    """Each row with what it waits for me to do: 待我验收, or a request to void that I decide."""
    for hazard in some["rows"]:
        hazard.label = _open_matter(hazard, actor) or workflow.status_label(actor, hazard)
    return some


def _open_matter(hazard, actor) -> str:
    """What this reader is asked for beside the status; empty when it is the status alone."""
    if not workflow.refusal(HazardAction.APPROVE_EXTENSION, actor, hazard):
        return "延期申请待我决定"
    if not workflow.refusal(HazardAction.LIFT_SUPERVISION, actor, hazard):
        return "待我摘牌"
    return "作废申请待我决定" if hazard.void_requested_by_id and not actor.institution else ""


@readonly
def workbench(request):
    """工作台: what waits for me, what is due soon or overdue, what I sent on and where it is."""
    actor, today = request.actor, timezone.localdate()
    visible = Hazard.objects.visible_to(actor)
    context = {
        "today": today,
        "waiting": _in_my_words(_some(queries.most_urgent(queries.waiting_for(actor))), actor),
        "waiting_counts": queries.counts_by_status(queries.waiting_for(actor)),
        "overdue": _some(visible.overdue(today).order_by("due_on", "id")),
        "overdue_count": visible.overdue(today).count(),
        "due_soon": _some(queries.due_soon(actor, today).order_by("due_on", "id")),
        "handled": _some(queries.handled_by(actor)),
        "left_behind": officers.count_left_behind(actor),
        "may_register": actor.can(Capability.REGISTER),
        "sees_hazards": actor.may_view_hazards,
    }
    return render(request, "hazards/workbench.html", context)


@readonly
def detail(request, pk: int):
    """One hazard: where it stands, what was found and done, and the one thing to do next."""
    actor = request.actor
    hazard = get_object_or_404(queries.for_detail(actor), pk=pk)
    today, may = timezone.localdate(), workflow.actions_for(actor, hazard)
    actions = [action for action in may if not workflow.TABLE[action].is_beside]
    measures = [action for action in may if action not in actions and action != HazardAction.NUDGE]
    left = hazard.days_left(today)
    advice.note_for_verifier(hazard, actor)
    context = {
        "hazard": hazard,
        "today": today,
        "clock_runs": left is not None,
        "is_overdue": left is not None and left < 0,
        "actions": [{"action": a, "row": workflow.TABLE[a]} for a in actions],
        "measures": [{"action": a, "row": workflow.TABLE[a]} for a in measures],
        "matters": matter_queries.of_hazard(hazard),
        "why_not": _why_not(actor, hazard) if not actions else "",
        "status_label": workflow.status_label(actor, hazard),
        "waits_on": queries.waits_on(hazard),
        "steps": queries.steps(hazard),
        "photos": queries.photos(hazard, actor),
        "nobody": queries.nobody_to_act(hazard),
        **_asking(actor, hazard, may, today),
    }
    return render(request, "hazards/detail.html", context)


def _asking(actor, hazard, may: list[HazardAction], today) -> dict:
    """What the page says of 催办, to those who supervise, and of an officer who has left, to those who may reassign."""
    events, may_reassign = hazard.events.all(), HazardAction.REASSIGN in may
    return {
        "nudges": actor.authority and nudges_in(events),
        "nudged_today": by_authority_on(events, actor.authority, today),
        "may_nudge": HazardAction.NUDGE in may,
        "may_reassign": may_reassign,
        "officer_left": may_reassign and officers.has_left(hazard),
    }


def _why_not(actor, hazard) -> str:
    """For somebody of the right side who still may not act: the reason, such as having submitted it."""
    for action in (HazardAction.ACCEPT, HazardAction.CLOSE):
        row = workflow.TABLE[action]
        if row.is_legal_from(hazard.status) and actor.can(row.capability):
            return row.refusal(actor, hazard)
    return ""


@readonly
def of_institution(request, pk: int):
    """Fragment of an institution's page: its latest hazards."""
    institution = get_object_or_404(Institution.objects.visible_to(request.actor), pk=pk)
    hazards = Hazard.objects.visible_to(request.actor).filter(institution=institution)
    context = {"institution": institution, "hazards": _some(hazards), "today": timezone.localdate()}
    return render(request, "hazards/of_institution.html", context)
