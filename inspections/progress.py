"""How far a campaign has come. Every figure is over the institutions the actor may see and the campaign reaches.

A rate is None where its denominator is 0: nothing to rate is not 100 %.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from hazards.enums import HazardStatus
from hazards.models import Hazard
from hazards.models.hazard import CLOCK_RUNS, OPEN
from inspections import crossing
from inspections.models import Campaign, InspectionTeam, Visit
from institutions.actor import Actor
from institutions.models import Institution, Region
from institutions.territories import OF_ITSELF, Territory


@dataclass(frozen=True)
class Figures:
    """The counts of one line. They add up: what is counted once below is counted once above."""

    institutions: int = 0
    visited: int = 0
    found: int = 0
    open: int = 0
    overdue: int = 0
    closed: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def unvisited(self) -> int:
        return self.institutions - self.visited

    @property
    def coverage(self) -> float | None:
        """检查覆盖率: institutions visited, of those in scope."""
        return self.visited / self.institutions if self.institutions else None

    @property
    def closing_rate(self) -> float | None:
        """销号率: hazards closed, of those found in the campaign's visits but 作废."""
        return self.closed / self.found if self.found else None

    @property
    def coverage_floor(self) -> int:
        """The coverage as whole percent for a bar, never rounded up."""
        return int((self.coverage or 0) * 100)


@dataclass(frozen=True)
class Part:
    """One line of the table: a region (`code` to drill into; empty: what belongs to the territory itself), or an
    institution with the day of its last visit. `place` is what the address of its rows needs, ready to use.
    """

    name: str
    figures: Figures
    place: str
    code: str = ""
    institution: int | None = None
    visited_at: datetime | None = None


def family(campaign: Campaign):
    """The campaign and those below it (大灶 and its 小灶): a visit of any of them is a visit of this one."""
    return Campaign.objects.filter(Q(pk=campaign.pk) | Q(parent=campaign.pk)).values("pk")


def visits(campaign: Campaign, actor: Actor):
    """Finished visits of the campaign or one below it by officials; 零隐患 counts. 自查 does not: nobody came."""
    marked = Visit.campaigns.through.objects.filter(campaign__in=family(campaign)).values("visit")
    return Visit.objects.visible_to(actor).finished().filter(is_own=False, pk__in=marked)


def reached(campaign: Campaign, actor: Actor):
    """Institutions of the actor's scope that the campaign means, in use or not. Reads the campaign's regions."""
    rows = Institution.objects.visible_to(actor).filter(_within(campaign.authority.region))
    if campaign.kinds:
        rows = rows.filter(kind__in=campaign.kinds)
    chosen = Q()
    for region in campaign.regions.all():
        chosen |= _within(region)
    return rows.filter(chosen)


def _within(region: Region) -> Q:
    """Rows that carry province, city, county and township, within a region of one of these levels."""
    return Q(**{f"{region.level}_id": region.pk})


def in_scope(campaign: Campaign, actor: Actor):
    """被检查机构: those reached that are in use, and those that closed only after they had been visited."""
    visited = visits(campaign, actor).values("institution")
    return reached(campaign, actor).filter(Q(is_active=True) | Q(pk__in=visited))


def unvisited(campaign: Campaign, actor: Actor):
    """未检查机构: in scope without a finished visit. The list to work through, and to export."""
    return reached(campaign, actor).in_use().exclude(pk__in=visits(campaign, actor).values("institution"))


def visited(campaign: Campaign, actor: Actor):
    """已检查机构."""
    return reached(campaign, actor).filter(pk__in=visits(campaign, actor).values("institution"))


def with_last_visit(institutions, campaign: Campaign, actor: Actor):
    """Adds `visited_at`, the finish of the campaign's last visit there, None for none."""
    last = visits(campaign, actor).filter(institution=OuterRef("pk")).order_by("-finished_at")
    return institutions.annotate(visited_at=Subquery(last.values("finished_at")[:1]))


def found(campaign: Campaign, actor: Actor):
    """Hazards registered from findings of the campaign's visits; what was found again (same_as) is not new."""
    return found_among(Hazard.objects.visible_to(actor), campaign, actor)


def found_among(hazards, campaign: Campaign, actor: Actor):
    """Those of `hazards` (already in scope) that the campaign's visits found: the rows behind its figures."""
    return hazards.filter(
        finding__visit__in=visits(campaign, actor).values("pk"),
        institution__in=reached(campaign, actor).values("pk"),
    )


def parts(campaign: Campaign, territory: Territory, actor: Actor, today: date) -> list[Part]:
    """The lines below a territory: regions by path, or its institutions, not yet visited ones first.

    Two statements for institutions, three for regions, beside those that read the campaign.
    """
    scope = in_scope(campaign, actor).filter(**territory.here)
    hazards = found(campaign, actor).filter(**territory.here)
    if territory.is_lowest:
        return _institutions(campaign, scope, hazards, actor, today)
    was_visited = Q(pk__in=visits(campaign, actor).values("institution"))
    rows = (
        scope.order_by()
        .annotate(part=territory.part)
        .values("part")
        .annotate(institutions=Count("pk"), visited=Count("pk", filter=was_visited))
    )
    counted = {row.pop("part"): row for row in rows}
    hazards = _hazards(hazards.annotate(part=territory.part), "part", today)
    keys = {*counted, *hazards}
    regions = sorted(
        Region.objects.in_bulk(keys).values(), key=lambda r: (r.pk == territory.region.pk, r.path)
    )
    return [
        Part(
            OF_ITSELF[territory.level] if region.pk == territory.region.pk else region.name,
            Figures(**counted.get(region.pk, {}), **hazards.get(region.pk, {})),
            urlencode(territory.parameters_of(region)),
            "" if region.pk == territory.region.pk else region.code,
        )
        for region in regions
    ]


def _institutions(campaign, scope, hazards, actor: Actor, today: date) -> list[Part]:
    counted = _hazards(hazards, "institution_id", today)
    rows = with_last_visit(scope, campaign, actor).values_list("pk", "name", "visited_at")
    lines = [
        Part(
            name,
            Figures(institutions=1, visited=int(at is not None), **counted.get(pk, {})),
            urlencode({"institution": pk}),
            institution=pk,
            visited_at=at,
        )
        for pk, name, at in rows.order_by("name", "pk")
    ]
    return sorted(lines, key=lambda line: line.visited_at is not None)


def _hazards(hazards, key: str, today: date) -> dict[int, dict[str, int]]:
    rows = (
        hazards.order_by()
        .values(key)
        .annotate(
            n_found=Count("pk", filter=~Q(status=HazardStatus.VOIDED)),
            n_open=Count("pk", filter=OPEN),
            n_overdue=Count("pk", filter=CLOCK_RUNS & Q(due_on__lt=today)),
            n_closed=Count("pk", filter=Q(status=HazardStatus.CLOSED)),
        )
    )
    names = ("found", "open", "overdue", "closed")
    return {row[key]: {name: row[f"n_{name}"] for name in names} for row in rows}


def total(lines: list[Part]) -> Figures:
    """The sum of a table's lines."""
    return sum((line.figures for line in lines), Figures())


@dataclass(frozen=True)
class TeamProgress:
    """`institutions` and `visited` are of those the actor may see; `elsewhere` counts the rest of the list."""

    institutions: int = 0
    visited: int = 0
    elsewhere: int = 0

    @property
    def unvisited(self) -> int:
        return self.institutions - self.visited


def _ticked(actor: Actor, today: date, *, team, campaign):
    """Finished visits that tick an institution off a team's list: the team's own, or any other of its campaign."""
    of_either = Q(team=team) | Q(campaigns=campaign) | Q(campaigns__parent=campaign)
    return crossing.reach(actor, today).finished().filter(of_either, is_own=False)


def of_team(team: InspectionTeam, actor: Actor, today: date):
    """The institutions on a team's list that the actor may see or is sent to, with `visited_at`; open ones first."""
    visits = _ticked(actor, today, team=team, campaign=team.campaign_id).filter(institution=OuterRef("pk"))
    listed = InspectionTeam.institutions.through.objects.filter(inspectionteam=team).values("institution")
    return (
        crossing.visitable(actor, today)
        .filter(pk__in=listed)
        .annotate(visited_at=Subquery(visits.order_by("-finished_at").values("finished_at")[:1]))
        .select_related("city", "county")
        .order_by(F("visited_at").asc(nulls_first=True), "county__path", "name", "pk")
    )


def of_teams(teams, actor: Actor, today: date) -> dict[int, TeamProgress]:
    """Progress of each team by its id; one statement. A team without institutions is not in it."""
    in_sight = Q(institution__in=crossing.visitable(actor, today).values("pk"))
    visits = _ticked(
        actor, today, team=OuterRef("inspectionteam"), campaign=OuterRef("inspectionteam__campaign")
    )
    done = in_sight & Q(Exists(visits.filter(institution=OuterRef("institution"))))
    rows = (
        InspectionTeam.institutions.through.objects.filter(inspectionteam__in=teams)
        .order_by()
        .values("inspectionteam_id")
        .annotate(
            all=Count("pk"),
            seen=Count("pk", filter=in_sight),
            done=Count("pk", filter=done),
        )
    )
    return {
        row["inspectionteam_id"]: TeamProgress(row["seen"], row["done"], row["all"] - row["seen"])
        for row in rows
    }
