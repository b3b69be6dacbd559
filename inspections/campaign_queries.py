"""What the pages of campaigns, teams and plans show. Everything starts from `visible_to(actor)`."""

from datetime import date, timedelta

from django.db.models import Count, Q
from django.urls import reverse

from inspections import crossing, progress
from inspections.models import Campaign, InspectionTeam, VisitPlan
from inspections.plan_rules import AHEAD_DAYS
from institutions.actor import Actor
from institutions.territories import Territory, territory_below

STATES = {"current": "进行中", "coming": "未开始", "ended": "已结束"}


def when(state: str, today: date) -> Q:
    """Campaigns in a state of STATES."""
    return {
        "current": Q(starts_on__lte=today, ends_on__gte=today),
        "coming": Q(starts_on__gt=today),
        "ended": Q(ends_on__lt=today),
    }[state]


def state_counts(campaigns, today: date) -> dict[str, int]:
    """How many stand under each tab; one statement."""
    return campaigns.order_by().aggregate(
        **{state: Count("pk", filter=when(state, today), distinct=True) for state in STATES}
    )


def campaign_page(actor: Actor):
    """Campaigns in sight with what their page shows."""
    return (
        Campaign.objects.visible_to(actor)
        .select_related("authority__region", "checklist", "created_by")
        .prefetch_related("regions")
    )


def territory_of(campaign: Campaign, actor: Actor, code: str) -> Territory:
    """Where a campaign is looked at: its own region, or the actor's when that is smaller, down to region `code`.

    One statement. Http404 for what is not within both.
    """
    own, its = actor.authority.region, campaign.authority.region
    return territory_below(own if own.path.startswith(its.path) else its, code)


def rows_here(territory: Territory, of: str) -> dict[str, int]:
    """Filter for the institutions of a territory, or (`of` = "itself") for those of no region below it."""
    is_itself = of == "itself" and not territory.is_lowest
    return {"county_id": territory.region.pk} if is_itself else territory.here


def relatives(campaign: Campaign, actor: Actor) -> dict:
    """The 大灶 above and the 小灶 below, as far as the actor may know of them; one statement."""
    near = Q(pk=campaign.parent_id) | Q(parent=campaign.pk)
    found = list(Campaign.objects.visible_to(actor).filter(near).select_related("authority").distinct())
    return {
        "parent": next((c for c in found if c.pk == campaign.parent_id), None),
        "children": [c for c in found if c.parent_id == campaign.pk],
    }


def team_list(actor: Actor):
    """Teams in sight with their people."""
    return (
        InspectionTeam.objects.visible_to(actor)
        .select_related("campaign", "authority", "leader")
        .prefetch_related("members")
        .distinct()
    )


def my_teams(actor: Actor, today: date):
    """Teams the person leads or belongs to, of campaigns not yet over, the one that ends first on top."""
    mine = Q(leader=actor.user) | Q(members=actor.user)
    return team_list(actor).filter(mine, campaign__ends_on__gte=today).order_by("campaign__ends_on", "id")


def with_progress(teams, actor: Actor, today: date) -> list[InspectionTeam]:
    """The teams as a list, each with its `progress`."""
    teams = list(teams)
    counted = progress.of_teams([team.pk for team in teams], actor, today)
    for team in teams:
        team.progress = counted.get(team.pk, progress.TeamProgress())
    return teams


def begun_visits(team: InspectionTeam, actor: Actor, today: date) -> dict[int, str]:
    """Addresses of the team's visits under way in the actor's reach, by institution; one statement."""
    rows = (
        crossing.reach(actor, today).open().filter(team=team).order_by("pk").values_list("institution", "uid")
    )
    return {institution: reverse("inspections:visit", args=[uid]) for institution, uid in rows}


def due_plans(actor: Actor, today: date):
    """应检查: open plans of institutions in use, overdue or due within the days ahead, with what a row shows."""
    return (
        VisitPlan.objects.visible_to(actor)
        .open()
        .filter(institution__is_active=True, due_on__lte=today + timedelta(days=AHEAD_DAYS))
        .select_related("institution__city", "institution__county", "authority", "source_hazard")
        .order_by("due_on", "id")
    )
