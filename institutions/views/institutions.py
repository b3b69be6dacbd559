"""机构: list, page, record."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from common.http import readonly, writes
from institutions import queries
from institutions.actions import institutions as actions
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel
from institutions.filters import InstitutionFilter
from institutions.forms.base import add_action_error, posted
from institutions.forms.institutions import FactsForm, LicencesForm, PersonFormSet, PlaceForm, county_choices
from institutions.marks import Marker
from institutions.models import Institution, Region
from institutions.permissions import (
    may_edit,
    may_record_drill,
    may_record_pledge,
    may_see_phones,
    require,
)
from institutions.regions import place_seen_from

PER_PAGE = 30


@readonly
def institution_list(request):
    """The institutions of the actor's scope, filtered; the list alone for htmx."""
    actor = request.actor
    require(actor, Capability.VIEW_INSTITUTIONS)
    today = timezone.localdate()
    found = InstitutionFilter(request.GET, queries.institution_list(actor, today), actor=actor, today=today)
    is_valid = found.is_valid()
    page = Paginator(found.qs if is_valid else found.queryset.none(), PER_PAGE).get_page(
        request.GET.get("page")
    )
    typed = found.form.cleaned_data.get("q", "") if is_valid else ""
    for institution in page:
        states = [queries.licence_state(licence, today) for licence in institution.troubled_licences]
        institution.licence_states = states
        institution.place_shown = place_seen_from(
            actor.level, institution.city.name, institution.county.name, institution.township.name
        )
    _mark(page, typed)
    context = {
        "filter": found,
        "page": page,
        "is_filtered": any(request.GET.get(name) for name in found.form.fields),
        "may_import": actor.can(Capability.IMPORT_INSTITUTIONS) and actor.authority is not None,
        "may_add": actor.can(Capability.EDIT_INSTITUTION) and actor.authority is not None,
    }
    template = "institutions/list_body.html" if request.htmx else "institutions/list.html"
    status = HTTPStatus.OK if is_valid else HTTPStatus.UNPROCESSABLE_ENTITY
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])  # or a browser's back button shows the fragment alone
    return response


def _mark(page, typed: str) -> None:
    """What a row shows of each institution's words, with the hit marked."""
    marker = Marker(typed, (text for row in page for text in (row.name, row.address, row.place_shown)))
    for row in page:
        row.name_shown, row.address_shown = marker.mark(row.name, is_name=True), marker.mark(row.address)
        row.place_shown = marker.mark(row.place_shown, is_name=True)


@readonly
def detail(request, pk):
    """Facts, licences with their expiry, 责任书 and drills, responsible persons, the latest changes."""
    actor = request.actor
    institution = get_object_or_404(queries.institution_page(actor), pk=pk)
    today = timezone.localdate()
    context = {
        "institution": institution,
        "today": today,
        "licences": [queries.licence_state(licence, today) for licence in institution.licences.all()],
        "pledges": queries.pledge_state(institution, today),
        "drills": queries.drill_state(institution, today),
        "may_record_pledge": may_record_pledge(actor, institution),
        "may_record_drill": may_record_drill(actor, institution),
        "persons": institution.responsible_persons.all(),
        "shows_phones": may_see_phones(actor, institution),
        "may_edit": may_edit(actor, institution),
        "events": queries.recent_events(institution),
    }
    return render(request, "institutions/detail.html", context)


def _editable(actor: Actor, pk: int) -> Institution:
    """404 out of scope, 403 in scope but not one's to keep."""
    institution = get_object_or_404(queries.institution_page(actor), pk=pk)
    if not may_edit(actor, institution):
        raise PermissionDenied("只有主管民政部门（或其上级）和机构负责人可以维护这家机构的信息。")
    return institution


def _chosen_place(request, within: Region) -> Region | None:
    """The region of ?place= when the actor may choose it; a county has only itself."""
    if within.level not in (RegionLevel.PROVINCE, RegionLevel.CITY):
        return within
    form = PlaceForm(request.GET, within=within)
    return form.cleaned_data["place"] if form.is_valid() else None


def _done(form, action) -> Institution | None:
    """Run the action when the form is valid; what it refuses goes onto the form."""
    if not form.is_valid():
        return None
    try:
        return action(**form.cleaned_data)
    except ValidationError as error:
        add_action_error(form, error)
        return None


@writes(methods=("GET", "HEAD", "POST"))
def add(request):
    """A new institution: first where, then what."""
    actor = request.actor
    require(actor, Capability.EDIT_INSTITUTION)
    if actor.authority is None:
        raise PermissionDenied("新建机构由主管民政部门办理。")
    within = actor.authority.region
    place = _chosen_place(request, within)
    if place is None:
        form = PlaceForm(request.GET or None, within=within)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "institutions/place.html", {"form": form}, status=status)
    form = FactsForm(posted(request), actor=actor, place=place)
    if request.method == "POST":
        institution = _done(form, lambda **fields: actions.create(by=actor, **fields))
        if institution:
            messages.success(request, f"已建档：{institution.name}")
            return redirect("institutions:detail", institution.pk)
    context = {"form": form, "place": place, "may_move": within.pk != place.pk}
    return render(request, "institutions/edit.html", context, status=_status(form))


@writes(methods=("GET", "HEAD", "POST"))
def edit(request, pk):
    """Change the facts of an institution."""
    actor, institution = request.actor, _editable(request.actor, pk)
    within = actor.authority.region if actor.authority else None
    place = None
    if within and "place" in request.GET:
        place = get_object_or_404(county_choices(within), pk=_number(request.GET["place"]))
    form = FactsForm(posted(request), institution=institution, actor=actor, place=place)
    if request.method == "POST" and _done(
        form, lambda **fields: actions.edit(institution, by=actor, **fields)
    ):
        messages.success(request, "机构信息已保存。")
        return redirect("institutions:detail", pk)
    context = {"form": form, "institution": institution}
    if within and within.level in (RegionLevel.PROVINCE, RegionLevel.CITY):
        context["place_form"] = PlaceForm(within=within)
    return render(request, "institutions/edit.html", context, status=_status(form))


@writes(methods=("GET", "HEAD", "POST"))
def licences(request, pk):
    """Which licences the institution holds, and until when."""
    institution = _editable(request.actor, pk)
    form = LicencesForm(posted(request), institution=institution)
    if request.method == "POST" and form.is_valid():
        actions.save_licences(institution, by=request.actor, licences=form.licences())
        messages.success(request, "证照已保存。")
        return redirect("institutions:detail", pk)
    return render(
        request,
        "institutions/licences.html",
        {"form": form, "institution": institution},
        status=_status(form),
    )


@writes(methods=("GET", "HEAD", "POST"))
def persons(request, pk):
    """Who answers for safety at the institution."""
    institution = _editable(request.actor, pk)
    initial = list(institution.responsible_persons.values("id", "duty", "name", "phone"))
    formset = PersonFormSet(posted(request), initial=initial, prefix="persons")
    if request.method == "POST" and formset.is_valid():
        rows = [form.cleaned_data for form in formset if form.cleaned_data]
        removed = [row["id"] for row in rows if row.get("DELETE") and row.get("id")]
        kept = [row for row in rows if not row.get("DELETE")]
        actions.save_persons(institution, by=request.actor, persons=kept, removed=removed)
        messages.success(request, "责任人已保存。")
        return redirect("institutions:detail", pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if formset.is_bound else HTTPStatus.OK
    context = {"formset": formset, "institution": institution}
    return render(request, "institutions/persons.html", context, status=status)


def _status(form) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
