"""Which institutions there are: about 120 of every kind, all made up and marked so."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from config.demo.cast import Cast
from config.demo.names import FANCY, MARK, ROADS, credit_code
from institutions.actions import institutions
from institutions.enums import InstitutionKind as K
from institutions.enums import LicenceKind as L
from institutions.enums import Operation, RegionLevel, RiskGrade
from institutions.models import Institution, Region

DEMO_COUNTY, OTHER_COUNTY = "360704", "360121"
# One row an institution: kind, share of the county's town (by position), the demo account that works there.
_DEMO_HOUSES = (
    (K.NURSING_HOME, "360704100", "facility"),
    (K.NURSING_HOME, "360704106", "facility2"),
    (K.NURSING_HOME, "360704101", ""),
    (K.NURSING_HOME, "360704108", ""),
    (K.NURSING_HOME, "360704110", ""),
    (K.WELFARE_HOME, "360704100", ""),
    (K.RESCUE_STATION, "360704100", ""),
    (K.FUNERAL_HOME, "360704110", ""),
    (K.CEMETERY, "360704106", ""),
    (K.MARRIAGE_OFFICE, "360704100", ""),
)
_OF_A_COUNTY = (*[K.NURSING_HOME] * 6, K.WELFARE_HOME, K.FUNERAL_HOME, K.CEMETERY, K.MARRIAGE_OFFICE)
_OF_A_CITY = (K.CHILD_WELFARE, K.RESCUE_STATION, K.WELFARE_HOME)
_CODELESS_TOWN_HOME = 0.5

_SIZES = {
    K.NURSING_HOME: (30, 180),
    K.WELFARE_HOME: (80, 260),
    K.CHILD_WELFARE: (60, 160),
    K.RESCUE_STATION: (16, 60),
}
_DUTY = {
    K.NURSING_HOME: "院长", K.WELFARE_HOME: "院长", K.CHILD_WELFARE: "院长", K.RESCUE_STATION: "站长",
    K.FUNERAL_HOME: "馆长", K.CEMETERY: "主任", K.MARRIAGE_OFFICE: "主任",
}  # fmt: skip
_LICENCES = {
    K.NURSING_HOME: (L.FILING, L.FIRE_ACCEPTANCE, L.FIRE_TEST, L.FOOD, L.INSURANCE),
    K.WELFARE_HOME: (L.FIRE_ACCEPTANCE, L.FIRE_TEST, L.FOOD, L.MEDICAL, L.LIFT, L.INSURANCE),
    K.CHILD_WELFARE: (L.FIRE_ACCEPTANCE, L.FIRE_TEST, L.FOOD, L.MEDICAL, L.LIFT),
    K.RESCUE_STATION: (L.FIRE_ACCEPTANCE, L.FIRE_TEST, L.FOOD),
    K.FUNERAL_HOME: (L.FIRE_TEST, L.LIFT, L.BUILDING),
    K.CEMETERY: (L.FIRE_TEST, L.BUILDING),
    K.MARRIAGE_OFFICE: (L.FIRE_ACCEPTANCE, L.FIRE_TEST),
}
# Days until these licences of the demo accounts' homes expire, so that somebody sees one that has and one that will.
_PLANTED = {("facility", L.FOOD): 18, ("facility2", L.FIRE_TEST): -9}
# Two homes of the demo county that must be visited often, so that something is due there.
_GRADES = {
    (K.NURSING_HOME, "360704110"): RiskGrade.RED,
    (K.NURSING_HOME, "360704101"): RiskGrade.ORANGE,
}
_NEVER_EXPIRES = {L.FILING, L.FIRE_ACCEPTANCE, L.BUILDING}


@dataclass(frozen=True)
class Site:
    """Where an institution shall stand, and under whom."""

    kind: K
    region: Region
    supervisor: Region
    account: str = ""


def choose_sites(regions: list[Region], rng: random.Random) -> list[Site]:
    """About 120 sites: a full set in the demo county, some in 4 counties of each city, one or two under each city."""
    by_code = {region.code: region for region in regions}
    demo = by_code[DEMO_COUNTY]
    sites = [Site(kind, by_code[town], demo, account) for kind, town, account in _DEMO_HOUSES]
    for city in (r for r in regions if r.level == RegionLevel.CITY):
        counties = [r for r in regions if r.parent_id == city.pk and r.code != DEMO_COUNTY]
        first = [r for r in counties if r.code == OTHER_COUNTY or _towns(r, regions)]
        others = [r for r in counties if r not in first]
        chosen = [*first, *rng.sample(others, max(0, min(4 - len(first), len(others))))]
        for county in chosen:
            towns = _towns(county, regions)
            kinds = rng.sample(_OF_A_COUNTY, 4 if county.code == OTHER_COUNTY else 2)
            sites += [Site(kind, rng.choice(towns) if towns else county, county) for kind in sorted(kinds)]
        for kind in rng.sample(_OF_A_CITY, 2 if len(counties) > 5 else 1):
            sites.append(Site(kind, rng.choice(counties), city))
    return sites


def _towns(county: Region, regions: list[Region]) -> list[Region]:
    return [r for r in regions if r.parent_id == county.pk]


class Builder:
    """Records institutions through the real actions, by an official of their authority."""

    def __init__(self, cast: Cast, rng: random.Random, today: date):
        self._cast, self._rng, self._today = cast, rng, today
        self._used: set[str] = set()
        self._count = 0

    def build(self, site: Site) -> Institution:
        """One institution with its people, responsible persons and licences."""
        self._count += 1
        rng, by = self._rng, self._cast.officials[site.supervisor.pk][0]
        low, high = _SIZES.get(site.kind, (0, 0))
        beds = rng.randrange(max(low, 100) if site.account else low, high + 1, 2) if high else 0
        residents = int(beds * rng.uniform(0.45, 0.92))
        is_town_home = site.region.level == RegionLevel.TOWNSHIP and (
            bool(site.account) or rng.random() < 0.5
        )
        is_public = site.kind != K.NURSING_HOME or is_town_home
        operation = (
            Operation.PUBLIC if is_public else rng.choice([Operation.PRIVATE, Operation.PUBLIC_PRIVATE])
        )
        has_code = not (is_public and site.kind == K.NURSING_HOME and rng.random() < _CODELESS_TOWN_HOME)
        house = institutions.create(
            by=by,
            name=self._name(site, is_public),
            kind=site.kind,
            operation=operation,
            credit_code=credit_code(self._count, is_public=is_public) if has_code else "",
            region=site.region,
            authority=self._cast.authorities[site.supervisor.pk],
            address=f"{site.region.name}{rng.choice(ROADS)}{rng.randrange(1, 300)}号",
            beds=beds,
            residents=residents,
            disabled_residents=int(residents * rng.uniform(0.2, 0.6)),
            staff=max(6, beds // 5 + rng.randrange(4)),
            night_staff=max(1, beds // 40),
            risk_grade=self._grade(site),
        )
        self._cast.appoint_staff(house, site.account)
        institutions.save_persons(house, by=by, persons=self._persons(house))
        institutions.save_licences(
            house, by=by, licences=[self._licence(kind, site.account) for kind in _LICENCES[site.kind]]
        )
        return house

    def _grade(self, site: Site) -> RiskGrade:
        drawn = self._rng.choices(list(RiskGrade), [2, 8, 30, 60])[0]
        return _GRADES.get((site.kind, site.region.code), drawn)

    def _name(self, site: Site, is_public: bool) -> str:
        place = site.region.name if site.region.level != RegionLevel.TOWNSHIP else site.supervisor.name
        fancy = self._rng.choice([word for word in FANCY if word not in self._used] or FANCY)
        town = site.region.name if site.region.level == RegionLevel.TOWNSHIP else ""
        name = {
            K.NURSING_HOME: f"{place}{town}敬老院" if is_public and town else f"{place}{fancy}养老服务中心",
            K.WELFARE_HOME: f"{site.supervisor.name}社会福利院",
            K.CHILD_WELFARE: f"{site.supervisor.name}儿童福利院",
            K.RESCUE_STATION: f"{site.supervisor.name}救助管理站",
            K.FUNERAL_HOME: f"{place}殡仪馆",
            K.CEMETERY: f"{place}{fancy}公墓",
            K.MARRIAGE_OFFICE: f"{place}民政局婚姻登记处",
        }[site.kind]
        if name in self._used:
            name = f"{place}{fancy}养老院"
        self._used |= {name, fancy}
        return name + MARK

    def _persons(self, house: Institution) -> list[dict]:
        duties = [_DUTY[house.kind], "安全员"]
        people = [
            {"duty": duty, "name": actor.user.name, "phone": actor.user.phone}
            for duty, actor in zip(duties, self._cast.staff[house.pk], strict=False)
        ]
        if house.kind in _SIZES:
            people.append(
                {"duty": "夜间带班", "name": self._cast.names.person(), "phone": self._cast.names.phone()}
            )
        return people

    def _licence(self, kind: L, account: str) -> dict:
        rng = self._rng
        days = rng.choices(
            [rng.randrange(-60, 0), rng.randrange(3, 31), rng.randrange(60, 1400)], [6, 8, 86]
        )[0]
        days = _PLANTED.get((account, kind), days)
        expires_on = None if kind in _NEVER_EXPIRES else self._today + timedelta(days=days)
        return {"kind": kind, "number": f"演示{rng.randrange(10**6):06d}", "expires_on": expires_on}
