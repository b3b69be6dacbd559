"""销号规则 as data: the province sets it on a page, and every change leaves a trace."""

import pytest

from hazards.enums import HazardStatus
from hazards.models import ClosingPolicy, ClosingPolicyChange
from tests.factories import Cast, as_client, hazard_in, make_place

pytestmark = pytest.mark.django_db
URL = "/hazards/closing-policy/"


@pytest.fixture
def cast():
    return Cast()


def data(cast, **changes):
    return {
        "region": cast.place.county.pk, "severity": "general", "level": "county", "spot_check_percent": "0",
    } | changes  # fmt: skip


def test_the_province_lets_a_county_close_general_hazards_and_takes_it_back(cast):
    client = as_client(cast.province)
    assert client.post(URL, data(cast)).status_code == 302
    assert hazard_in(cast, HazardStatus.VERIFIED).closing_region == cast.place.county
    client.post(URL, data(cast, level="default"))
    assert hazard_in(cast, HazardStatus.VERIFIED).closing_region == cast.place.city
    levels = ClosingPolicyChange.objects.order_by("id").values_list("level", "by")
    assert list(levels) == [("county", cast.province.user.pk), ("", cast.province.user.pk)]
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"severity": "major"}, "level", "重大隐患不能由县级销号。"),
        ({"level": "city", "spot_check_percent": "20"}, "spot_check_percent", "只有县级销号才需要市级抽查。"),
        ({"spot_check_percent": "101"}, "spot_check_percent", "确保该值小于或等于100。"),
    ],
)
def test_a_policy_that_makes_no_sense_is_answered_in_words(cast, changes, field, words):
    response = as_client(cast.province).post(URL, data(cast, **changes))
    assert (response.status_code, response.context["form"].errors[field]) == (422, [words])
    assert ClosingPolicy.objects.count() == 0


def test_another_provinces_region_cannot_be_chosen(cast):
    elsewhere = make_place()
    response = as_client(cast.province).post(URL, data(cast, region=elsewhere.county.pk))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["region"])


def test_nobody_else_sets_policies(cast):
    for actor in (cast.city, cast.county, cast.manager, cast.auditor, cast.security_admin):
        assert as_client(actor).get(URL).status_code == 403
