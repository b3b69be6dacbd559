"""Who is there: authorities of every place, and people in every role with their posts."""

import random
from collections import defaultdict

from django.contrib.auth.hashers import make_password

from config.demo.names import Names
from institutions.actions import founding, members
from institutions.actor import Actor
from institutions.demo_accounts import DEMO_ACCOUNTS, DemoAccount
from institutions.enums import Department, RegionLevel, Role
from institutions.models import Authority, Institution, Region, User

FIRE = {RegionLevel.PROVINCE: "总队", RegionLevel.CITY: "支队", RegionLevel.COUNTY: "大队"}
OFFICIAL = {
    RegionLevel.PROVINCE: Role.PROVINCE_OFFICIAL,
    RegionLevel.CITY: Role.CITY_OFFICIAL,
    RegionLevel.COUNTY: Role.COUNTY_OFFICIAL,
    RegionLevel.TOWNSHIP: Role.TOWNSHIP_PATROL,
}
# Where the county itself closes out, 立行立改 by one official is verified by a second and closed by a third.
_MANY = {"360121": 3}
SECOND_POST = ("city2", "360702")  # 挂职 in a county of the same city: shows the post switcher


class Cast:
    """The people by what they can do: `officials[region id]`, `staff[institution id]`."""

    def __init__(self, rng: random.Random, password: str):
        self.rng = rng
        self.names = Names(rng, {account.name for account in DEMO_ACCOUNTS})
        self.officials: dict[int, list[Actor]] = defaultdict(list)
        self.staff: dict[int, list[Actor]] = defaultdict(list)
        self.authorities: dict[int, Authority] = {}
        self._password = password
        self._accounts = {account.username: account for account in DEMO_ACCOUNTS}
        self._count = 0

    def open_authorities(self, regions: list[Region]) -> None:
        """Civil affairs in every region; fire rescue in the province, its cities and two counties beside it."""
        founding.open_civil_affairs()
        Authority.objects.bulk_create(
            Authority(
                region=r,
                department=Department.FIRE_RESCUE,
                name=f"{r.name}消防救援{FIRE[RegionLevel(r.level)]}",
            )
            for r in regions
            if r.level in (RegionLevel.PROVINCE, RegionLevel.CITY) or r.code in ("360704", "360121")
        )
        for authority in Authority.objects.filter(department=Department.CIVIL_AFFAIRS).select_related(
            "region"
        ):
            self.authorities[authority.region_id] = authority

    def appoint_officials(self, regions: list[Region]) -> None:
        """The security administrator, then through them everybody at an authority: demo accounts before the rest."""
        by_code = {region.code: region for region in regions}
        self._found(by_code)
        for account in self._accounts.values():
            if account.region_code and account.role != Role.SECURITY_ADMIN:
                region = by_code[account.region_code]
                place = self.authorities[region.pk]
                if account.role == Role.LIAISON:
                    place = region.authorities.get(department=Department.FIRE_RESCUE)
                self._post(self._user(account), account.role, place)
        borrowed, code = SECOND_POST
        self._post(
            User.objects.get(username=borrowed), Role.COUNTY_OFFICIAL, self.authorities[by_code[code].pk]
        )
        for region in regions:
            level, place = RegionLevel(region.level), self.authorities[region.pk]
            wanted = _MANY.get(region.code, 1 if level == RegionLevel.TOWNSHIP else 2)
            for _ in range(wanted - len(self.officials[region.pk])):
                self._post(self._person(), OFFICIAL[level], place)
            if level == RegionLevel.CITY:
                for role in (Role.AUDITOR, Role.SECURITY_ADMIN):
                    self._post(self._person(), role, place)

    def appoint_staff(self, house: Institution, account: str = "") -> None:
        """The people of one institution: `account` of the demo if given, a manager, and mostly a safety officer."""
        roles = [Role.MANAGER, Role.SAFETY_OFFICER] if house.beds >= 60 or account else [Role.MANAGER]
        for role in roles:
            demo = self._accounts.get(account)
            user = self._user(demo) if demo and demo.role == role else self._person()
            self._post(user, role, house)

    def _found(self, by_code: dict[str, Region]) -> None:
        account = next(a for a in self._accounts.values() if a.role == Role.SECURITY_ADMIN)
        founding.appoint_first_administrator(
            region=by_code[account.region_code], username=account.username, name=account.name
        )
        user = User.objects.get(username=account.username)
        User.objects.filter(pk=user.pk).update(**self._login())
        self._founder = Actor(user, user.memberships.get())

    def _user(self, account: DemoAccount) -> User:
        return User.objects.create(
            username=account.username,
            name=account.name,
            **self._login(),
        )

    def _login(self) -> dict:
        return {
            "phone": self.names.phone(),
            "password": make_password(self._password),
            "must_change_password": False,
        }

    def _person(self) -> User:
        """Somebody who never logs in: without a password that could be guessed."""
        self._count += 1
        return User.objects.create(
            username=f"yanshi{self._count:04d}",
            name=self.names.person(),
            phone=self.names.phone(),
            password=make_password(None),
            must_change_password=False,
        )

    def _post(self, user: User, role: Role, place: Authority | Institution) -> None:
        actor = Actor(user, members.grant(user, by=self._founder, role=role, place=place))
        if isinstance(place, Institution):
            self.staff[place.pk].append(actor)
        elif role in OFFICIAL.values():
            self.officials[place.region_id].append(actor)
