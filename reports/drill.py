"""Drilling down: which territory a dashboard shows, its parts, and the way back up."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.http import Http404

from hazards.models.hazard import HazardQuerySet
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Region
from reports import statistics
from reports.places import is_code
from reports.statistics import Figures

L = RegionLevel
_COLUMN = {L.PROVINCE: "province_id", L.CITY: "city_id", L.COUNTY: "county_id"}


@dataclass(frozen=True)
class Territory:
    """A region somebody may look at: `above` from their own region down to its parent, `children` one level down."""

    region: Region
    above: list[Region]
    children: list[Region]

    @property
    def level(self) -> RegionLevel:
        return L(self.region.level)

    @property
    def is_lowest(self) -> bool:
        """Whether nothing but institutions lies below: a county, or a city without counties (不设区的市)."""
        return self.level == L.COUNTY or (self.level == L.CITY and not self.children)

    @property
    def parameters(self) -> dict[str, str]:
        """The ledger's parameters for exactly this territory; none for one's own."""
        return {self.level.value: self.region.code} if self.above else {}

    def narrow(self, visible: HazardQuerySet) -> HazardQuerySet:
        """Those of `visible` that lie here."""
        return visible.filter(**{_COLUMN[self.level]: self.region.pk}) if self.above else visible


@dataclass(frozen=True)
class Part:
    """One line of the table: a region below, an institution, or what belongs to the territory itself."""

    name: str
    parameters: dict[str, str]  # of the ledger
    figures: Figures
    region_code: str = ""  # to drill into; empty: there is nothing below


def territory_for(actor: Actor, code: str) -> Territory:
    """The region `code`, or the actor's own when empty; one statement. Http404 outside the actor's scope."""
    own = actor.authority.region
    rows = Region.objects.filter(level__in=list(_COLUMN)).order_by("path")
    if code in ("", own.code):
        return Territory(own, [], list(rows.filter(parent=own)))
    if not is_code(code):
        raise Http404("没有这个地区。")
    found = list(rows.within(own).filter(Q(code=code) | Q(parent__code=code)).select_related("parent"))
    region = next((r for r in found if r.code == code), None)
    if region is None:
        raise Http404("没有这个地区，或不在您的辖区内。")
    between = [region.parent] if region.parent_id != own.pk else []
    return Territory(region, [own, *between], [r for r in found if r.code != code])


def parts_of(territory: Territory, hazards: HazardQuerySet, today: date) -> list[Part]:
    """The lines below a territory, which add up to it: regions in use even without a hazard; one statement."""
    if territory.is_lowest:
        return [
            Part(name, {"institution": str(pk)}, figures)
            for (pk, name), figures in statistics.by_institution(hazards, today).items()
        ]
    by = statistics.by_city if territory.level == L.PROVINCE else statistics.by_county
    figures = by(hazards, today)
    parts = [
        Part(child.name, {child.level: child.code}, figures.get(child.pk, Figures()), child.code)
        for child in territory.children
        if child.pk in figures or child.valid_to is None or child.valid_to >= today
    ]
    if own := figures.get(territory.region.pk):
        name = "省本级" if territory.level == L.PROVINCE else "市本级"
        parts.append(Part(name, {"county": territory.region.code}, own))
    return parts
