"""Who hears of a rung: by the institution's place, and never nobody when somebody is there."""

import pytest
from django.db import connection

from clocks.enums import Audience
from clocks.people import PARAMETERS, PEOPLE
from institutions.enums import Role
from tests.factories import AuthorityFactory, Cast, InstitutionFactory, RegionFactory, make_actor, make_place

pytestmark = pytest.mark.django_db


def reached(institution, audience) -> set[int]:
    """Ids of the users whom `audience` means for an institution."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH asked AS (SELECT %(i)s::bigint AS place_id, %(a)s AS audience), {PEOPLE} SELECT user_id FROM people",
            PARAMETERS | {"i": institution.pk, "a": str(audience)},
        )
        return {pk for (pk,) in cursor.fetchall()}


def ids(*actors) -> set[int]:
    return {actor.user.pk for actor in actors}


@pytest.fixture
def cast(db):
    return Cast()


def lead(actor):
    actor.membership.is_leader = True
    actor.membership.save(update_fields=["is_leader"])


def test_each_audience_means_its_people(cast):
    lead(cast.county2)
    assert {audience: reached(cast.home, audience) for audience in Audience} == {
        Audience.INSTITUTION: ids(cast.manager, cast.safety),
        Audience.COUNTY_OFFICER: ids(cast.county, cast.county2),
        Audience.COUNTY_LEADER: ids(cast.county2),
        Audience.CITY: ids(cast.city, cast.city2),
        Audience.PROVINCE: ids(cast.province),
    }


def test_without_a_leader_all_officials_of_the_level_hear(cast):
    assert reached(cast.home, Audience.COUNTY_LEADER) == ids(cast.county, cast.county2)


def test_people_of_a_sibling_county_and_of_other_houses_hear_nothing(cast):
    other = Cast(make_place(city=cast.place.city))
    told = set().union(*(reached(cast.home, audience) for audience in Audience))
    assert told & ids(other.county, other.county2, other.manager, other.safety) == set()


def test_a_county_without_officials_is_heard_by_its_city(cast):
    for actor in (cast.county, cast.county2):
        actor.user.is_active = False
        actor.user.save(update_fields=["is_active"])
    assert reached(cast.home, Audience.COUNTY_LEADER) == ids(cast.city, cast.city2)


def test_where_the_city_supervises_itself_the_city_rung_goes_to_the_province(db):
    place = make_place()
    home = InstitutionFactory(
        county=place.county, region=place.city, city=place.city, authority=AuthorityFactory(region=place.city)
    )
    city, province = (
        make_actor(Role.CITY_OFFICIAL, place.city),
        make_actor(Role.PROVINCE_OFFICIAL, place.province),
    )
    assert (reached(home, Audience.COUNTY_OFFICER), reached(home, Audience.CITY)) == (
        ids(city),
        ids(province),
    )


def test_a_county_right_below_the_province_escalates_to_the_province(db):
    province = RegionFactory()
    county = RegionFactory(parent=province, level="county")
    for region in (province, county):
        AuthorityFactory(region=region)
    home = InstitutionFactory(county=county, city=province, province=province)
    officials = make_actor(Role.COUNTY_OFFICIAL, county), make_actor(Role.PROVINCE_OFFICIAL, province)
    assert reached(home, Audience.COUNTY_LEADER) == ids(officials[0])
    assert reached(home, Audience.CITY) == ids(officials[1])


def reached_of(authority, audience) -> set[int]:
    """Ids of the users whom `audience` means for what an authority owes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH asked AS (SELECT -%(i)s::bigint AS place_id, %(a)s AS audience), {PEOPLE} SELECT user_id FROM people",
            PARAMETERS | {"i": authority.pk, "a": str(audience)},
        )
        return {pk for (pk,) in cursor.fetchall()}


def test_what_a_county_authority_owes_reaches_itself_then_those_above_it(cast):
    lead(cast.county2)
    owed = cast.home.authority
    assert {audience: reached_of(owed, audience) for audience in Audience} == {
        Audience.INSTITUTION: ids(cast.county, cast.county2),
        Audience.COUNTY_OFFICER: ids(cast.county, cast.county2),
        Audience.COUNTY_LEADER: ids(cast.county2),
        Audience.CITY: ids(cast.city, cast.city2),
        Audience.PROVINCE: ids(cast.province),
    }


def test_what_a_city_owes_goes_on_to_the_province_and_what_the_province_owes_stays_there(cast):
    for owed, own in (
        (cast.city.authority, ids(cast.city, cast.city2)),
        (cast.province.authority, ids(cast.province)),
    ):
        assert reached_of(owed, Audience.COUNTY_OFFICER) == own
        assert reached_of(owed, Audience.CITY) == reached_of(owed, Audience.PROVINCE) == ids(cast.province)
