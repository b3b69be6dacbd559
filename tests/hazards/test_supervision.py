"""挂牌督办: placed, raised, reported on, lifted after acceptance; while it is open nothing closes."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from common.http import Conflict
from hazards.actions import dues, lifecycle, supervising, voiding
from hazards.actions.unfit import Unfit
from hazards.enums import HazardStatus
from hazards.models import Hazard, SupervisionOrder
from institutions.models import Institution
from notifications.models import Notice
from tests.factories import (
    CONFIRMED,
    AuthorityFactory,
    Cast,
    as_client,
    hazard_in,
    make_actor,
    make_place,
    photos_of,
    supervised,
)

pytestmark = pytest.mark.django_db
S = HazardStatus


@pytest.fixture
def cast():
    return Cast()


def run(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def accepted(cast, hazard):
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已治理", evidence=photos_of(cast.manager))
    return lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)


def order_data(hazard, **changes):
    today = timezone.localdate()
    return {
        "version": hazard.version, "key": str(uuid.uuid4()), "supervising_unit": "县安全生产委员会",
        "document_number": "县督〔2026〕1号", "requirements": "限期治理完毕，期间停用",
        "due_on": (today + timedelta(days=60)).isoformat(),
        "plan_due_on": (today + timedelta(days=15)).isoformat(), "report_every_days": "30",
    } | changes  # fmt: skip


def test_a_county_orders_the_institution_reports_and_the_county_lifts_before_the_city_closes(cast):
    hazard = hazard_in(cast, S.RECTIFYING, severity="general")
    response = as_client(cast.county).post(
        f"/hazards/{hazard.pk}/place_under_supervision/", order_data(hazard)
    )
    assert response.status_code == 302
    hazard.refresh_from_db()
    order = hazard.supervisions.get()
    assert (order.level, order.authority, order.is_open) == ("county", cast.county.authority, True)
    hazard = supervising.report_progress(
        hazard,
        by=cast.manager,
        progress="已完成设计",
        next_steps="月底前施工",
        evidence=photos_of(cast.manager),
    )
    assert hazard.evidence.get(stage="progress").progress_report == order.reports.get()
    hazard = accepted(cast, hazard)
    with pytest.raises(PermissionDenied, match="须先摘牌"):
        lifecycle.close(hazard, by=cast.city, opinion="同意")
    hazard = supervising.lift_supervision(hazard, by=cast.county, opinion="治理完毕")
    assert lifecycle.close(hazard, by=cast.city, opinion="同意").status == S.CLOSED
    assert [e.action for e in hazard.events.order_by("seq")][2:] == [
        "place_under_supervision", "report_progress", "submit", "accept", "lift_supervision", "close",
    ]  # fmt: skip


def test_a_city_raises_a_countys_order_and_the_county_may_not_end_it(cast):
    first = supervised(hazard_in(cast, S.RECTIFYING), cast.county)
    second = supervised(first.hazard, cast.city)
    first.refresh_from_db()
    assert (first.state, second.raised_from, second.hazard.supervised_region) == (
        "raised", first, cast.place.city,
    )  # fmt: skip
    for actor in (cast.county, cast.city2):
        with pytest.raises(PermissionDenied, match="只有更高一级"):
            supervised(second.hazard, actor)
    hazard = accepted(cast, second.hazard)
    with pytest.raises(PermissionDenied, match="由督办部门或上级民政部门办理"):
        supervising.lift_supervision(hazard, by=cast.county, opinion="治理完毕")
    hazard = supervising.lift_supervision(hazard, by=cast.province, opinion="治理完毕")
    assert hazard.supervised_region is None


def test_it_is_lifted_after_acceptance_only(cast):
    hazard = supervised(hazard_in(cast, S.RECTIFYING), cast.county).hazard
    with pytest.raises(Conflict):
        supervising.lift_supervision(hazard, by=cast.county, opinion="治理完毕")
    hazard = accepted(cast, hazard)
    hazard = lifecycle.return_(hazard, by=cast.city, reason="验收材料不全", due_on=timezone.localdate())
    assert hazard.supervised_region == cast.place.county  # returned, the order stands


def test_an_order_placed_by_mistake_is_revoked_and_then_the_hazard_may_be_voided(cast):
    hazard = supervised(hazard_in(cast, S.RECTIFYING), cast.city).hazard
    with pytest.raises(PermissionDenied, match="须先由督办部门撤销督办"):
        voiding.void(hazard, by=cast.county, reason="现场核实属于误报")
    hazard = supervising.revoke_supervision(hazard, by=cast.city, reason="现场核实属于误报")
    assert voiding.void(hazard, by=cast.county, reason="现场核实属于误报").status == S.VOIDED


def test_an_order_never_makes_up_for_what_is_late_already(cast):
    yesterday = timezone.localdate() - timedelta(days=1)
    hazard = hazard_in(cast, S.RECTIFYING, issue_with={"due_on": yesterday, "responsible_person": "张三"})
    hazard = supervised(hazard, cast.county).hazard
    assert (hazard.due_on, list(Hazard.objects.overdue(timezone.localdate()))) == (yesterday, [hazard])


def test_the_next_report_is_due_a_period_after_the_last(cast):
    order = supervised(hazard_in(cast, S.RECTIFYING), cast.county, report_every_days=10)
    today = timezone.localdate()
    assert order.next_report_on == today + timedelta(days=10)
    assert dues.progress_report(order).due_on == order.next_report_on
    supervising.report_progress(order.hazard, by=cast.manager, progress="已完成设计", next_steps="月底前施工")
    order.refresh_from_db()
    assert (order.next_report_on, order.reports.get().was_due_on) == (today + timedelta(days=10),) * 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"due_on": "2020-01-01"}, "due_on", "整改期限不能早于今天。"),
        ({"plan_due_on": "2020-01-01"}, "plan_due_on", "报送期限不能早于今天。"),
        ({"plan_due_on": "2099-01-01"}, "plan_due_on", "治理方案须在治理完毕期限之前报送。"),
        ({"report_every_days": "93"}, "report_every_days", "确保该值小于或等于92。"),
    ],
)
def test_an_order_that_makes_no_sense_is_answered_beside_its_field(cast, changes, field, words):
    hazard = hazard_in(cast, S.RECTIFYING)
    response = as_client(cast.county).post(
        f"/hazards/{hazard.pk}/place_under_supervision/", order_data(hazard, **changes)
    )
    assert (response.status_code, response.context["form"].errors[field]) == (422, [words])


def test_a_document_number_is_used_once_by_an_authority(cast):
    supervised(hazard_in(cast, S.RECTIFYING), cast.county, document_number="县督〔2026〕1号")
    hazard = hazard_in(cast, S.RECTIFYING)
    response = as_client(cast.county).post(
        f"/hazards/{hazard.pk}/place_under_supervision/", order_data(hazard)
    )
    assert (response.status_code, response.context["form"].non_field_errors()) == (
        422, [supervising.NUMBER_TAKEN],
    )  # fmt: skip
    hazard.refresh_from_db()
    assert (hazard.supervised_region, hazard.events.count()) == (None, 2)
    with pytest.raises(Unfit):
        supervised(hazard, cast.county, document_number="县督〔2026〕1号")


def test_the_institution_and_its_authority_are_told_and_the_holder_hears_of_progress(cast):
    hazard = supervised(hazard_in(cast, S.RECTIFYING), cast.city).hazard
    told = Notice.objects.filter(subject__startswith="已挂牌督办").values_list("recipient", flat=True)
    people = (cast.manager, cast.safety, cast.county, cast.county2)
    assert set(told) == {actor.user.pk for actor in people}
    supervising.report_progress(hazard, by=cast.manager, progress="已完成设计", next_steps="月底前施工")
    told = Notice.objects.filter(subject__startswith="报告治理进展").values_list("recipient", flat=True)
    people = (cast.city, cast.city2, cast.county, cast.county2)
    assert set(told) == {actor.user.pk for actor in people}


def test_the_printed_notice_carries_the_official_text(cast):
    order = supervised(hazard_in(cast, S.RECTIFYING, severity="major"), cast.county)
    text = as_client(cast.manager).get(f"/hazards/orders/{order.pk}/print/").text
    for words in (
        "重大事故隐患挂牌督办通知书", "主要负责人组织制定治理方案", "每季度至少报告一次治理进展", "《验收申请书》",
        "15 个工作日提交《延期申请表》", "落实防控措施", "一式二份", order.document_number,
    ):  # fmt: skip
        assert words in text


def test_what_waits_to_be_lifted_waits_for_the_holder_and_not_for_the_closer(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    supervised(hazard, cast.county)
    hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    rows = as_client(cast.county2).get("/").context["waiting"]["rows"]
    assert [(row, row.label) for row in rows] == [(hazard, "待我摘牌")]
    assert as_client(cast.city).get("/").context["waiting"]["rows"] == []
    page = as_client(cast.manager).get(f"/hazards/{hazard.pk}/")
    assert page.context["waits_on"] == f"等待{cast.place.county.name}民政部门摘牌"


def test_the_list_shows_what_is_open_in_scope_with_a_fixed_number_of_statements(
    cast, django_assert_num_queries
):
    foreign = Cast()
    supervised(hazard_in(foreign, S.RECTIFYING), foreign.county)
    client = as_client(cast.city)
    for count in (1, 3):
        while SupervisionOrder.objects.visible_to(cast.city).count() < count:
            supervised(hazard_in(cast, S.RECTIFYING), cast.county)
        client.get("/hazards/orders/")
        with django_assert_num_queries(10):
            page = client.get("/hazards/orders/")
        assert len(page.context["page"].object_list) == count


def test_the_level_follows_the_institution_to_another_county(cast):
    order = supervised(hazard_in(cast, S.RECTIFYING), cast.county)
    other = make_place(city=cast.place.city)
    Institution.objects.filter(pk=cast.home.pk).update(
        county=other.county, township=other.township, authority=AuthorityFactory(region=other.county)
    )
    hazard = Hazard.objects.get(pk=order.hazard.pk)
    assert hazard.supervised_region == other.county
    hazard = accepted_in(other, cast, hazard)
    new = make_actor("county_official", other.county)
    assert supervising.lift_supervision(hazard, by=new, opinion="治理完毕").supervised_region is None


def accepted_in(place, cast, hazard):
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已治理", evidence=photos_of(cast.manager))
    verifier = make_actor("county_official", place.county)
    return lifecycle.accept(hazard, by=verifier, opinion="属实", **CONFIRMED)


def test_the_database_closes_nothing_under_an_open_order(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    supervised(hazard, cast.county)
    hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    close = (
        f"UPDATE hazards_hazard SET status = 'closed', closed_at = now(), closed_by_id = {cast.city.user.pk}"
    )
    with pytest.raises(IntegrityError, match="hazard_ends_without_open_matters"):
        run(f"{close} WHERE id = %s", hazard.pk)
    # And taking the fact away while the order stands is seen at the commit.
    with pytest.raises(IntegrityError, match="do not agree"):
        run(f"{close}, supervised_region_id = NULL WHERE id = %s", hazard.pk)


def test_what_has_ended_stays_and_reports_are_never_rewritten(cast):
    order = supervised(hazard_in(cast, S.RECTIFYING), cast.county)
    supervising.report_progress(order.hazard, by=cast.manager, progress="已完成设计", next_steps="月底前施工")
    supervising.revoke_supervision(order.hazard, by=cast.county, reason="文号下错了")
    for sql in ("UPDATE hazards_supervisionorder SET due_on = now()", "DELETE FROM hazards_supervisionorder"):
        with pytest.raises(IntegrityError, match="is over"):
            run(sql)
    with pytest.raises(ProgrammingError, match="permission denied"):
        run("UPDATE hazards_progressreport SET progress = 'x'")
