"""Who closes out: policy as data, always above the level that verified, where such a level exists."""

import uuid

import pytest
from django.db import IntegrityError

from hazards.actions import closing, lifecycle
from hazards.enums import HazardStatus
from hazards.models import ClosingPolicy
from institutions.enums import RegionLevel
from tests.factories import (
    CONFIRMED,
    AuthorityFactory,
    Cast,
    Place,
    RegionFactory,
    hazard_in,
    make_actor,
    make_place,
    photos_of,
    register_hazard,
)

pytestmark = pytest.mark.django_db
S = HazardStatus


def closes_in(hazard):
    return hazard.closing_region


def test_without_a_policy_the_city_closes():
    cast = Cast()
    assert closes_in(hazard_in(cast, S.VERIFIED)) == cast.place.city


def test_the_nearest_policy_decides():
    cast = Cast()
    ClosingPolicy.objects.create(region=cast.place.province, severity="general", level="province")
    assert closes_in(hazard_in(cast, S.VERIFIED)) == cast.place.province
    ClosingPolicy.objects.create(region=cast.place.county, severity="general", level="city")
    assert closes_in(hazard_in(cast, S.VERIFIED)) == cast.place.city


def test_a_county_that_may_close_does_so_by_another_person():
    cast = Cast()
    ClosingPolicy.objects.create(region=cast.place.province, severity="general", level="county")
    hazard = hazard_in(cast, S.VERIFIED)
    assert closes_in(hazard) == cast.place.county
    assert lifecycle.close(hazard, by=cast.county2).status == S.CLOSED


def test_the_city_closes_its_share_of_what_counties_may_close():
    cast = Cast()
    ClosingPolicy.objects.create(
        region=cast.place.province, severity="general", level="county", spot_check_percent=100
    )
    assert closes_in(hazard_in(cast, S.VERIFIED)) == cast.place.city


def test_the_share_is_near_its_percentage():
    class Any:
        def __init__(self, n):
            self.uid = uuid.UUID(int=n)

    assert sum(closing.is_spot_checked(Any(n), 20) for n in range(1000)) == 214


def test_a_county_run_by_the_province_is_closed_by_the_province():
    province = RegionFactory()
    county = RegionFactory(parent=province, level=RegionLevel.COUNTY)
    township = RegionFactory(parent=county, level=RegionLevel.TOWNSHIP)
    for region in (province, county, township):
        AuthorityFactory(region=region)
    cast = Cast(Place(province, county, county, township), city=county, province=province)
    assert closes_in(hazard_in(cast, S.VERIFIED)) == province


def test_what_the_city_itself_supervises_is_closed_by_the_province():
    place = make_place()
    city_authority = AuthorityFactory(region=place.city)
    cast = Cast(place, authority=city_authority)
    verifier, registrar = (make_actor("city_official", place.city) for _ in range(2))
    cast.county = registrar
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION, source="oversight")
    hazard = lifecycle.accept(hazard, by=verifier, opinion="属实", **CONFIRMED)
    assert closes_in(hazard) == place.province


def test_at_the_top_another_person_of_the_same_authority_closes():
    place = make_place()
    cast = Cast(place, authority=AuthorityFactory(region=place.province))
    cast.county = make_actor("province_official", place.province)
    hazard = hazard_in(cast, S.VERIFIED, source="oversight")
    assert closes_in(hazard) == place.province
    assert lifecycle.close(hazard, by=cast.province).status == S.CLOSED


def test_a_major_hazard_never_closes_where_it_was_verified():
    place = make_place()
    with pytest.raises(IntegrityError, match="policy_major_above_county"):
        ClosingPolicy.objects.create(region=place.province, severity="major", level="county")


def test_what_officials_fixed_on_the_spot_is_not_closed_by_their_own_county():
    cast = Cast()
    ClosingPolicy.objects.create(region=cast.place.province, severity="general", level="county")
    fixed = {"measures": "当场清理", "evidence": photos_of(cast.county), "responsible_person": "张三"}
    hazard = register_hazard(cast, issue_with=None, fixed_with=fixed)
    hazard = lifecycle.accept(hazard, by=cast.county2, opinion="属实", **CONFIRMED)
    assert closes_in(hazard) == cast.place.city
