"""Drilling down: which region a page looks at, the regions one level below it, and the way back up."""

from dataclasses import dataclass

from django.db.models import Case, F, Q, When
from django.http import Http404

from institutions.enums import RegionLevel
from institutions.models import Region

L = RegionLevel
# An institution of the city itself has the city in its county column, too (institutions.regions.place_columns).
OF_ITSELF = {L.PROVINCE: "省本级", L.CITY: "市本级"}
_DRILLED = (L.PROVINCE, L.CITY, L.COUNTY)


def is_code(text: str) -> bool:
    """Whether `text` can be a region's code."""
    return text.isascii() and text.isalnum() and len(text) <= 12


def city_or_county():
    """The id of the region one level below a province, for rows that carry their place.

    省直辖县 have no city: they stand beside the cities; what belongs to the province itself under its own id.
    """
    return Case(When(city_id=F("province_id"), then=F("county_id")), default=F("city_id"))


@dataclass(frozen=True)
class Territory:
    """A region somebody may look at: `above` from where they began down to its parent, `children` one level down."""

    region: Region
    above: list[Region]
    children: list[Region]

    @property
    def level(self) -> RegionLevel:
        return L(self.region.level)

    @property
    def is_lowest(self) -> bool:
        """Whether nothing but institutions lies below: a county, a township, a city without counties (不设区的市)."""
        return self.level.rank >= L.COUNTY.rank or (self.level == L.CITY and not self.children)

    @property
    def here(self) -> dict[str, int]:
        """Filter for rows that carry province, city, county and township themselves."""
        return {f"{self.level.value}_id": self.region.pk}

    @property
    def part(self):
        """The id of the region one level down; what belongs to the territory itself stands under its own id."""
        return city_or_county() if self.level == L.PROVINCE else F("county_id")

    @property
    def parameters(self) -> dict[str, str]:
        """What an address that lists rows needs to name exactly this territory; nothing where one began."""
        return {self.level.value: self.region.code} if self.above else {}

    def parameters_of(self, part: Region) -> dict[str, str]:
        """The same for one of its parts: a region below, or the territory for what belongs to itself."""
        return {(L.COUNTY if part.pk == self.region.pk else L(part.level)).value: part.code}


def territory_below(root: Region, code: str) -> Territory:
    """The region `code` within `root`, or `root` when empty; one statement at most. Http404 for any other."""
    rows = Region.objects.filter(level__in=_DRILLED).order_by("path")
    if code in ("", root.code):
        is_lowest = L(root.level).rank >= L.COUNTY.rank
        return Territory(root, [], [] if is_lowest else list(rows.filter(parent=root)))
    if not is_code(code):
        raise Http404("没有这个地区。")
    found = rows.within(root).filter(Q(code=code) | Q(parent__code=code)).select_related("parent")
    region = next((r for r in found if r.code == code), None)
    if region is None:
        raise Http404("没有这个地区，或不在您的辖区内。")
    between = [region.parent] if region.parent_id != root.pk else []
    return Territory(region, [root, *between], [r for r in found if r.code != code])
