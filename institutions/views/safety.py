"""责任书 and drills of an institution: recorded and corrected; they are read on the institution's page."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import writes
from institutions import queries
from institutions.actions import safety as actions
from institutions.forms.base import add_action_error, posted
from institutions.forms.safety import DrillForm, PledgeForm
from institutions.permissions import may_record_drill, may_record_pledge
from institutions.rules import FIRST_YEAR


@writes(methods=("GET", "HEAD", "POST"))
def pledge(request, pk, year):
    """The 责任书 of a year, up to the coming one: recorded, or corrected."""
    institution = get_object_or_404(queries.institution_page(request.actor), pk=pk)
    if not may_record_pledge(request.actor, institution):
        raise PermissionDenied("责任书由主管民政部门登记。")
    today = timezone.localdate()
    if not FIRST_YEAR <= year <= today.year + 1:
        raise Http404
    held = institution.pledges.filter(year=year).first()
    form = PledgeForm(posted(request), year=year, pledge=held)
    if _done(
        form,
        lambda **said: actions.save_pledge(institution, by=request.actor, year=year, today=today, **said),
    ):
        messages.success(request, f"{year} 年安全责任书已保存。")
        return redirect(f"{reverse('institutions:detail', args=[pk])}#pledges")
    context = {"form": form, "institution": institution, "year": year, "is_new": held is None}
    return render(request, "institutions/pledge.html", context, status=_status(form))


@writes(methods=("GET", "HEAD", "POST"))
def drill(request, pk, drill_pk=None):
    """A drill: recorded, or the one of `drill_pk` corrected."""
    institution = get_object_or_404(queries.institution_page(request.actor), pk=pk)
    if not may_record_drill(request.actor, institution):
        raise PermissionDenied(actions.DRILLS_BY)
    held = get_object_or_404(institution.drills, pk=drill_pk) if drill_pk else None
    today, form = timezone.localdate(), DrillForm(posted(request), drill=held)
    if _done(
        form,
        lambda **said: actions.save_drill(
            institution, by=request.actor, drill_id=drill_pk, today=today, **said
        ),
    ):
        messages.success(request, "演练记录已保存。")
        return redirect(f"{reverse('institutions:detail', args=[pk])}#drills")
    context = {"form": form, "institution": institution, "is_new": held is None}
    context["is_for_house"] = request.actor.institution is None
    return render(request, "institutions/drill.html", context, status=_status(form))


def _done(form, action):
    """Run the action when the form was posted and is valid; what it refuses goes onto the form."""
    if not form.is_valid():
        return None
    try:
        return action(**form.cleaned_data)
    except ValidationError as error:
        add_action_error(form, error)
        return None


def _status(form) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
