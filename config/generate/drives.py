"""The 专项行动 of five years: the province's, season by season, and each city's hundred days in the latest winter."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from inspections.enums import CampaignAct, CampaignKind
from inspections.models import Campaign, CampaignEvent
from institutions.enums import InstitutionKind as K
from institutions.models import Authority, Membership, Region

# Name, kind, first and last month, kinds of institutions. A last month before the first lies in the next year.
_SEASONS = (
    ("清明祭扫安全专项检查", CampaignKind.SPECIAL, 3, 4, (K.FUNERAL_HOME, K.CEMETERY)),
    ("安全生产月集中排查", CampaignKind.SAFETY_MONTH, 6, 6, ()),
    ("汛期安全专项行动", CampaignKind.SPECIAL, 7, 8, ()),
    ("冬春火灾防控专项行动", CampaignKind.SPECIAL, 11, 3, ()),
)
_HUNDRED = timedelta(days=99)


class Drive(NamedTuple):
    """A 专项行动 as far as a story needs it; no kinds: every kind."""

    pk: int
    region: int
    starts_on: date
    ends_on: date
    kinds: tuple[str, ...]


def make_drives(
    province: Region, cities: list[Region], first: date, today: date, office: Callable[[int], tuple[Authority, Membership]]
) -> list[Drive]:  # fmt: skip
    """Campaigns from `first` until `today`, each with its trace; `office` gives a region's authority and who acts for it."""
    campaigns, winter = [], None
    for year in range(first.year - 1, today.year + 1):
        for name, kind, since, until, kinds in _SEASONS:
            starts_on = date(year, since, 1)
            ends_on = _end_of(year + (until < since), until)
            if starts_on <= today and ends_on >= first:
                campaigns.append(
                    _campaign(f"{year}年{name}", kind, province, starts_on, ends_on, kinds, office)
                )
                winter = campaigns[-1] if until < since else winter
    for city in cities if winter else []:
        name, begins = f"{city.name}消防安全百日行动", winter.starts_on + timedelta(days=9)
        if begins <= today:
            last = min(begins + _HUNDRED, winter.ends_on)
            child = _campaign(name, CampaignKind.HUNDRED_DAYS, city, begins, last, (), office)
            child.parent = winter
            campaigns.append(child)
    for campaign in campaigns:  # parents first, so that children know their keys
        campaign.save(force_insert=True)
    CampaignEvent.objects.bulk_create(_created(c, office(c.authority.region_id)[1]) for c in campaigns)
    return [
        Drive(c.pk, c.authority.region_id, c.starts_on, c.ends_on, tuple(str(kind) for kind in c.kinds))
        for c in campaigns
    ]


def _end_of(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _campaign(name, kind, region: Region, starts_on, ends_on, kinds, office) -> Campaign:
    authority, post = office(region.pk)
    created_at = datetime.combine(starts_on - timedelta(days=10), time(2), UTC)
    return Campaign(
        name=name, kind=kind, level=region.level, authority=authority, starts_on=starts_on, ends_on=ends_on,
        kinds=list(kinds), note="对照检查表逐家检查，发现的问题当场登记、限期整改、逐条销号。", created_at=created_at,
        created_by=post.user,
    )  # fmt: skip


def _created(campaign: Campaign, post: Membership) -> CampaignEvent:
    return CampaignEvent(
        campaign=campaign, act=CampaignAct.CREATED, at=campaign.created_at, by=post.user, by_name=post.user.name,
        by_role=post.role, by_place=post.place.name, data={"changes": {"名称": [None, campaign.name]}},
    )  # fmt: skip
