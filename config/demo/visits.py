"""The visits of the demo: those on which stories began, those that found nothing, and those still to come."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from config.demo import clock
from config.demo.calendar import Calendar
from config.demo.campaigns import run_campaigns
from config.demo.cast import Cast
from config.demo.houses import DEMO_COUNTY, OTHER_COUNTY
from config.demo.photos import Album
from config.demo.play import Player
from config.demo.rounds import WITHIN_DAYS, Round, Rounds
from config.demo.stories import Story
from config.demo.walks import Walker
from inspections import data_files
from inspections.actions.loading import load_checklists, load_situations
from inspections.actions.plans import make_due_plans
from inspections.enums import InspectionKind, VisitStatus
from institutions.enums import RiskGrade
from institutions.models import Institution

SEED = 20260630
_OF_OTHER_CITIES = 1  # houses each
_QUIET = 4  # rounds that find nothing
_PLANS_MADE_DAYS_AGO = 35  # always before the end of an earlier month

Play = tuple[datetime, Callable]


def plan_visits(
    cast: Cast, houses: list[Institution], told: list[Story], player: Player, album: Album, now: datetime
) -> list[Play]:
    """Every visit with its moment. Checklists, campaigns and teams are there afterwards; the visits are still to play.

    Stories that begin on a round leave their first acts to it.
    """
    rng = random.Random(SEED)
    calendar = Calendar(now, rng)
    rounds = Rounds(cast, calendar, rng)
    with clock.at(rounds.moment(WITHIN_DAYS + 25)):
        load_checklists(data_files.read_checklists(*_files("checklists", "phrases")))
        load_situations(data_files.read_situations(*_files("major_situations")))
    own = [house for house in houses if house.authority.region.code == DEMO_COUNTY]
    city = own[0].city
    near = [house for house in houses if house.city_id == city.pk]
    campaigns = run_campaigns(cast, city, near, calendar, rounds)
    reached = _reached_so_far(own, near)
    made = rounds.of(told, [*reached, *_some_elsewhere(houses, city.pk)])
    visited = {round.house.pk for round in made}
    quiet = [house for house in reached if house.pk not in visited][:_QUIET]
    made += rounds.without_hazards(quiet, range(4, 30)) + _chosen(own, cast, calendar, rounds)
    _make_one_joint(made, own)
    walker = Walker(player, album, campaigns, rng)
    plays = [(round.at, partial(walker.play, round)) for round in made]
    # Last month's look for what is due: a red house that nobody went to is overdue since its end.
    earlier = rounds.moment(_PLANS_MADE_DAYS_AGO)
    return [*plays, (earlier, partial(make_due_plans, earlier.date()))]


def _reached_so_far(own: list[Institution], near: list[Institution]) -> list[Institution]:
    """Where somebody has been in these weeks: most of the demo county but the red house, half of its city."""
    others = [house for house in near if house not in own]
    return [house for house in own if house.risk_grade != RiskGrade.RED][:-1] + others[::2]


def _files(*names: str):
    return [data_files.FOLDER / f"{name}.yaml" for name in names]


def _some_elsewhere(houses: list[Institution], city: int) -> list[Institution]:
    """All of the other demo county, and a few of each other city: a province's figures need more than one city."""
    others = [house for house in houses if house.city_id not in (city, house.province_id)]
    chosen = [house for house in others if house.county.code == OTHER_COUNTY]
    for _, group in groupby(sorted(others, key=lambda h: (h.city_id, h.pk)), key=lambda h: h.city_id):
        chosen += [house for house in group if house not in chosen][:_OF_OTHER_CITIES]
    return chosen


def _chosen(own: list[Institution], cast: Cast, calendar: Calendar, rounds: Rounds) -> list[Round]:
    """At the houses of the demo accounts: one under way, two to come (one unannounced), one that saw things again."""
    facility, facility2, third, fourth, *_ = own
    county, city = cast.officials[own[0].county_id][:2], cast.officials[own[0].city_id][:2]
    now, soon = rounds.moment(0), calendar.today + timedelta(days=3)
    kind, planned = InspectionKind, VisitStatus.PLANNED
    return [
        Round(facility, kind.LOOK_BACK, county, rounds.moment(5), sees_again=True),
        Round(third, kind.SCREENING, county, now, status=VisitStatus.OPEN),
        Round(facility, kind.OVERSIGHT, city, now, status=planned, planned_on=soon, is_unannounced=True),
        Round(fourth, kind.SCREENING, county, now, status=planned, planned_on=soon + timedelta(days=4)),
        Round(facility2, kind.SELF_CHECK, cast.staff[facility2.pk][-1:], rounds.moment(2)),
    ]


def _make_one_joint(made: list[Round], own: list[Institution]) -> None:
    """The county's latest finished round with findings is a joint one, with the fire brigade."""
    keys = {house.pk for house in own}
    found = [r for r in made if r.stories and r.house.pk in keys and r.kind == InspectionKind.SCREENING]
    if found:
        last = max(found, key=lambda round: round.at)
        last.kind, last.also_there = InspectionKind.JOINT, "赣县区消防救援大队 王强、区市场监督管理局 李敏"
