"""登记隐患: first which institution, then everything on one page."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from common.http import readonly, writes
from common.words import keeping_words
from files.claims import Unclaimable
from hazards import workflow
from hazards.actions import once
from hazards.actions.register import register as register_hazard
from hazards.enums import HazardAction
from hazards.forms import RegisterForm
from institutions.models import Institution
from institutions.queries import choices


def _may_register(request) -> None:
    if reason := workflow.refusal(HazardAction.REGISTER, request.actor, None):
        raise PermissionDenied(reason)


@readonly
def choose_institution(request):
    """Which institution: a short list in scope, narrowed by a few characters of its name."""
    _may_register(request)
    if request.actor.institution:
        return redirect("hazards:register", request.actor.institution.pk)
    context = choices(request.actor, request.GET.get("q", ""))
    return render(request, "hazards/choose_institution.html", context)


@writes(methods=("GET", "HEAD", "POST"))
def register(request, institution_pk: int):
    """The form and the act. 404 for an institution out of scope."""
    institution = get_object_or_404(
        Institution.objects.visible_to(request.actor).in_use().select_related("county", "authority"),
        pk=institution_pk,
    )
    _may_register(request)
    if request.method == "POST":
        return _do(request, institution)
    return _page(request, institution, RegisterForm(actor=request.actor, institution=institution))


def _page(request, institution: Institution, form, status=200):
    return render(request, "hazards/register.html", {"institution": institution, "form": form}, status=status)


def _do(request, institution: Institution):
    form = RegisterForm(request.POST, request.FILES, actor=request.actor, institution=institution)
    is_valid = form.is_valid()
    key = form.cleaned_data.get("key")
    with keeping_words(form):
        if location := once.answered(key, form.digest, request.actor.user):
            return redirect(location)
        if not is_valid:
            return _page(request, institution, form, status=422)
        try:
            location = once.once(key, form.digest, request.actor.user, partial(_act, form))
        except Unclaimable as error:
            form.add_error(None, error.message)
            return _page(request, institution, form, status=422)
    messages.success(request, "隐患已登记。")
    return redirect(location)


def _act(form: RegisterForm) -> str:
    hazard = register_hazard(by=form.actor, **form.facts())
    return reverse("hazards:detail", args=[hazard.pk])
