"""Where a visit is opened from: its institution, with what it is for."""

from urllib.parse import urlencode

from django.urls import reverse

from inspections.models import VisitPlan
from inspections.plan_rules import visit_kind


def open_visit(institution: int, **purpose: object) -> str:
    """The page that opens a visit there; `purpose` (campaign, team, plan: ids, kind) goes along, None left out."""
    query = urlencode({name: value for name, value in purpose.items() if value is not None})
    url = reverse("inspections:visit_new", args=[institution])
    return f"{url}?{query}" if query else url


def open_planned(plan: VisitPlan) -> str:
    """The page that opens the visit a plan asks for."""
    return open_visit(plan.institution_id, plan=plan.pk, kind=visit_kind(plan.kind).value)
