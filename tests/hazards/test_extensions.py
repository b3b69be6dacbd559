"""延期: asked in good time, decided at the proper level, undecided it stops no clock."""

import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clocks.models import Clock
from common.http import Conflict
from hazards import deadlines
from hazards.actions import extending, lifecycle, policies, voiding
from hazards.actions.unfit import Unfit
from hazards.enums import HazardStatus
from hazards.models import ExtensionPolicyChange, ExtensionRequest, Hazard
from notifications.models import Notice
from tests.factories import (
    Cast,
    as_client,
    extension_asked,
    hazard_in,
    long_hazard,
    make_actor,
    photos_of,
    supervised,
)
from workdays import calendar

pytestmark = pytest.mark.django_db
S = HazardStatus
URL = "/hazards/extension-policy/"


@pytest.fixture
def cast():
    return Cast()


def asked_data(hazard, days=20, **changes):
    return {
        "version": hazard.version,
        "key": str(uuid.uuid4()),
        "reason": "设备到货推迟两周",
        "interim_measures": "停用该楼层，专人值守",
        "proposed_due_on": (hazard.due_on + timedelta(days=days)).isoformat(),
    } | changes


def test_an_approved_extension_sets_the_new_deadline_and_says_so_in_the_trace(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    old, new = hazard.due_on, hazard.due_on + timedelta(days=20)
    assert (hazard.extension_region, hazard.status) == (cast.place.county, S.RECTIFYING)
    hazard = extending.approve_extension(hazard, by=cast.county, due_on=new, opinion="同意")
    request = hazard.extensions.get()
    assert (hazard.due_on, hazard.extension_region) == (new, None)
    assert (request.outcome, request.old_due_on, request.new_due_on, request.decided_by) == (
        "approved", old, new, cast.county.user,
    )  # fmt: skip
    events = hazard.events.order_by("seq").values_list("action", "data__due_on")
    assert list(events)[-2:] == [("request_extension", None), ("approve_extension", new.isoformat())]


def test_a_refused_extension_keeps_the_deadline(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    before = hazard.due_on
    hazard = extending.refuse_extension(hazard, by=cast.county, reason="完全可以按期完成")
    assert (hazard.due_on, hazard.extension_region, hazard.extensions.get().outcome) == (
        before,
        None,
        "refused",
    )


def test_an_undecided_extension_stops_no_clock(cast):
    hazard = extension_asked(cast, long_hazard(cast, days=10))
    day_after = hazard.due_on + timedelta(days=1)
    assert list(Hazard.objects.overdue(day_after)) == [hazard]
    assert hazard.days_left(day_after) == -1


def test_submitting_settles_what_is_undecided(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已改好", evidence=photos_of(cast.manager))
    assert (hazard.extension_region, hazard.extensions.get().outcome) == (None, "lapsed")
    with pytest.raises(Conflict):
        extending.approve_extension(hazard, by=cast.county, due_on=hazard.due_on + timedelta(days=5))


def test_voiding_settles_what_is_undecided(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    hazard = voiding.void(hazard, by=cast.county, reason="现场核实属于误报")
    assert (hazard.status, hazard.extensions.get().outcome) == (S.VOIDED, "lapsed")


def test_the_institution_takes_an_undecided_request_back_and_may_ask_again(cast):
    hazard = extension_asked(cast, long_hazard(cast, severity="major"))
    before, request = hazard.due_on, hazard.extensions.get()
    with pytest.raises(PermissionDenied):
        extending.withdraw_extension(hazard, by=cast.county, reason="代机构撤回")
    hazard = extending.withdraw_extension(hazard, by=cast.safety, reason="设备提前到货")
    request.refresh_from_db()
    assert (hazard.due_on, hazard.extension_region, request.region) == (before, None, cast.place.city)
    assert (request.outcome, request.opinion, request.decided_by) == (
        "withdrawn", "设备提前到货", cast.safety.user,
    )  # fmt: skip
    event = hazard.events.order_by("seq").last()
    assert (event.action, event.comment, event.by) == ("withdraw_extension", "设备提前到货", cast.safety.user)
    told = Notice.objects.filter(subject__startswith="已撤回延期申请").values_list("recipient", flat=True)
    assert set(told) == {actor.user.pk for actor in (cast.city, cast.city2, cast.county, cast.county2)}
    clock = Clock.objects.get(kind="extension", subject_id=request.pk)
    assert clock.ended_at is not None
    with pytest.raises(PermissionDenied):
        extending.approve_extension(hazard, by=cast.city, due_on=before + timedelta(days=5))
    with pytest.raises(PermissionDenied):
        extending.withdraw_extension(hazard, by=cast.manager, reason="再撤一次")
    again = extension_asked(cast, hazard)
    assert list(again.extensions.values_list("outcome", flat=True)) == ["withdrawn", ""]


def test_what_was_withdrawn_does_not_count_as_granted(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    hazard = extending.withdraw_extension(hazard, by=cast.manager, reason="可以按期完成")
    assert extending.terms_for(hazard, timezone.localdate()).granted == 0


def test_the_application_is_printed_with_blanks_before_and_the_decision_after(cast):
    hazard = extension_asked(cast, long_hazard(cast, severity="major"), reason="消防泵须定制")
    url = f"/hazards/extensions/{hazard.extensions.get().pk}/print/"
    assert url in as_client(cast.manager).get(f"/hazards/{hazard.pk}/").text
    page = as_client(cast.manager).get(url).text
    for words in (
        "重大事故隐患整改延期申请书",
        f"{cast.place.city.name}民政部门：",
        "消防泵须定制",
        "前决定：",
    ):
        assert words in page
    due_on = hazard.extensions.get().proposed_due_on
    extending.approve_extension(hazard, by=cast.city, due_on=due_on, opinion="同意按此期限")
    page = as_client(cast.city).get(url).text
    assert (f"核定的整改期限为 {due_on.year}年{due_on.month}月{due_on.day}日" in page, "同意按此期限" in page) == (
        True, True,
    )  # fmt: skip


# --- how early, how often, how long -------------------------------------------------------------------------


@pytest.mark.parametrize(("today", "may_ask"), [(date(2026, 11, 25), True), (date(2026, 11, 26), False)])
def test_a_general_hazard_is_asked_for_three_working_days_before(cast, today, may_ask):
    due = date(2026, 11, 30)  # a Monday: Friday, Thursday and Wednesday are the three before it
    with time_machine.travel(today, tick=False):
        hazard = hazard_in(cast, S.RECTIFYING, issue_with={"due_on": due, "responsible_person": "张三"})
        terms = extending.terms_for(hazard, timezone.localdate())
        assert (terms.last_day_to_ask.on, not terms.why_not) == (date(2026, 11, 25), may_ask)


def test_too_late_is_a_422_that_says_what_to_do_instead_and_keeps_the_words(cast):
    hazard = hazard_in(
        cast, S.RECTIFYING, issue_with={"due_on": timezone.localdate(), "responsible_person": "张三"}
    )
    client, data = as_client(cast.manager), asked_data(hazard)
    page = client.get(f"/hazards/{hazard.pk}/request_extension/")
    assert (page.status_code, "现在已经晚了" in page.text) == (200, True)
    response = client.post(f"/hazards/{hazard.pk}/request_extension/", data)
    assert response.status_code == 422
    words = response.context["form"].non_field_errors()[0]
    assert words.startswith("一般隐患须在期限届满前 3 个工作日申请延期")
    assert words.endswith(extending.INSTEAD)
    assert "设备到货推迟两周" in response.text
    assert ExtensionRequest.objects.count() == 0
    with pytest.raises(Unfit, match="现在已经晚了"):
        extension_asked(cast, hazard)


def test_a_major_hazard_is_asked_for_fifteen_working_days_before_and_decided_by_the_city(cast):
    with pytest.raises(Unfit, match="15 个工作日"):
        extension_asked(cast, long_hazard(cast, days=14, severity="major"))
    hazard = extension_asked(cast, long_hazard(cast, days=40, severity="major"))
    assert hazard.extension_region == cast.place.city
    assert [r.decide_by for r in hazard.extensions.all()] == [
        deadlines.workdays_from(timezone.localdate(), 10).on
    ]
    with pytest.raises(PermissionDenied, match="由负责审批延期的民政部门决定"):
        extending.approve_extension(hazard, by=cast.county, due_on=hazard.due_on + timedelta(days=5))
    assert extending.approve_extension(hazard, by=cast.city, due_on=hazard.due_on + timedelta(days=5))


def test_under_supervision_of_the_province_the_province_decides(cast):
    hazard = supervised(long_hazard(cast), cast.province).hazard
    assert extension_asked(cast, hazard).extension_region == cast.place.province


def test_an_approved_extension_moves_the_order_along(cast):
    hazard = long_hazard(cast, days=60)
    order = supervised(hazard, cast.county, due_on=hazard.due_on)
    hazard = extension_asked(cast, hazard)
    assert hazard.extension_region == cast.place.city
    hazard = extending.approve_extension(hazard, by=cast.city, due_on=hazard.due_on + timedelta(days=20))
    order.refresh_from_db()
    assert order.due_on == hazard.due_on


def test_it_is_granted_twice_at_most(cast):
    hazard = long_hazard(cast)
    for _ in range(2):
        hazard = extension_asked(cast, hazard)
        hazard = extending.approve_extension(
            hazard, by=cast.county, due_on=hazard.due_on + timedelta(days=20)
        )
    with pytest.raises(Unfit, match="已经延期 2 次，最多 2 次"):
        extension_asked(cast, hazard)


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "须晚于原来的期限"), (-3, "须晚于原来的期限"), (400, "从下发起最长 366 天")],
)
def test_a_date_outside_the_cap_is_answered_beside_its_field(cast, days, words):
    hazard = long_hazard(cast)
    response = as_client(cast.manager).post(
        f"/hazards/{hazard.pk}/request_extension/", asked_data(hazard, days=days)
    )
    assert response.status_code == 422
    assert words in response.context["form"].errors["proposed_due_on"][0]


def test_no_later_date_is_granted_than_was_asked_for(cast):
    hazard = extension_asked(cast, long_hazard(cast), days=10)
    data = {
        "version": hazard.version,
        "key": str(uuid.uuid4()),
        "due_on": (hazard.due_on + timedelta(days=11)).isoformat(),
        "opinion": "",
    }
    response = as_client(cast.county).post(f"/hazards/{hazard.pk}/approve_extension/", data)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["核定的日期不能晚于机构申请的日期。"]


def test_a_year_without_holidays_counts_monday_to_friday_and_says_so(cast, monkeypatch):
    def missing(day, n):
        raise calendar.MissingYear(day.year)

    monkeypatch.setattr(deadlines, "add_workdays", missing)
    assert deadlines.workdays_from(date(2027, 3, 1), -3) == deadlines.Counted(
        date(2027, 2, 24), is_certain=False
    )
    hazard = long_hazard(cast)
    page = as_client(cast.manager).get(f"/hazards/{hazard.pk}/request_extension/")
    assert "节假日未维护，按周一至周五推算" in page.text


# --- who, and what stays -------------------------------------------------------------------------------------


def test_only_the_institution_asks_and_once_at_a_time(cast):
    hazard = long_hazard(cast)
    for actor in (cast.county, cast.city, cast.township, cast.auditor):
        with pytest.raises(PermissionDenied):
            extending.request_extension(
                hazard,
                by=actor,
                reason="没有理由的",
                interim_measures="专人值守",
                proposed_due_on=hazard.due_on,
            )
    hazard = extension_asked(cast, hazard)
    with pytest.raises(PermissionDenied, match="已经申请延期"):
        extension_asked(cast, hazard)


def test_whoever_asked_never_decides_even_in_another_post(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    moved = make_actor("county_official", cast.place.county, user=cast.manager.user)
    with pytest.raises(PermissionDenied, match="须由另一位同事决定"):
        extending.approve_extension(hazard, by=moved, due_on=hazard.due_on + timedelta(days=5))
    with pytest.raises(PermissionDenied, match="须由另一位同事决定"):
        extending.refuse_extension(hazard, by=moved, reason="自己不同意自己")


def test_those_who_decide_are_told_and_find_it_on_their_workbench(cast):
    hazard = extension_asked(cast, long_hazard(cast, severity="major"))
    told = Notice.objects.filter(subject__startswith="申请延期").values_list("recipient", flat=True)
    assert set(told) == {cast.city.user.pk, cast.city2.user.pk}
    rows = as_client(cast.city).get("/").context["waiting"]["rows"]
    assert [(row, row.label) for row in rows] == [(hazard, "延期申请待我决定")]
    page = as_client(cast.city).get("/hazards/extensions/")
    assert [r.hazard for r in page.context["page"]] == [hazard]
    assert as_client(cast.county).get("/").context["waiting"]["rows"] == []


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("outcome = 'lapsed'", "extension_decided_pair"),
        (
            "outcome = 'refused', decided_at = now(), decided_by_id = requested_by_id",
            "extension_by_another_person",
        ),
        ("outcome = 'approved', decided_at = now(), decided_by_id = {other}", "extension_approved_with_date"),
        ("proposed_due_on = old_due_on", "extension_later_than_before"),
        ("interim_measures = ''", "extension_says_why"),
    ],
)
def test_the_database_refuses_half_a_decision(cast, change, constraint):
    hazard = extension_asked(cast, long_hazard(cast))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE hazards_extensionrequest SET {change.format(other=cast.county.user.pk)}"
            f" WHERE hazard_id = {hazard.pk}"
        )


def test_the_database_refuses_a_hazard_that_goes_on_with_an_undecided_extension(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    with pytest.raises(IntegrityError, match="hazard_extension_only_while_rectifying"), transaction.atomic():
        Hazard.objects.filter(pk=hazard.pk).update(
            status="awaiting_verification", submitted_at=timezone.now(), submitted_by=cast.manager.user
        )
    with pytest.raises(IntegrityError, match="do not agree"), transaction.atomic():
        Hazard.objects.filter(pk=hazard.pk).update(extension_region=None)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_was_decided_is_never_changed_or_deleted(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    hazard = extending.refuse_extension(hazard, by=cast.county, reason="完全可以按期完成")
    for sql in ("UPDATE hazards_extensionrequest SET opinion = 'x'", "DELETE FROM hazards_extensionrequest"):
        with (
            pytest.raises(IntegrityError, match="is over"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


# --- limits as data --------------------------------------------------------------------------------------------


def limits(cast, **changes):
    return {
        "region": cast.place.county.pk, "case": "general", "ask_before": "5", "decide_within": "3", "most": "1",
        "cap_days": "180", "decider": "above",
    } | changes  # fmt: skip


def test_the_province_sets_the_limits_of_a_county_and_takes_them_back(cast):
    client, hazard = as_client(cast.province), long_hazard(cast)
    assert client.post(URL, limits(cast)).status_code == 302
    policy = extending.policy_for(hazard)
    assert (policy.ask_before, policy.decide_within, policy.most, policy.decider) == (5, 3, 1, "above")
    assert extension_asked(cast, hazard).extension_region == cast.place.city
    client.post(URL, {"region": cast.place.county.pk, "case": "general", "is_default": "on"})
    assert extending.policy_for(hazard).pk is None
    changes = ExtensionPolicyChange.objects.order_by("id").values_list("is_default", "ask_before")
    assert list(changes) == [(False, 5), (True, 3)]
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"decider": ""}, "decider", "请填写这一项。"),
        ({"case": "major", "decider": "supervisor"}, "decider", "重大隐患和挂牌督办的隐患须由上一级审批。"),
        ({"cap_days": "400"}, "cap_days", "确保该值小于或等于366。"),
    ],
)
def test_limits_that_make_no_sense_are_answered_in_words(cast, changes, field, words):
    response = as_client(cast.province).post(URL, limits(cast, **changes))
    assert (response.status_code, response.context["form"].errors[field]) == (422, [words])


def test_nobody_but_the_province_sets_limits(cast):
    for actor in (cast.city, cast.county, cast.manager, cast.auditor):
        assert as_client(actor).get(URL).status_code == 403
        with pytest.raises(PermissionDenied):
            policies.set_extension_policy(by=actor, region=cast.place.county, case="general", limits=None)
