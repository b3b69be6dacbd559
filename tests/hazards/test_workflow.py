"""The table: what each kind of actor may do in each status, written out by hand and compared with the code."""

import pytest

from hazards import workflow
from hazards.enums import HazardAction, HazardStatus
from hazards.models import LegalTransition
from hazards.notices import NOTICES
from tests.factories import Cast, hazard_in, make_actor, make_place

pytestmark = pytest.mark.django_db
A, S = HazardAction, HazardStatus

INSTITUTION = {"manager", "safety"}
COUNTY = {"county", "county2"}
# Who may do what, by status. In these stories `county` registered and accepted, `manager` submitted, `city` closed.
MAY = {
    S.REGISTERED: {A.ISSUE: COUNTY, A.VOID: COUNTY},
    S.RECTIFYING: {A.PLAN: INSTITUTION, A.SUBMIT: INSTITUTION, A.VOID: COUNTY},
    S.AWAITING_VERIFICATION: {A.ACCEPT: COUNTY, A.REJECT: COUNTY},
    S.VERIFIED: {A.CLOSE: {"city", "city2"}, A.RETURN: {"city", "city2"}},
    S.CLOSED: {},
    S.VOIDED: {},
}
ACTORS = [
    "county", "county2", "city", "city2", "province", "township", "manager", "safety", "auditor",
    "system_admin", "security_admin", "sibling_county", "other_manager", "other_city",
]  # fmt: skip


@pytest.fixture
def cast():
    cast = Cast()
    sibling, elsewhere = make_place(city=cast.place.city), make_place(province=cast.place.province)
    cast.sibling_county = make_actor("county_official", sibling.county)
    cast.other_manager = make_actor("manager", sibling.institution())
    cast.other_city = make_actor("city_official", elsewhere.city)
    return cast


@pytest.mark.parametrize("status", S)
def test_each_actor_may_do_exactly_what_the_house_says(cast, status):
    hazard = hazard_in(cast, status)
    found = {
        action: {name for name in ACTORS if action in workflow.actions_for(getattr(cast, name), hazard)}
        for action in A
    }
    assert {action: who for action, who in found.items() if who} == MAY[status]


def test_a_major_hazard_is_voided_by_asking_first(cast):
    hazard = hazard_in(cast, S.RECTIFYING, severity="major")
    assert A.REQUEST_VOID in workflow.actions_for(cast.county, hazard)
    assert A.VOID not in workflow.actions_for(cast.county, hazard)


def test_the_database_knows_the_same_legal_pairs_as_the_table():
    assert set(LegalTransition.objects.values_list("from_status", "to_status")) == set(workflow.LEGAL_PAIRS)


def test_every_action_has_a_row_and_a_notice():
    assert set(workflow.TABLE) == set(A)
    assert set(NOTICES) == set(A)


def test_the_words_are_exactly_those_of_the_house():
    assert [s.label for s in S] == ["待下发", "整改中", "待验收", "待销号", "已销号", "已作废"]
    labels = [A.REGISTER, A.ISSUE, A.SUBMIT, A.REJECT, A.ACCEPT, A.CLOSE, A.RETURN, A.VOID]
    assert [a.label for a in labels] == [
        "登记隐患", "下发整改", "提交整改", "退回整改", "验收通过", "销号", "不予销号", "作废",
    ]  # fmt: skip


def test_the_status_reads_differently_for_each_side(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    words = {
        name: workflow.status_label(getattr(cast, name), hazard) for name in ("county", "manager", "city")
    }
    assert words == {"county": "待我验收", "manager": "已提交，等待验收", "city": "待验收"}
