"""专项行动: list, page with progress by region, who has been visited, new, edit."""

from http import HTTPStatus
from urllib.parse import urlencode

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
from inspections import links, progress
from inspections.actions import campaigns as actions
from inspections.forms.campaigns import CampaignForm, FindForm
from inspections.models import Campaign
from inspections.plan_rules import countdown
from institutions.actor import Actor
from institutions.enums import Capability, InstitutionKind
from institutions.forms.base import add_action_error, posted
from institutions.permissions import require
from institutions.search import answering

PAGE = ("GET", "HEAD", "POST")
PER_PAGE = 30
EVENTS_SHOWN = 20


def campaign_in_sight(actor: Actor, pk: int) -> Campaign:
    """404 for a campaign that does not reach the actor; 403 for who sees no hazards at all."""
    require(actor, Capability.VIEW_HAZARDS)
    return get_object_or_404(queries.campaign_page(actor), pk=pk)


def of_authority(actor: Actor) -> None:
    """Raise PermissionDenied for a post at an institution: coverage and plans are the authorities' alone."""
    require(actor, Capability.VIEW_HAZARDS)
    if actor.authority is None:
        raise PermissionDenied("检查进度和检查计划只供民政部门查看。")


@readonly
def campaign_list(request):
    """The campaigns that reach the actor or are below it: current, coming, ended."""
    actor, today = request.actor, timezone.localdate()
    require(actor, Capability.VIEW_HAZARDS)
    state = request.GET.get("state", "")
    state = state if state in queries.STATES else "current"
    visible = Campaign.objects.visible_to(actor)
    counts = queries.state_counts(visible, today)
    found = visible.filter(queries.when(state, today)).select_related("authority").distinct()
    order = (
        ["ends_on", "-id"]
        if state == "current"
        else ["starts_on", "-id"]
        if state == "coming"
        else ["-ends_on", "-id"]
    )
    page = Paginator(found.order_by(*order), PER_PAGE).get_page(request.GET.get("page"))
    for campaign in page:
        campaign.countdown = countdown(campaign.starts_on, campaign.ends_on, today)
    context = {
        "page": page,
        "state": state,
        "tabs": [(value, label, counts[value]) for value, label in queries.STATES.items()],
        "may_add": actions.may_create(actor),
        "shows_teams": actor.authority is not None,
        "today": today,
    }
    return render(request, "inspections/campaigns/list.html", context)


@readonly
def campaign(request, pk: int):
    """What it is about and until when; for authorities also how far it has come, by region, and its teams."""
    actor, today = request.actor, timezone.localdate()
    shown = campaign_in_sight(actor, pk)
    context = {
        "campaign": shown,
        "today": today,
        "countdown": countdown(shown.starts_on, shown.ends_on, today),
        "kinds": [InstitutionKind(kind).label for kind in shown.kinds],
        "may_manage": actions.may_manage(actor, shown),
        **queries.relatives(shown, actor),
    }
    if actor.authority:
        territory = queries.territory_of(shown, actor, request.GET.get("region", ""))
        parts = progress.parts(shown, territory, actor, today)
        context |= {
            "territory": territory,
            "place": urlencode(territory.parameters),
            "parts": parts,
            "total": progress.total(parts),
            "teams": queries.with_progress(queries.team_list(actor).filter(campaign=shown), actor, today),
            "events": _events(actor, shown),
        }
    return render(request, "inspections/campaigns/detail.html", context)


def _events(actor: Actor, shown: Campaign) -> list:
    """The trace, for the authority that runs it and those above: teams in it come unannounced."""
    if not shown.authority.region.path.startswith(actor.authority.region.path):
        return []
    return list(shown.events.order_by("-id")[:EVENTS_SHOWN])


@readonly
def campaign_institutions(request, pk: int):
    """未检查机构 and 已检查机构 of a territory, with the way to open a visit."""
    actor, today = request.actor, timezone.localdate()
    shown = campaign_in_sight(actor, pk)
    of_authority(actor)
    territory = queries.territory_of(shown, actor, request.GET.get("region", ""))
    form = FindForm(request.GET, label="机构名称、地址或县名")
    state = "visited" if request.GET.get("state") == "visited" else "unvisited"
    here = queries.rows_here(territory, request.GET.get("of", ""))
    found = {name: getattr(progress, name)(shown, actor).filter(**here) for name in ("unvisited", "visited")}
    rows = answering(progress.with_last_visit(found[state], shown, actor), " ".join(form.words))
    rows = rows.select_related("city", "county").order_by("county__path", "name", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    is_running = shown.starts_on <= today <= shown.ends_on
    for institution in page:
        institution.open_url = links.open_visit(institution.pk, campaign=shown.pk)
        institution.is_elsewhere = False
    context = {
        "campaign": shown,
        "territory": territory,
        "of": "itself" if here != territory.here else "",
        "state": state,
        "tabs": [
            (name, label, found[name].count())
            for name, label in (("unvisited", "未检查"), ("visited", "已检查"))
        ],
        "form": form,
        "page": page,
        "may_inspect": is_running and actor.can(Capability.INSPECT),
        "countdown": countdown(shown.starts_on, shown.ends_on, today),
    }
    return render(request, "inspections/campaigns/institutions.html", context, status=answer_status(form))


@writes(methods=PAGE)
def campaign_add(request):
    """A new campaign of the actor's own authority."""
    actor = request.actor
    require(actor, Capability.MANAGE_CAMPAIGNS)
    if not actions.may_create(actor):
        raise PermissionDenied("专项行动由各级民政部门组织。")
    form = CampaignForm(posted(request), about=request.path, actor=actor)
    if form.is_bound and form.is_valid():
        facts = form.facts()
        facts.pop("revision")
        key, digest = form.cleaned_data["key"], form.digest
        with keeping_words(form):
            location = _done(form, lambda: once.once(key, digest, actor.user, lambda: _made(actor, facts)))
        if location:
            messages.success(request, "专项行动已建立。")
            return redirect(location)
    return _form_page(request, form)


def _made(actor: Actor, facts: dict) -> str:
    return reverse("inspections:campaign", args=[actions.create(by=actor, **facts).pk])


@writes(methods=PAGE)
def campaign_edit(request, pk: int):
    """Change a campaign; 403 for who sees it but does not run it."""
    actor = request.actor
    shown = managed(actor, pk)
    form = CampaignForm(posted(request), actor=actor, campaign=shown)
    if (
        form.is_bound
        and form.is_valid()
        and _done(form, lambda: actions.edit(shown, by=actor, **form.facts()))
    ):
        messages.success(request, "已保存。")
        return redirect("inspections:campaign", pk)
    return _form_page(request, form, shown)


def managed(actor: Actor, pk: int) -> Campaign:
    """A campaign the actor runs: 404 when it does not reach the actor, 403 when somebody else runs it."""
    shown = campaign_in_sight(actor, pk)
    if not actions.may_manage(actor, shown):
        raise PermissionDenied("只有组织这次行动的部门可以修改它。")
    return shown


def _form_page(request, form, shown: Campaign | None = None):
    context = {"form": form, "campaign": shown}
    return render(request, "inspections/campaigns/edit.html", context, status=answer_status(form))


def _done(form, action):
    """Run the action; what it refuses goes onto the form, and None comes back."""
    try:
        return action()
    except ValidationError as error:
        add_action_error(form, error)
        return None


def answer_status(form) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
