"""检查计划: the visits that are due."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone

from common.http import readonly
from inspections import campaign_queries as queries
from inspections import links, plan_rules
from inspections.models import VisitPlan
from inspections.views.campaigns import PER_PAGE, of_authority
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel, RiskGrade

SHOWN = 5


def _shown(plans: list[VisitPlan], actor: Actor) -> list[VisitPlan]:
    """Each plan with why it is there and, for those whose visits settle it, where that visit is opened."""
    may_open = actor.can(Capability.INSPECT) and actor.level != RegionLevel.TOWNSHIP
    for plan in plans:
        plan.reason = plan_rules.reason(plan.kind)
        plan.open_url = links.open_planned(plan) if may_open else ""
    return plans


@readonly
def plans(request):
    """应检查机构: of one's own authority, or of the whole region (`?of=region`)."""
    actor, today = request.actor, timezone.localdate()
    of_authority(actor)
    found = queries.due_plans(actor, today)
    own = found.filter(authority=actor.authority)
    counts = {"own": own.count(), "region": found.count()}
    of = request.GET.get("of", "")
    of = of if of in counts else ("own" if counts["own"] else "region")
    page = Paginator(own if of == "own" else found, PER_PAGE).get_page(request.GET.get("page"))
    _shown(page.object_list, actor)
    context = {
        "page": page,
        "of": of,
        "tabs": [("own", "本部门", counts["own"]), ("region", "全辖区", counts["region"])],
        "rules": [(RiskGrade(grade), rule.words) for grade, rule in plan_rules.PLAN_RULES.items()],
        "look_back_days": plan_rules.LOOK_BACK_DAYS,
        "ahead_days": plan_rules.AHEAD_DAYS,
        "today": today,
    }
    return render(request, "inspections/plans/list.html", context)


@readonly
def due(request):
    """Fragment of the workbench: the first visits this authority owes, and the lists of one's teams."""
    actor, today = request.actor, timezone.localdate()
    of_authority(actor)
    own = queries.due_plans(actor, today).filter(authority=actor.authority)
    teams = queries.with_progress(
        queries.my_teams(actor, today).filter(campaign__starts_on__lte=today), actor, today
    )
    context = {
        "plans": _shown(list(own[:SHOWN]), actor),
        "count": own.count(),
        "teams": [team for team in teams if team.progress.unvisited],
        "today": today,
    }
    return render(request, "inspections/plans/due.html", context)
