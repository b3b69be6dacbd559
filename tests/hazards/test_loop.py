"""The loop as stories: 发现 → 整改 → 验收 → 销号, each by another party."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from common.http import Conflict
from hazards.actions import lifecycle, voiding
from hazards.actions.anchoring import make_anchor
from hazards.enums import HazardStatus
from hazards.models import Hazard, Verification
from notifications.models import Notice
from tests.factories import CONFIRMED, Cast, hazard_in, make_actor, photos_of, register_hazard

pytestmark = pytest.mark.django_db
S = HazardStatus


@pytest.fixture
def cast():
    return Cast()


def events(hazard):
    return [e.action for e in hazard.events.order_by("seq")]


def test_the_whole_loop_with_one_round_rejected(cast):
    today = timezone.localdate()
    hazard = register_hazard(cast)
    hazard = lifecycle.submit(
        hazard, by=cast.manager, measures="清理了一半", evidence=photos_of(cast.manager)
    )
    hazard = lifecycle.reject(
        hazard, by=cast.county2, reason="东侧仍有杂物", due_on=today + timedelta(days=3)
    )
    assert (hazard.status, hazard.round, hazard.submitted_by, hazard.due_on) == (
        S.RECTIFYING, 2, None, today + timedelta(days=3),
    )  # fmt: skip
    hazard = lifecycle.submit(
        hazard, by=cast.manager, measures="全部清理", evidence=photos_of(cast.manager, 2)
    )
    hazard = lifecycle.accept(hazard, by=cast.county2, opinion="已清理", **CONFIRMED)
    assert hazard.closing_region == cast.place.city
    hazard = lifecycle.close(hazard, by=cast.city, opinion="同意销号")
    assert hazard.status == S.CLOSED
    assert events(hazard) == ["register", "issue", "submit", "reject", "submit", "accept", "close"]
    outcomes = Verification.objects.filter(submission__hazard=hazard).order_by("submission__round")
    assert [v.outcome for v in outcomes] == ["rejected", "accepted"]
    assert sorted(hazard.evidence.values_list("stage", "round")) == [
        ("found", 0), ("rectified", 1), ("rectified", 2), ("rectified", 2),
    ]  # fmt: skip


def test_fixed_on_the_spot_still_needs_another_person_to_verify(cast):
    fixed = {"measures": "当场清理", "evidence": photos_of(cast.county), "responsible_person": "张三"}
    hazard = register_hazard(cast, issue_with=None, fixed_with=fixed)
    assert (hazard.status, hazard.round, hazard.is_fixed_on_the_spot) == (S.AWAITING_VERIFICATION, 1, True)
    with pytest.raises(PermissionDenied, match="另一位同事验收"):
        lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    assert lifecycle.accept(hazard, by=cast.county2, opinion="属实", **CONFIRMED).status == S.VERIFIED


def test_one_person_with_two_posts_cannot_verify_and_close(cast):
    hazard = hazard_in(cast, S.VERIFIED)
    also_at_city = make_actor("city_official", cast.place.city, user=cast.county.user)
    with pytest.raises(PermissionDenied, match="另一位同事销号"):
        lifecycle.close(hazard, by=also_at_city)


def test_a_major_hazard_is_not_submitted_before_all_five_are_settled(cast):
    hazard = register_hazard(cast, severity="major")
    with pytest.raises(lifecycle.PlanIncomplete) as error:
        lifecycle.submit(hazard, by=cast.manager, measures="已改", evidence=photos_of(cast.manager))
    assert error.value.missing == ["措施", "责任人", "资金", "时限", "预案"]
    hazard = lifecycle.plan(
        hazard, by=cast.manager, measures="更换线路", responsible_person="张三", funds=0,
        finish_on=hazard.due_on, contingency="停用该楼层",
    )  # fmt: skip
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已改", evidence=photos_of(cast.manager))
    assert hazard.status == S.AWAITING_VERIFICATION


def test_a_major_hazard_is_voided_by_two_people(cast):
    hazard = register_hazard(cast, severity="major")
    with pytest.raises(PermissionDenied, match="须先申请"):
        voiding.void(hazard, by=cast.county, reason="现场核实属于误报")
    hazard = voiding.request_void(hazard, by=cast.county, reason="现场核实属于误报")
    with pytest.raises(PermissionDenied, match="另一位同事同意"):
        voiding.void(hazard, by=cast.county, reason="现场核实属于误报")
    assert voiding.void(hazard, by=cast.county2, reason="同意，属误报").status == S.VOIDED


def test_an_act_on_an_old_version_is_a_conflict_that_says_who_did_what(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    seen = hazard.version
    lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    with pytest.raises(Conflict) as conflict:
        lifecycle.reject(
            hazard, by=cast.county2, reason="没有改到位", due_on=timezone.localdate(), version=seen
        )
    who = f"{cast.county.user.name}（{cast.county.place_name}）"
    assert [(c["what"], c["who"]) for c in conflict.value.context["changes"]] == [("验收通过", who)]


def test_the_same_uid_again_is_the_same_hazard(cast):
    uid = uuid.uuid4()
    first = register_hazard(cast, uid=uid)
    assert register_hazard(cast, uid=uid) == first
    assert Hazard.objects.count() == 1


def test_everybody_concerned_is_told_but_not_the_one_who_acted(cast):
    hazard = register_hazard(cast)
    assert set(Notice.objects.values_list("recipient", flat=True)) == {
        cast.manager.user.pk,
        cast.safety.user.pk,
    }
    lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    told = Notice.objects.filter(subject__startswith="已提交整改").values_list("recipient", flat=True)
    assert set(told) == {cast.county.user.pk, cast.county2.user.pk}


def test_a_photo_used_as_evidence_cannot_be_used_again(cast):
    mine = photos_of(cast.county)
    register_hazard(cast, evidence=mine)
    with pytest.raises(ValueError, match="重新上传"):
        register_hazard(cast, evidence=mine)


def test_an_institution_learns_of_an_officials_finding_when_it_is_issued(cast):
    hazard = register_hazard(cast, issue_with=None)
    assert list(Hazard.objects.visible_to(cast.manager)) == []
    due = timezone.localdate() + timedelta(days=3)
    lifecycle.issue(hazard, by=cast.county, due_on=due, responsible_person="张三")
    assert list(Hazard.objects.visible_to(cast.manager)) == [hazard]


def test_a_daily_anchor_is_made_once_for_the_same_events(cast):
    register_hazard(cast)
    first = make_anchor()
    assert (first.event_count, first.previous_digest) == (2, "")
    second = make_anchor()
    assert (second.event_count, second.previous_digest) == (0, first.digest)


def test_the_institutions_clock_stops_when_it_submits_and_starts_again_when_rejected(cast):
    yesterday, today = timezone.localdate() - timedelta(days=1), timezone.localdate()
    hazard = hazard_in(cast, S.RECTIFYING, issue_with={"due_on": yesterday, "responsible_person": "张三"})
    assert (list(Hazard.objects.overdue(today)), hazard.days_left(today)) == ([hazard], -1)
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    assert (list(Hazard.objects.overdue(today)), hazard.days_left(today)) == ([], None)
    hazard = lifecycle.reject(hazard, by=cast.county, reason="没有改到位", due_on=today)
    assert (list(Hazard.objects.overdue(today)), hazard.days_left(today)) == ([], 0)


def test_a_submission_settles_the_request_to_void(cast):
    hazard = register_hazard(cast, severity="general")
    assert hazard.void_requested_by is None
    major = register_hazard(cast, severity="major")
    major = voiding.request_void(major, by=cast.county, reason="现场核实属于误报")
    major = lifecycle.plan(
        major, by=cast.manager, measures="更换", responsible_person="张三", funds=0, finish_on=major.due_on,
        contingency="停用",
    )  # fmt: skip
    major = lifecycle.submit(major, by=cast.manager, measures="已改", evidence=photos_of(cast.manager))
    assert (major.void_requested_by, major.void_reason) == (None, "")
