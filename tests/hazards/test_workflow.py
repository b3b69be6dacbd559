"""The table: what each kind of actor may do in each status, written out by hand and compared with the code."""

import pytest

from hazards import workflow
from hazards.actions import lifecycle
from hazards.enums import HazardAction, HazardStatus
from hazards.models import LegalTransition
from hazards.notices import NOTICES
from tests.factories import (
    CONFIRMED,
    Cast,
    extension_asked,
    hazard_in,
    long_hazard,
    make_actor,
    make_liaison,
    make_place,
    supervised,
    transferred,
)

pytestmark = pytest.mark.django_db
A, S = HazardAction, HazardStatus

INSTITUTION = {"manager", "safety"}
COUNTY = {"county", "county2"}
# Who may do what, by status. In these stories `county` registered and accepted, `manager` submitted, `city` closed.
SUPERVISORS = {"county", "county2", "city", "city2", "province"}
ABOVE = SUPERVISORS - COUNTY
MAY = {
    S.REGISTERED: {A.ISSUE: COUNTY, A.VOID: COUNTY, A.TRANSFER: COUNTY, A.NUDGE: ABOVE},
    S.RECTIFYING: {
        A.PLAN: INSTITUTION,
        A.SUBMIT: INSTITUTION,
        A.REQUEST_EXTENSION: INSTITUTION,
        A.VOID: COUNTY,
        A.TRANSFER: COUNTY,
        A.PLACE_UNDER_SUPERVISION: SUPERVISORS,
        A.REASSIGN: COUNTY,
        A.NUDGE: SUPERVISORS,
    },
    S.AWAITING_VERIFICATION: {
        A.ACCEPT: COUNTY,
        A.REJECT: COUNTY,
        A.TRANSFER: COUNTY,
        A.PLACE_UNDER_SUPERVISION: SUPERVISORS,
        A.REASSIGN: COUNTY,
        A.NUDGE: ABOVE,
    },
    S.VERIFIED: {
        A.CLOSE: {"city", "city2"},
        A.RETURN: {"city", "city2"},
        A.REASSIGN: COUNTY,
        A.NUDGE: {*COUNTY, "province"},
    },
    S.CLOSED: {},
    S.VOIDED: {},
}
ACTORS = [
    "county", "county2", "city", "city2", "province", "township", "manager", "safety", "auditor",
    "system_admin", "security_admin", "sibling_county", "other_manager", "other_city", "liaison", "other_liaison",
]  # fmt: skip


@pytest.fixture
def cast():
    cast = Cast()
    sibling, elsewhere = make_place(city=cast.place.city), make_place(province=cast.place.province)
    cast.sibling_county = make_actor("county_official", sibling.county)
    cast.other_manager = make_actor("manager", sibling.institution())
    cast.other_city = make_actor("city_official", elsewhere.city)
    cast.other_liaison = make_liaison(sibling.county)
    return cast


def may(cast, hazard):
    """Which of the actors may do which act to the hazard."""
    found = {
        action: {name for name in ACTORS if action in workflow.actions_for(getattr(cast, name), hazard)}
        for action in A
    }
    return {action: who for action, who in found.items() if who}


@pytest.mark.parametrize("status", S)
def test_each_actor_may_do_exactly_what_the_house_says(cast, status):
    assert may(cast, hazard_in(cast, status)) == MAY[status]


def changed(status, **acts):
    """What the house says of `status`, with these acts by other people (none: by nobody)."""
    return {a: who for a, who in (MAY[status] | {A(k): v for k, v in acts.items()}).items() if who}


def test_while_an_extension_is_undecided_the_chosen_authority_decides(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    decides = {"approve_extension": COUNTY, "refuse_extension": COUNTY, "request_extension": set()}
    decides["withdraw_extension"] = INSTITUTION
    assert may(cast, hazard) == changed(S.RECTIFYING, **decides)
    hazard = extension_asked(cast, long_hazard(cast, severity="major"))
    decides = {"approve_extension": {"city", "city2"}, "refuse_extension": {"city", "city2"}}
    decides["withdraw_extension"] = INSTITUTION
    asked = {"request_extension": set(), "request_void": COUNTY, "void": set()}
    assert may(cast, hazard) == changed(S.RECTIFYING, **decides, **asked)


def test_under_supervision_the_institution_reports_and_the_same_level_or_a_higher_one_ends_it(cast):
    hazard = supervised(hazard_in(cast, S.RECTIFYING), cast.city).hazard
    above = {"city", "city2", "province"}
    ordered = {
        "report_progress": INSTITUTION, "revoke_supervision": above, "place_under_supervision": {"province"},
        "void": set(),
    }  # fmt: skip
    assert may(cast, hazard) == changed(S.RECTIFYING, **ordered)


def test_what_is_accepted_under_supervision_is_lifted_before_it_is_closed(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    supervised(hazard, cast.county)
    hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    ordered = {
        "lift_supervision": SUPERVISORS, "revoke_supervision": SUPERVISORS, "report_progress": INSTITUTION,
        "close": set(), "nudge": ABOVE,
    }  # fmt: skip
    assert may(cast, hazard) == changed(S.VERIFIED, **ordered)
    assert workflow.refusal(A.CLOSE, cast.city, hazard) == "正在挂牌督办，须先摘牌才能销号。"


def test_while_a_department_has_not_answered_its_liaison_may_and_the_sender_too(cast):
    liaison = cast.liaison
    hazard = transferred(hazard_in(cast, S.RECTIFYING), cast.county).hazard
    waits = {"withdraw_transfer": COUNTY, "record_answer": COUNTY}
    # That it went to their own authority is asked of the transfer (tests/hazards/test_transfers.py).
    waits["answer_transfer"] = {"liaison", "other_liaison"}
    assert liaison == cast.liaison
    assert may(cast, hazard) == changed(S.RECTIFYING, **waits)


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
