"""What an actor may see follows from the post, as one comparison."""

import pytest
from django.db import IntegrityError, connection

from institutions.enums import Role
from institutions.models import Institution
from tests.factories import AuthorityFactory, MembershipFactory, make_actor, make_place

pytestmark = pytest.mark.django_db


def test_each_level_sees_exactly_its_own_region():
    place = make_place()
    sibling = make_place(city=place.city)
    other_city = make_place(province=place.province)
    other_province = make_place()
    homes = {p: p.institution() for p in (place, sibling, other_city, other_province)}

    def seen(role, at):
        return set(Institution.objects.visible_to(make_actor(role, at)))

    assert seen(Role.COUNTY_OFFICIAL, place.county) == {homes[place]}
    assert seen(Role.CITY_OFFICIAL, place.city) == {homes[place], homes[sibling]}
    assert seen(Role.PROVINCE_OFFICIAL, place.province) == {homes[place], homes[sibling], homes[other_city]}
    assert seen(Role.MANAGER, homes[sibling]) == {homes[sibling]}
    assert seen(Role.TOWNSHIP_PATROL, place.township) == set()
    assert seen(Role.SYSTEM_ADMIN, place.province) == set()
    assert seen(Role.SECURITY_ADMIN, place.province) == set()


def test_another_department_sees_nothing_of_the_region():
    place = make_place()
    place.institution()
    fire = AuthorityFactory(region=place.county, department="fire_rescue", name="消防救援大队")
    assert list(Institution.objects.visible_to(make_actor(Role.COUNTY_OFFICIAL, fire))) == []


def test_a_facility_role_cannot_be_held_at_an_authority():
    place = make_place()
    with pytest.raises(IntegrityError, match="membership_at_one_place"):
        MembershipFactory(role=Role.MANAGER, authority=AuthorityFactory(region=place.county))


def test_the_tests_work_as_the_runtime_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("hazards_runtime",)
