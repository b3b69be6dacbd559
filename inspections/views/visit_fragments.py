"""Visits on other pages: an institution's, a hazard's, the workbench."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from common.http import readonly
from hazards.models import Hazard
from inspections import visit_queries, visit_rules
from institutions.enums import Capability
from institutions.models import Institution
from institutions.permissions import require


@readonly
def visits_of_institution(request, pk: int):
    """Fragment of an institution's page: its latest visits."""
    institution = get_object_or_404(Institution.objects.visible_to(request.actor), pk=pk)
    require(request.actor, Capability.VIEW_HAZARDS)
    visits = list(visit_queries.visit_list(request.actor).filter(institution=institution)[:6])
    context = {
        "institution": institution,
        "visits": visits[:5],
        "has_more": len(visits) > 5,
        "may_open": not visit_rules.opener(request.actor) and institution.is_active,
    }
    return render(request, "inspections/visits/of_institution.html", context)


@readonly
def visits_of_hazard(request, pk: int):
    """Fragment of a hazard's page: the visit it came from and those that found it again; empty when there is none."""
    hazard = get_object_or_404(Hazard.objects.visible_to(request.actor), pk=pk)
    found = visit_queries.sightings(request.actor, hazard)
    visit_queries.show_photos(request.actor, found, {hazard.pk})
    return render(request, "inspections/visits/of_hazard.html", {"hazard": hazard, "findings": found})


@readonly
def due(request):
    """Fragment of the workbench: visits begun, planned, and due by plan."""
    require(request.actor, Capability.VIEW_HAZARDS)
    today = timezone.localdate()
    found = {name: list(rows[:6]) for name, rows in visit_queries.due(request.actor, today).items()}
    context = found | {"today": today, "may_open": not visit_rules.opener(request.actor)}
    return render(request, "inspections/visits/due.html", context)
