"""Where a campaign is looked at: from its region, or one's own when that is smaller, down to a county's institutions."""

from dataclasses import dataclass

from django.db.models import Case, F, When
from django.http import Http404

from inspections.models import Campaign
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Region

L = RegionLevel
OF_ITSELF = {L.PROVINCE: "省本级", L.CITY: "市本级"}


@dataclass(frozen=True)
class Territory:
    """A region somebody may look at; `above` from where they began down to its parent."""

    region: Region
    above: list[Region]
    is_lowest: bool  # nothing but institutions below: a county, a township, a city without counties

    @property
    def level(self) -> RegionLevel:
        return L(self.region.level)

    def here(self, prefix: str = "") -> dict:
        """Filter for rows that carry province, city, county and township themselves."""
        return {f"{prefix}{self.level.value}_id": self.region.pk}

    @property
    def part(self):
        """The id of the region one level down. 省直辖县 have no city: they stand beside the cities; what belongs to
        the territory itself stands under its own id.
        """
        if self.level == L.PROVINCE:
            return Case(When(city_id=F("province_id"), then=F("county_id")), default=F("city_id"))
        return F("county_id")


def territory_for(actor: Actor, campaign: Campaign, code: str) -> Territory:
    """The region `code`, or where the actor begins when empty; two statements at most.

    Http404 for what is not within both the campaign's region and the actor's.
    """
    own, its = actor.authority.region, campaign.authority.region
    root = own if own.path.startswith(its.path) else its
    region, above = root, []
    if code not in ("", root.code):
        below = Region.objects.within(root).filter(level__in=[L.CITY, L.COUNTY]).select_related("parent")
        region = below.filter(code=code[:12]).first() if code.isascii() and code.isalnum() else None
        if region is None or region.code != code:
            raise Http404("没有这个地区，或不在您的辖区内。")
        above = [root] if region.parent_id == root.pk else [root, region.parent]
    is_lowest = region.level in (L.COUNTY, L.TOWNSHIP) or (
        region.level == L.CITY and not Region.objects.filter(parent=region, level=L.COUNTY).exists()
    )
    return Territory(region, above, is_lowest)
