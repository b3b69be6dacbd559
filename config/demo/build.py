"""Makes the demo province from beginning to end."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from clocks.actions.ladders import load_ladders
from clocks.sweep import sweep
from config.demo import clock, rankings, wishes
from config.demo.calendar import Calendar
from config.demo.cast import SECOND_POST, Cast
from config.demo.houses import DEMO_COUNTY, OTHER_COUNTY, Builder, choose_sites
from config.demo.orders import Orders
from config.demo.papers import issue_some
from config.demo.photos import Album, take_pictures
from config.demo.play import Player
from config.demo.safety import Keeper
from config.demo.stories import SAME_PHOTO, Planner, Story, Wish, in_order
from config.demo.systems import let_in
from config.demo.visits import plan_visits
from hazards.actions.anchoring import make_anchor
from hazards.enums import ClosingLevel, HazardStatus, Severity, Source
from hazards.enums import HazardAction as A
from hazards.models import ClosingPolicy, HazardEvent
from inspections.actions.plans import make_due_plans
from institutions import region_csv
from institutions.actions.regions import load_regions
from institutions.demo_accounts import DEMO_ACCOUNTS
from institutions.enums import InstitutionKind, RegionLevel
from institutions.models import Institution, Region, User
from notifications.models import Notice
from workdays.loading import load_known_years

SEED = 20260204
STORIES = 400
REGIONS = Path(settings.BASE_DIR) / "institutions" / "data" / "jiangxi.csv"
_BEGAN_DAYS_AGO = 400  # before the first hazard
_READ_AFTER_DAYS = 4  # who is told of something reads it within these days
_RECURRING, _DOUBLE = 10, 6
_SWEPT_DAYS = 10


def make_demo(password: str, *, say: Callable[[str], None] = print, stories: int = STORIES) -> str:
    """Make the whole province in one transaction; returns in words what there is then.

    The same on every machine on the same day. All or nothing: after an interruption nothing is left but stored
    content without rows, which the janitor deletes.
    """
    rng, now = random.Random(SEED), timezone.now()
    calendar = Calendar(now, rng)
    with transaction.atomic():
        with connection.cursor() as cursor:  # we wait for the pictures with the transaction open
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        with clock.at(_opening(calendar)):
            cast, houses = _found_province(rng, password, calendar)
        say(f"  {len(houses)} 家机构")
        told = _plan(houses, Planner(calendar, rng), rng, stories)
        album = Album(take_pictures(_unique_pictures(told), rng), rng)
        say("  照片")
        player = Player(cast, album, rng)
        visits = plan_visits(cast, houses, told, player, album, now)
        acts = [(act.at, partial(player.play, story, act)) for story, act in in_order(told)]
        for _, play in sorted([*acts, *visits, *rankings.published_in_time(cast, now)], key=itemgetter(0)):
            play()
        Keeper(cast, calendar.today, SEED).keep(houses)
        make_due_plans(calendar.today)
        Orders(cast, told, now).play()
        rankings.draft_of_city(cast, calendar.today)
        let_in(cast, now)
        _let_clocks_run(now)
        issue_some(cast, now)
        Notice.objects.filter(created_at__lt=now - timedelta(days=_READ_AFTER_DAYS)).update(
            read_at=F("created_at") + timedelta(hours=3)
        )
        last_act = HazardEvent.objects.filter(by=OuterRef("pk")).order_by("-at").values("at")[:1]
        User.objects.update(last_login=Subquery(last_act))
        say(f"  {len(told)} 条隐患，{len(visits)} 次检查")
    make_anchor()
    return f"{len(houses)} 家机构，{len(told)} 条隐患，{len(visits)} 次检查"


def _let_clocks_run(now: datetime) -> None:
    """The sweeps of the last days: what was owed before comes late and once, the rest on its day."""
    load_known_years()
    load_ladders()
    for days_ago in range(_SWEPT_DAYS, -1, -1):
        moment = timezone.localtime(now) - timedelta(days=days_ago)
        with clock.at(moment.replace(hour=8, minute=0) if days_ago else now):
            sweep()


def _opening(calendar: Calendar) -> datetime:
    day = calendar.today - timedelta(days=_BEGAN_DAYS_AGO)
    return timezone.make_aware(datetime.combine(day, time(9, 0)))


def _found_province(rng: random.Random, password: str, calendar: Calendar) -> tuple[Cast, list[Institution]]:
    """Regions, authorities, officials, closing policy; then institutions and their people."""
    load_regions(region_csv.read(REGIONS.read_bytes()))
    regions = list(Region.objects.select_related("parent__parent__parent").order_by("path"))
    sites = choose_sites(regions, rng)
    cast = Cast(rng, password)
    cast.open_authorities(regions)
    busy = {region.pk for site in sites for region in (site.region, site.supervisor)}
    manned = (RegionLevel.PROVINCE, RegionLevel.CITY)
    named = (SECOND_POST[1], *(account.region_code for account in DEMO_ACCOUNTS))
    cast.appoint_officials([r for r in regions if r.pk in busy or r.level in manned or r.code in named])
    other = next(r for r in regions if r.code == OTHER_COUNTY)
    ClosingPolicy.objects.create(
        region=other, severity=Severity.GENERAL, level=ClosingLevel.COUNTY, spot_check_percent=20
    )
    builder = Builder(cast, rng, calendar.today)
    return cast, [builder.build(site) for site in sites]


def _plan(houses: list[Institution], planner: Planner, rng: random.Random, total: int) -> list[Story]:
    """The chosen stories of two counties, then a mix over the others, `total` in all."""
    own = [
        house
        for house in houses
        if house.county.code == DEMO_COUNTY and house.authority.region.code == DEMO_COUNTY
    ]
    facility, facility2, *neighbours = own
    stories = [planner.plan(facility, wish) for wish in wishes.FACILITY]
    stories += [planner.plan(facility2, wish) for wish in wishes.FACILITY2]
    with_majors = [house for house in neighbours if house.kind != InstitutionKind.MARRIAGE_OFFICE]
    for number, wish in enumerate(wishes.COUNTY):
        choices = with_majors if wish.is_major else neighbours
        stories.append(planner.plan(choices[number % len(choices)], wish))
    stories += _returning(planner, facility, with_majors[0])
    other = [house for house in houses if house.authority.region.code == OTHER_COUNTY]
    stories += [planner.plan(other[i % len(other)], wish) for i, wish in enumerate(wishes.OTHER_COUNTY)]
    elsewhere = [house for house in houses if house not in own]
    facilities = [house for house in elsewhere if house.kind != InstitutionKind.MARRIAGE_OFFICE]
    neglectful = next(house for house in facilities if house.city.code == rankings.CITY)
    stories.append(planner.plan(neglectful, wishes.FORGOTTEN))
    weights = [1 + house.beds / 100 for house in elsewhere]
    while len(stories) < total - 2 * _RECURRING - _DOUBLE:
        house, wish = rng.choices(elsewhere, weights)[0], wishes.some_wish(rng)
        if wish.is_major and house.kind == InstitutionKind.MARRIAGE_OFFICE:
            continue
        stories.append(planner.plan(house, wish))
    while len(stories) < total - _DOUBLE:
        stories += _returning(planner, rng.choice(elsewhere))
    settled = [s for s in stories if s.wish.status == HazardStatus.CLOSED and not s.wish.is_fixed_on_the_spot]
    return stories + [planner.duplicate(story) for story in rng.sample(settled, min(_DOUBLE, len(settled)))]


def _returning(planner: Planner, *houses: Institution) -> list[Story]:
    """For each house something that was closed and came back (反弹), being rectified again."""
    stories = []
    for house in houses:
        story = planner.plan(house, Wish(HazardStatus.RECTIFYING, source=Source.LOOK_BACK))
        stories += [planner.again(story), story]
    return stories


def _unique_pictures(stories: list[Story]) -> Counter:
    """How many pictures of a scene, before or mended, must be used once only, or verifiers would be warned of them.

    Those of the repaired state where somebody still decides; and the one that is used twice on purpose.
    """
    deciding = (HazardStatus.AWAITING_VERIFICATION, HazardStatus.VERIFIED)
    return Counter(
        (story.finding.scene, story.wish.trick != SAME_PHOTO)
        for story in stories
        for act in story.acts
        if act.action in (A.SUBMIT, A.FIX_ON_THE_SPOT) and story.wish.status in deciding
    )
