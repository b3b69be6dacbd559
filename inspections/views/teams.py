"""督导组: my teams, one team with its list, who is in it and where it goes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from common.words import keeping_words
from hazards.actions import once
from inspections import campaign_queries as queries
from inspections import crossing, links, people, progress
from inspections.actions import teams as actions
from inspections.actions.campaigns import may_manage
from inspections.forms.campaigns import (
    FindForm,
    ListChangeForm,
    TeamForm,
    matching_people,
)
from inspections.models import InspectionTeam
from inspections.plan_rules import countdown
from inspections.views.campaigns import PAGE, PER_PAGE, answer_status, managed, of_authority
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.forms.base import add_action_error, posted
from institutions.search import answering

TEMPLATES = {
    "members": "inspections/campaigns/team_members.html",
    "institutions": "inspections/campaigns/team_institutions.html",
}


@readonly
def teams(request):
    """我的督导组: the lists of the person who looks, of campaigns not yet over."""
    actor, today = request.actor, timezone.localdate()
    of_authority(actor)
    found = queries.with_progress(queries.my_teams(actor, today), actor, today)
    for team in found:
        team.countdown = countdown(team.campaign.starts_on, team.campaign.ends_on, today)
    return render(request, "inspections/campaigns/teams.html", {"teams": found})


def _team_in_sight(actor: Actor, pk: int) -> InspectionTeam:
    of_authority(actor)
    found = queries.team_list(actor).select_related("campaign__authority__region", "authority", "leader")
    return get_object_or_404(found.filter(campaign__isnull=False), pk=pk)


def _team_managed(actor: Actor, pk: int) -> InspectionTeam:
    """404 for a team out of sight, 403 for one of a campaign that somebody else runs."""
    team = _team_in_sight(actor, pk)
    if not may_manage(actor, team.campaign):
        raise PermissionDenied("只有组织这次行动的部门可以调整督导组。")
    return team


@readonly
def team(request, pk: int):
    """One team: its people, its list with what is still to be visited, the way to open a visit."""
    actor, today = request.actor, timezone.localdate()
    shown = queries.with_progress([_team_in_sight(actor, pk)], actor, today)[0]
    is_running = shown.campaign.starts_on <= today <= shown.campaign.ends_on
    page = Paginator(progress.of_team(shown, actor, today), PER_PAGE).get_page(request.GET.get("page"))
    begun = queries.begun_visits(shown, actor, today)
    for institution in page:
        institution.is_elsewhere = crossing.is_outside(actor, institution)
        institution.open_url = begun.get(institution.pk) or links.open_visit(
            institution.pk, campaign=shown.campaign_id, team=shown.pk
        )
    context = {
        "team": shown,
        "page": page,
        "countdown": countdown(shown.campaign.starts_on, shown.campaign.ends_on, today),
        "may_manage": may_manage(actor, shown.campaign),
        "may_inspect": is_running and actor.can(Capability.INSPECT),
    }
    return render(request, "inspections/campaigns/team.html", context)


@writes(methods=PAGE)
def team_add(request, pk: int):
    """A new team of a campaign."""
    actor = request.actor
    campaign = managed(actor, pk)
    form = TeamForm(posted(request), about=request.path, actor=actor)
    if form.is_bound and form.is_valid():
        try:
            with keeping_words(form):
                key = form.cleaned_data["key"]
                location = once.once(key, form.digest, actor.user, lambda: _made(campaign, actor, form))
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, "督导组已成立，请选择组员和被检查机构。")
            return redirect(location)
    return _form_page(request, form, campaign)


def _made(campaign, actor: Actor, form: TeamForm) -> str:
    team = actions.create(campaign, by=actor, **form.facts())
    return reverse("inspections:team", args=[team.pk])


@writes(methods=PAGE)
def team_edit(request, pk: int):
    """Another name or leader."""
    actor = request.actor
    shown = _team_managed(actor, pk)
    form = TeamForm(posted(request), actor=actor, team=shown)
    if form.is_bound and form.is_valid():
        try:
            actions.edit(shown, by=actor, **form.facts())
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, "已保存。")
            return redirect("inspections:team", pk)
    return _form_page(request, form, shown.campaign, shown)


def _form_page(request, form, campaign, shown: InspectionTeam | None = None):
    context = {"form": form, "campaign": campaign, "team": shown}
    return render(request, "inspections/campaigns/team_edit.html", context, status=answer_status(form))


@writes(methods=PAGE)
def team_members(request, pk: int):
    """Who belongs to the team: tick to add or to take away."""
    actor = request.actor
    shown = _team_managed(actor, pk)
    held = shown.members.all()
    others = people.inspectors_in(actor).exclude(pk__in=held.values("pk")).exclude(pk=shown.leader_id)
    find = FindForm(request.GET, label="姓名、登录名或单位")
    rows = people.with_posts(matching_people(others, find.words), actor)
    kept = people.with_posts(held, actor)
    return _change(
        request, shown, find, rows, kept, add=others, what="members", action=actions.change_members
    )


@writes(methods=PAGE)
def team_institutions(request, pk: int):
    """Where the team goes: institutions of the campaign's scope that no team of it has yet, and those of this one."""
    actor = request.actor
    shown = _team_managed(actor, pk)
    held = shown.institutions.select_related("city", "county")
    taken = InspectionTeam.institutions.through.objects.filter(inspectionteam__campaign=shown.campaign_id)
    others = progress.reached(shown.campaign, actor).in_use().exclude(pk__in=taken.values("institution"))
    find = FindForm(request.GET, label="机构名称、地址或县名")
    rows = answering(others, " ".join(find.words)).select_related("city", "county")
    rows = rows.order_by("county__path", "name", "pk")
    return _change(
        request, shown, find, rows, held, add=others, what="institutions", action=actions.change_institutions
    )


def _change(request, shown: InspectionTeam, find: FindForm, rows, held, *, add, what: str, action):
    """The page of one list of a team, and its change. `add` is what may be added, `rows` what was searched for."""
    form = ListChangeForm(posted(request), add=add, remove=held)
    if form.is_bound and form.is_valid():
        try:
            action(shown, by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, "已保存。")
            return redirect(request.get_full_path())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    status = answer_status(form if form.is_bound else find)
    context = {"team": shown, "find": find, "page": page, "held": held, "form": form, "what": what}
    return render(request, TEMPLATES[what], context, status=status)
