"""The province the hazards are made for: every region of the file, officials, institutions of every kind, their staff."""

import random
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password

from config.demo.names import FANCY, MARK, Names
from config.generate.drives import Drive, make_drives
from institutions import region_csv
from institutions.actions.regions import load_regions
from institutions.enums import InstitutionKind as K
from institutions.enums import RegionLevel, RiskGrade, Role
from institutions.models import Authority, Institution, Membership, Region, ResponsiblePerson, User
from institutions.regions import PLACE_LEVELS, place_columns

REGIONS = Path(settings.BASE_DIR) / "institutions" / "data" / "jiangxi.csv"
_KINDS = (K.NURSING_HOME, K.WELFARE_HOME, K.CHILD_WELFARE, K.RESCUE_STATION, K.FUNERAL_HOME, K.CEMETERY, K.MARRIAGE_OFFICE)  # fmt: skip
_SHARES = (70, 8, 2, 3, 5, 8, 4)
_WORD = {
    K.NURSING_HOME: "养老服务中心", K.WELFARE_HOME: "社会福利院", K.CHILD_WELFARE: "儿童福利院",
    K.RESCUE_STATION: "救助管理站", K.FUNERAL_HOME: "殡仪馆", K.CEMETERY: "公墓", K.MARRIAGE_OFFICE: "婚姻登记处",
}  # fmt: skip
_OFFICIAL = {
    RegionLevel.PROVINCE: Role.PROVINCE_OFFICIAL, RegionLevel.CITY: Role.CITY_OFFICIAL,
    RegionLevel.COUNTY: Role.COUNTY_OFFICIAL, RegionLevel.TOWNSHIP: Role.TOWNSHIP_PATROL,
}  # fmt: skip
_OFFICIALS = 4  # an authority: who submits, verifies and closes are never the same
_BATCH = 2000


class Person(NamedTuple):
    """Who acts: what an event writes down of them."""

    pk: int
    name: str
    role: str
    place: str


class House(NamedTuple):
    """An institution as far as a story needs it; places are ids of regions."""

    pk: int
    kind: str
    province: int
    city: int
    county: int
    township: int
    authority: int
    supervisor: int  # the region of that authority
    head: str
    weight: float  # how often something is found there


class World(NamedTuple):
    """Everything a worker that builds stories must know."""

    houses: list[House]
    authorities: dict[int, int]  # of civil affairs, by region
    drives: list[Drive]
    officials: dict[int, list[Person]]  # by region
    staff: dict[int, list[Person]]  # by institution


def make_world(count: int, rng: random.Random, first: date, today: date) -> World:
    """Regions, authorities with officials, `count` institutions with a manager and a safety officer, the campaigns
    from `first` until `today`. Nobody can log in.
    """
    load_regions(region_csv.read(REGIONS.read_bytes()))
    regions = list(Region.objects.select_related("parent__parent__parent").order_by("path"))
    names = Names(rng, set())
    people = _People(names)
    authorities = _authorities(regions)
    officials = defaultdict(list)
    for region in regions:
        authority, role = authorities[region.pk], _OFFICIAL[RegionLevel(region.level)]
        for _ in range(1 if role == Role.TOWNSHIP_PATROL else _OFFICIALS):
            officials[region.pk].append(people.appoint(role, authority=authority))
    houses = _houses(regions, authorities, count, rng)
    staff = defaultdict(list)
    for house in houses:
        for role in (Role.MANAGER, Role.SAFETY_OFFICER):
            staff[house.pk].append(people.appoint(role, institution=house))
    people.save()
    ResponsiblePerson.objects.bulk_create(
        [
            ResponsiblePerson(institution=house, duty="负责人", name=staff[house.pk][0].user.name)
            for house in houses
        ],
        _BATCH,
    )
    province = next(region for region in regions if region.level == RegionLevel.PROVINCE)
    cities = [region for region in regions if region.level == RegionLevel.CITY]
    drives = make_drives(
        province, cities, first, today, lambda region: (authorities[region], officials[region][0])
    )
    return World(
        [_house(house, staff[house.pk][0].user.name, rng) for house in houses],
        {pk: authority.pk for pk, authority in authorities.items()},
        drives,
        {pk: [_person(post) for post in posts] for pk, posts in officials.items()},
        {pk: [_person(post) for post in posts] for pk, posts in staff.items()},
    )


class _People:
    """Users and their posts, saved together at the end."""

    def __init__(self, names: Names):
        self._names, self._posts = names, []
        self._password, self._count = make_password(None), User.objects.count()

    def appoint(self, role: Role, **place) -> Membership:
        self._count += 1
        user = User(
            username=f"moni{self._count:06d}",
            name=f"{self._names.person()}" if self._count < 2000 else f"模拟{self._count}",
            password=self._password,
            must_change_password=False,
        )
        self._posts.append(Membership(user=user, role=role, **place))
        return self._posts[-1]

    def save(self) -> None:
        User.objects.bulk_create([post.user for post in self._posts], _BATCH)
        for post in self._posts:
            post.user_id = post.user.pk
        Membership.objects.bulk_create(self._posts, _BATCH)


def _person(post: Membership) -> Person:
    return Person(post.user.pk, post.user.name, str(post.role), post.place.name)


def _authorities(regions: list[Region]) -> dict[int, Authority]:
    there = {a.region_id: a for a in Authority.objects.filter(department="civil_affairs")}
    new = [Authority(region=r, name=f"{r.name}民政局") for r in regions if r.pk not in there]
    return there | {a.region_id: a for a in Authority.objects.bulk_create(new, _BATCH)}


def _houses(regions, authorities, count: int, rng: random.Random) -> list[Institution]:
    """Spread over every county; where townships are known, half of them stand in one. A few belong to a city."""
    counties = [r for r in regions if r.level == RegionLevel.COUNTY]
    towns = defaultdict(list)
    for region in regions:
        if region.level == RegionLevel.TOWNSHIP:
            towns[region.parent_id].append(region)
    sizes = [rng.uniform(0.4, 1.8) for _ in counties]
    chosen = [*counties, *rng.choices(counties, sizes, k=max(0, count - len(counties)))][:count]
    made, first = [], Institution.objects.count()
    for number, county in enumerate(chosen, start=first + 1):
        kind = rng.choices(_KINDS, _SHARES)[0]
        region = rng.choice(towns[county.pk]) if towns[county.pk] and rng.random() < 0.5 else county
        supervisor = county.parent if rng.random() < 0.03 else county
        made.append(
            Institution(
                name=f"{county.name}{FANCY[number % len(FANCY)]}{_WORD[kind]}{number}号{MARK}",
                kind=kind,
                region=region,
                **place_columns(region),
                authority=authorities[supervisor.pk],
                beds=rng.randrange(20, 300, 2),
                risk_grade=rng.choices(list(RiskGrade), [2, 8, 30, 60])[0],
            )
        )
    return Institution.objects.bulk_create(made, _BATCH)


def _house(house: Institution, head: str, rng: random.Random) -> House:
    places = {level.value: getattr(house, f"{level.value}_id") for level in PLACE_LEVELS}
    return House(
        house.pk, house.kind, places["province"], places["city"], places["county"], places["township"],
        house.authority_id, house.authority.region_id, head, rng.lognormvariate(0, 0.7),
    )  # fmt: skip
