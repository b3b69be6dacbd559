"""Which regions play province, city, county and township for a place, and who supervises there."""

from django.utils import timezone

from institutions.enums import Department, RegionLevel
from institutions.models import Authority, Region

PLACE_LEVELS = (RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY, RegionLevel.TOWNSHIP)


def place_columns(region: Region) -> dict[str, Region]:
    """The regions that play `province`, `city`, `county` and `township` for something in `region`.

    Where a level is missing (不设区的市, 省直辖县, a place without township) the nearest one above stands in, so all
    four are always set. One query per level of the tree unless the parents are loaded.
    """
    chain, node = [], region
    while node is not None:
        chain.append(node)
        node = node.parent
    by_level = {RegionLevel(r.level): r for r in chain}
    columns, above = {}, chain[-1]
    for level in PLACE_LEVELS:
        above = by_level.get(level, above)
        columns[level.value] = above
    return columns


def place_seen_from(level: RegionLevel | None, city: str, county: str, township: str) -> str:
    """Where a place lies, without what somebody of `level` knows anyway: a county reads its towns.

    Takes the names of place_columns(); empty when nothing is left to say (what belongs to the county itself).
    """
    if level in (RegionLevel.COUNTY, RegionLevel.TOWNSHIP):
        return township if township != county else ""
    return f"{city} {county}" if level == RegionLevel.PROVINCE and city != county else county


def supervising_authorities(region: Region):
    """Civil-affairs authorities that can supervise in `region`: its own and those above, nearest first.

    Those of townships are left out: they find and follow up, but cannot order a rectification.
    """
    return (
        Authority.objects.filter(
            department=Department.CIVIL_AFFAIRS,
            region__code__in=region.ancestor_codes,
            region__level__in=[RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY],
        )
        .select_related("region")
        .order_by("-region__path")
    )


def choosable_regions(within: Region):
    """Regions in use today from `within` down to the townships, with their parents, in order of the tree."""
    return (
        Region.objects.within(within)
        .valid_on(timezone.localdate())
        .exclude(level=RegionLevel.VILLAGE)
        .select_related("parent__parent__parent")
        .order_by("path")
    )
