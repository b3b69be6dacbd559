"""The campaigns of the demo: a province's, a city's hundred days within it, and the city's teams."""

from datetime import timedelta

from config.demo import clock
from config.demo.calendar import Calendar
from config.demo.cast import Cast
from config.demo.rounds import WITHIN_DAYS, Rounds
from inspections.actions import campaigns, teams
from inspections.enums import CampaignKind
from inspections.models import Campaign
from institutions.enums import InstitutionKind as K
from institutions.models import Institution, Region

HUNDRED_DAYS = 100
_OF_A_TEAM = 7


def run_campaigns(cast: Cast, city: Region, houses: list[Institution], calendar: Calendar, rounds: Rounds):
    """The province's and the city's campaign, running today, the city's with two teams; as a list."""
    province = cast.officials[city.parent_id][0]
    start = calendar.today - timedelta(days=WITHIN_DAYS)
    with clock.at(rounds.moment(WITHIN_DAYS + 20)):
        big = campaigns.create(
            by=province,
            name="养老和福利机构安全管理三年行动",
            kind=CampaignKind.SPECIAL,
            starts_on=calendar.today - timedelta(days=WITHIN_DAYS + 15),
            ends_on=calendar.today + timedelta(days=900),
            kinds=[K.NURSING_HOME, K.WELFARE_HOME, K.CHILD_WELFARE, K.RESCUE_STATION],
            note="存量隐患动态清零，对各类机构全覆盖检查。",
        )
    with clock.at(rounds.moment(WITHIN_DAYS + 3)):
        hundred = campaigns.create(
            by=cast.officials[city.pk][0],
            name="冬春消防安全百日行动",
            kind=CampaignKind.HUNDRED_DAYS,
            starts_on=start,
            ends_on=start + timedelta(days=HUNDRED_DAYS - 1),
            parent=big,
            note="重点查疏散通道、电气线路、电动自行车和夜间值班。",
        )
        _form_teams(cast, city, hundred, houses)
    return [big, hundred]


def _form_teams(cast: Cast, city: Region, campaign: Campaign, houses: list[Institution]) -> None:
    """One team for each of the city's officials, with people from counties, each with houses of its own."""
    by = cast.officials[city.pk][0]
    left = sorted(houses, key=lambda house: (house.county.path, house.pk))
    for name, leader in zip(("第一督导组", "第二督导组"), cast.officials[city.pk], strict=False):
        team = teams.create(campaign, by=by, name=name, leader=leader.user)
        mine, left = left[::2][:_OF_A_TEAM], [h for h in left if h not in left[::2][:_OF_A_TEAM]]
        counties = list(dict.fromkeys(h.county_id for h in mine if cast.officials[h.county_id]))
        members = [cast.officials[county][0].user for county in counties[:3]]
        teams.change_members(team, by=by, add=[u for u in dict.fromkeys(members) if u.pk != leader.user.pk])
        teams.change_institutions(team, by=by, add=mine)
