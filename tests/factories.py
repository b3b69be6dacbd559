"""Test objects: one factory a model, real rows in PostgreSQL."""

import factory
from factory.django import DjangoModelFactory

from institutions.actor import Actor
from institutions.enums import InstitutionKind, RegionLevel, Role
from institutions.models import Authority, Institution, Licence, Membership, Region, ResponsiblePerson, User

PASSWORD = "Ceshi-2026-mima"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"9{n:05d}")
    name = factory.LazyAttribute(lambda o: f"区划{o.code}")
    level = RegionLevel.PROVINCE
    parent = None
    path = factory.LazyAttribute(lambda o: Region.path_for(o.code, o.parent))


class AuthorityFactory(DjangoModelFactory):
    class Meta:
        model = Authority
        django_get_or_create = ("region", "department")

    region = factory.SubFactory(RegionFactory)
    department = "civil_affairs"
    name = factory.LazyAttribute(lambda o: f"{o.region.name}民政局")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"人员{n}")
    must_change_password = False
    password = factory.django.Password(PASSWORD)


class InstitutionFactory(DjangoModelFactory):
    """An institution in `region` (a county by default), supervised by the county's authority."""

    class Meta:
        model = Institution

    class Params:
        place = None

    name = factory.Sequence(lambda n: f"测试养老院{n}")
    kind = InstitutionKind.NURSING_HOME
    region = factory.SelfAttribute("county")
    county = factory.LazyFunction(lambda: make_place().county)
    city = factory.LazyAttribute(lambda o: o.county.parent)
    province = factory.LazyAttribute(lambda o: o.city.parent)
    township = factory.SelfAttribute("county")
    authority = factory.LazyAttribute(lambda o: AuthorityFactory(region=o.county))


class LicenceFactory(DjangoModelFactory):
    class Meta:
        model = Licence

    institution = factory.SubFactory(InstitutionFactory)
    kind = "food"


class ResponsiblePersonFactory(DjangoModelFactory):
    class Meta:
        model = ResponsiblePerson

    institution = factory.SubFactory(InstitutionFactory)
    duty = "院长"
    name = "张三"


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.COUNTY_OFFICIAL
    authority = None
    institution = None


class Place:
    """One branch of the region tree with its authorities: province → city → county → township."""

    def __init__(self, province, city, county, township):
        self.province, self.city, self.county, self.township = province, city, county, township

    def institution(self, **fields) -> Institution:
        return InstitutionFactory(county=self.county, **fields)


def make_place(province=None, city=None) -> Place:
    """A new county (with its township) in `city`, or in a new city in `province`, or in a new province."""
    province = province or (city.parent if city else RegionFactory())
    city = city or RegionFactory(parent=province, level=RegionLevel.CITY)
    county = RegionFactory(parent=city, level=RegionLevel.COUNTY)
    township = RegionFactory(parent=county, level=RegionLevel.TOWNSHIP)
    for region in (province, city, county, township):
        AuthorityFactory(region=region)
    return Place(province, city, county, township)


_LEVEL_OF_ROLE = {
    Role.PROVINCE_OFFICIAL: "province",
    Role.CITY_OFFICIAL: "city",
    Role.COUNTY_OFFICIAL: "county",
    Role.TOWNSHIP_PATROL: "township",
}


def make_actor(role: Role, at: Region | Authority | Institution, user: User | None = None) -> Actor:
    """An actor holding `role` at a region's civil-affairs authority, an authority, or an institution."""
    if isinstance(at, Region):
        at = AuthorityFactory(region=at)
    where = {"institution": at} if isinstance(at, Institution) else {"authority": at}
    membership = MembershipFactory(role=role, user=user or UserFactory(), **where)
    return Actor(membership.user, membership)
