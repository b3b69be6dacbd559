"""催办: one notice to the party whose turn it is, once a day for each authority, and a trace; nothing else moves."""

import io
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from hazards.actions import lifecycle, nudging
from hazards.actions.unfit import Unfit
from hazards.enums import HazardStatus
from hazards.models import HazardEvent
from institutions.models import Membership
from notifications.models import Delivery, Notice
from tests.factories import (
    CONFIRMED,
    Cast,
    as_client,
    hazard_in,
    make_actor,
    photos_of,
    supervised,
)
from tests.reliability.people import at_once

S = HazardStatus
BEIJING = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def cast():
    return Cast()


def told(subject: str) -> set[int]:
    return set(Notice.objects.filter(subject__startswith=subject).values_list("recipient", flat=True))


def ids(*actors) -> set[int]:
    return {actor.user.pk for actor in actors}


def page_of(actor, hazard) -> str:
    return as_client(actor).get(f"/hazards/{hazard.pk}/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "by", "step", "whom"),
    [
        (S.REGISTERED, "city", "下发整改", ("county", "county2")),
        (S.RECTIFYING, "county", "整改", ("manager", "safety")),
        (S.RECTIFYING, "province", "整改", ("manager", "safety")),
        (S.AWAITING_VERIFICATION, "city", "验收", ("county", "county2")),
        (S.VERIFIED, "county", "销号", ("city", "city2")),
    ],
)
def test_the_party_whose_turn_it_is_hears_of_it_and_nobody_else(cast, status, by, step, whom):
    hazard = hazard_in(cast, status)
    by = getattr(cast, by)
    after = nudging.nudge(hazard, by=by, words="请本周内办理")
    subject = f"催办，请尽快{step}：{cast.home.name}"
    assert told(subject) == ids(*(getattr(cast, name) for name in whom))
    notice = Notice.objects.filter(subject=subject).first()
    assert "意见：请本周内办理" in notice.body
    assert notice.url == f"/hazards/{hazard.pk}/"
    assert (after.status, after.due_on, after.status_changed_at) == (
        hazard.status, hazard.due_on, hazard.status_changed_at,
    )  # fmt: skip
    event = hazard.events.latest("seq")
    assert (event.action, event.comment, event.by, event.from_status, event.to_status) == (
        "nudge", "请本周内办理", by.user, status, status,
    )  # fmt: skip
    call_command("verify_audit", stdout=io.StringIO())


@pytest.mark.django_db
def test_what_waits_for_an_order_to_be_lifted_is_asked_of_who_placed_it(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    supervised(hazard, cast.province)
    hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    nudging.nudge(hazard, by=cast.county)
    assert told("催办，请尽快摘牌") == ids(cast.province)
    with pytest.raises(PermissionDenied, match="现在正等您所在的单位办理"):
        nudging.nudge(hazard, by=cast.province)


@pytest.mark.django_db
def test_an_authority_asks_once_a_day_and_another_one_still_may(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    at = datetime(2026, 11, 20, 23, 50, tzinfo=BEIJING)
    with time_machine.travel(at, tick=False):
        nudging.nudge(hazard, by=cast.county)
        said = f"今天已经催办过：{cast.county.user.name} 23:50 催办了{cast.home.name}。明天可以再催。"
        with pytest.raises(Unfit, match=said):
            nudging.nudge(hazard, by=cast.county2)
        nudging.nudge(hazard, by=cast.city)
    with time_machine.travel(at + timedelta(minutes=20), tick=False):  # the next day in Beijing
        nudging.nudge(hazard, by=cast.county2)
    assert hazard.events.filter(action="nudge").count() == 3
    assert Notice.objects.filter(subject__startswith="催办", recipient=cast.manager.user).count() == 3


@pytest.mark.django_db
def test_the_database_refuses_a_second_one_of_the_day_whatever_the_code_believes(cast):
    hazard = nudging.nudge(hazard_in(cast, S.RECTIFYING), by=cast.county)
    event = hazard.events.latest("seq")
    event.pk, event.seq = None, event.seq + 1
    with pytest.raises(IntegrityError, match="event_nudge_once_a_day"), transaction.atomic():
        event.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_of_two_colleagues_at_once_one_asks_and_the_other_is_told(cast):
    hazard = hazard_in(cast, S.RECTIFYING)

    def by(actor):
        def run():
            try:
                return nudging.nudge(hazard, by=actor).pk
            except Unfit as refused:
                return str(refused)[:8]
            finally:
                connection.close()

        return run

    assert sorted(map(str, at_once(by(cast.county), by(cast.county2)))) == sorted(
        [str(hazard.pk), "今天已经催办过："]
    )
    assert HazardEvent.objects.filter(action="nudge").count() == 1


@pytest.mark.django_db
def test_whoever_is_nudged_while_they_write_loses_nothing(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    form = {"version": hazard.version, "key": str(uuid.uuid4()), "measures": "已清理"}
    nudging.nudge(hazard, by=cast.county)
    nudging.nudge(hazard, by=cast.city)
    form["evidence"] = [str(pk) for pk in photos_of(cast.manager)]
    answer = as_client(cast.manager).post(f"/hazards/{hazard.pk}/submit/", form)
    hazard.refresh_from_db()
    assert (answer.status_code, hazard.status) == (302, S.AWAITING_VERIFICATION)


@pytest.mark.django_db
def test_a_form_to_nudge_is_outdated_by_an_act_that_moves_the_turn(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    form = {"version": hazard.version, "key": str(uuid.uuid4()), "words": ""}
    hazard_moved = as_client(cast.manager).post(
        f"/hazards/{hazard.pk}/submit/",
        {
            "version": hazard.version, "key": str(uuid.uuid4()), "measures": "已清理",
            "evidence": [str(pk) for pk in photos_of(cast.manager)],
        },
    )  # fmt: skip
    assert hazard_moved.status_code == 302
    answer = as_client(cast.city).post(f"/hazards/{hazard.pk}/nudge/", form)
    assert (answer.status_code, told("催办")) == (409, set())


@pytest.mark.django_db
def test_where_nobody_can_hear_it_the_person_is_told_to_ring_up(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    Membership.objects.filter(institution=cast.home).update(is_active=False)
    with pytest.raises(Unfit, match=f"{cast.home.name}还没有能收到催办的账号，请直接联系。"):
        nudging.nudge(hazard, by=cast.county)
    assert not hazard.events.filter(action="nudge").exists()


@pytest.mark.django_db
def test_it_waits_for_the_end_of_quiet_hours_like_any_other_message(cast, settings):
    settings.EMAIL_ENABLED, settings.QUIET_HOURS = True, "21:00-07:30"
    cast.manager.user.email = "yuanzhang@example.com"
    cast.manager.user.save()
    hazard = hazard_in(cast, S.RECTIFYING)
    with time_machine.travel(datetime(2026, 11, 20, 22, 0, tzinfo=BEIJING), tick=False):
        nudging.nudge(hazard, by=cast.county)
    sent = Delivery.objects.get(notice__subject__startswith="催办")
    assert timezone.localtime(sent.due_at) == datetime(2026, 11, 21, 7, 30, tzinfo=BEIJING)


@pytest.mark.django_db
def test_the_page_offers_it_and_says_how_often_it_was_done_to_those_who_supervise(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    offer = f'href="/hazards/{hazard.pk}/nudge/"'
    assert [offer in page_of(actor, hazard) for actor in (cast.county, cast.city, cast.manager)] == [
        True, True, False,
    ]  # fmt: skip
    form = {"version": hazard.version, "key": str(uuid.uuid4()), "words": "请本周内完成"}
    answer = as_client(cast.county).post(f"/hazards/{hazard.pk}/nudge/", form, follow=True).content.decode()
    assert "已催办，对方会收到通知。" in answer
    county, city, house = (page_of(actor, hazard) for actor in (cast.county2, cast.city, cast.manager))
    assert [offer in page for page in (county, city, house)] == [False, True, False]
    assert "已催办 1 次，最近 " in county
    assert "今天已经催办过，明天可以再催" in county
    assert ("已催办 1 次" in city, "今天已经催办过" in city) == (True, False)
    # The house reads it in the history, as any act on its hazard.
    assert ("已催办 1 次" in house, f"催办对象：{cast.home.name}" in house) == (False, True)


@pytest.mark.django_db
def test_a_second_form_of_the_day_comes_back_with_words_and_what_was_typed(cast):
    hazard = nudging.nudge(hazard_in(cast, S.RECTIFYING), by=cast.county)
    client, url = as_client(cast.county), f"/hazards/{hazard.pk}/nudge/"
    page = client.get(url).content.decode()
    assert f"{cast.home.name}（整改）" in page
    answer = client.post(url, {"version": hazard.version, "key": str(uuid.uuid4()), "words": "再催一次"})
    assert (answer.status_code, "今天已经催办过：" in answer.text, "再催一次" in answer.text) == (
        422,
        True,
        True,
    )


@pytest.mark.django_db
def test_a_sibling_county_does_not_find_it_and_an_auditor_may_not(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    auditor = make_actor("auditor", cast.place.county)
    assert as_client(auditor).get(f"/hazards/{hazard.pk}/nudge/").status_code == 403
    elsewhere = Cast()
    assert as_client(elsewhere.county).get(f"/hazards/{hazard.pk}/nudge/").status_code == 404
