"""Extensions, orders, reports, transfers and feedback have clocks: they start, move and stop with their acts, and people hear."""

from datetime import date, timedelta
from importlib import import_module

import pytest
import time_machine
from django.db import connection, transaction

from clocks.models import Clock, PendingLine, Reminder
from clocks.sweep import sweep
from hazards.actions import extending, lifecycle, summoning, supervising, transferring
from hazards.models import Summons
from notifications.models import Notice
from tests.clocks.made import at, seed
from tests.factories import (
    Cast,
    draft_to_county,
    extension_asked,
    hazard_in,
    long_hazard,
    photos_of,
    supervised,
    transferred,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)  # a Monday; 清明 is far enough
TEXTS = {"title": "关于整改不力", "text": "多条隐患逾期未改，请说明原因。"}


@pytest.fixture
def cast(db):
    seed()
    with time_machine.travel(at(TODAY, 9)):
        yield Cast()


def clock(kind: str) -> tuple:
    """The latest clock of a kind: when it is due, whether it runs."""
    found = Clock.objects.filter(kind=kind).latest("pk")
    return found.due_on, found.ended_at is None


def told(kind: str, day: date) -> dict[str, set[str]]:
    """Who was told what of clocks of a kind on a day, those before it having been told: rung → user names."""
    sweep(at(day - timedelta(days=1)))
    with time_machine.travel(at(day, 6)):
        sweep()
    lines = PendingLine.objects.filter(clock__kind=kind, reminder__rung_on=day)
    codes = set(lines.values_list("reminder__rung_code", flat=True))
    with time_machine.travel(at(day, 8)):
        sweep()
    notices = Notice.objects.filter(dedupe_key=f"digest:{day.isoformat()}")
    return {code: set(notices.values_list("recipient__username", flat=True)) for code in sorted(codes)}


def names(*actors) -> set[str]:
    return {actor.user.username for actor in actors}


def test_the_decision_on_an_extension_is_owed_until_it_comes(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    request = hazard.extensions.get()
    assert clock("extension") == (request.decide_by, True)
    owed = Clock.objects.get(kind="extension")
    assert (owed.institution, owed.authority, owed.url) == (
        None, cast.home.authority, f"/hazards/{hazard.pk}/",
    )  # fmt: skip
    extending.refuse_extension(hazard, by=cast.county, reason="可以按期完成")
    assert clock("extension") == (request.decide_by, False)


def test_the_level_above_owes_what_the_level_above_decides(cast):
    extension_asked(cast, long_hazard(cast, severity="major"))
    owed = Clock.objects.get(kind="extension")
    assert (owed.authority, owed.is_major) == (cast.city.authority, True)
    with time_machine.travel(at(owed.due_on + timedelta(days=1), 6)):
        sweep()
    heard = Notice.objects.filter(topic=owed.topic).values_list("recipient__username", flat=True)
    assert set(heard) == names(cast.city, cast.city2)


def test_an_order_has_two_clocks_a_report_moves_one_and_an_extension_the_other(cast):
    order = supervised(long_hazard(cast), cast.county, report_every_days=10)
    assert (clock("supervision"), clock("progress")) == (
        (order.due_on, True), (TODAY + timedelta(days=10), True),
    )  # fmt: skip
    with time_machine.travel(at(TODAY + timedelta(days=4))):
        supervising.report_progress(order.hazard, by=cast.manager, progress="已完成治理", next_steps="继续")
    assert clock("progress") == (TODAY + timedelta(days=14), True)
    hazard = extension_asked(cast, order.hazard)
    new = hazard.extensions.get().proposed_due_on
    extending.approve_extension(hazard, by=cast.city, due_on=new)
    assert (clock("supervision"), clock("hazard")) == ((max(order.due_on, new), True), (new, True))
    supervising.revoke_supervision(order.hazard, by=cast.county, reason="下错了对象")
    assert (clock("supervision")[1], clock("progress")[1]) == (False, False)


def test_an_answer_is_owed_until_it_comes(cast):
    sent = transferred(hazard_in(cast, "rectifying"), cast.county)
    assert clock("transfer") == (sent.due_on, True)
    facts = {"outcome": "handled", "receipt_number": "9号", "answer": "已处理"}
    transferring.record_answer(sent.hazard, by=cast.county, transfer=sent, **facts)
    assert clock("transfer") == (sent.due_on, False)


def test_a_clock_is_rolled_back_with_its_act(cast):
    hazard = hazard_in(cast, "rectifying")
    with transaction.atomic():
        transferred(hazard, cast.county)
        transaction.set_rollback(True)
    assert not Clock.objects.filter(kind="transfer").exists()


def test_a_report_that_does_not_come_turns_yellow_for_institution_and_officers(cast):
    order = supervised(long_hazard(cast), cast.county, report_every_days=10)
    late = TODAY + timedelta(days=11)
    assert told("progress", late) == {
        code: names(cast.manager, cast.safety, cast.county, cast.county2)
        for code in ("yellow:county_officer:+1d", "yellow:institution:+1d")
    }
    assert order.next_report_on == TODAY + timedelta(days=10)


def test_the_county_is_told_of_a_transfer_that_nobody_answers(cast):
    sent = transferred(long_hazard(cast), cast.county)
    heard = told("transfer", sent.due_on + timedelta(days=1))
    assert set().union(*heard.values()) == names(cast.county, cast.county2)


def test_the_leader_is_told_of_an_extension_that_nobody_decides(cast):
    cast.county2.membership.is_leader = True
    cast.county2.membership.save(update_fields=["is_leader"])
    request = extension_asked(cast, long_hazard(cast)).extensions.get()
    assert told("extension", request.decide_by + timedelta(days=1)) == {
        "yellow:county_leader:+1d": names(cast.county2)
    }


def test_an_approved_extension_moves_the_clock_and_takes_back_what_waits_for_the_old_date(cast):
    hazard = extension_asked(cast, long_hazard(cast))
    new, old = hazard.extensions.get().proposed_due_on, hazard.due_on
    with time_machine.travel(at(old - timedelta(days=1), 6)):
        sweep()
    assert PendingLine.objects.filter(clock__kind="hazard").count() == 2
    with time_machine.travel(at(old - timedelta(days=1), 7)):
        extending.approve_extension(hazard, by=cast.county, due_on=new)
        assert PendingLine.objects.count() == 0
        sweep(at(old + timedelta(days=3)))
    assert not Reminder.objects.filter(clock__kind="hazard", due_on=old, rung_on__gt=old).exists()
    assert clock("hazard") == (new, True)


def test_feedback_that_an_authority_owes_is_chased_there_and_then_above_it(cast):
    summons = summoning.issue(
        draft_to_county(cast, Summons), by=cast.city, document_number="1号", meets_at=at(TODAY), meets_where="三楼",
        **TEXTS,
    )  # fmt: skip
    assert not Clock.objects.filter(kind="feedback").exists()
    held = summoning.minute(
        summons, by=cast.city, held_on=TODAY, attendees="张三", minutes="约谈了原因和安排。"
    )
    owed = Clock.objects.get(kind="feedback")
    assert (owed.due_on, owed.authority, owed.institution) == (
        held.feedback_due_on, cast.home.authority, None,
    )  # fmt: skip
    late = held.feedback_due_on + timedelta(days=1)
    heard = told("feedback", late)
    assert set(heard) == {"yellow:institution:+1d", "yellow:county_leader:+1d"}
    assert set().union(*heard.values()) == names(cast.county, cast.county2)
    (body,) = set(Notice.objects.filter(dedupe_key=f"digest:{late}").values_list("body", flat=True))
    assert f"{cast.home.authority.name}\n　　约谈书面反馈：" in body
    assert f"报{cast.place.city.name}民政部门（红色预警）" in body
    summoning.answer(held, by=cast.county, feedback="已落实责任人和时限。")
    assert clock("feedback") == (held.feedback_due_on, False)


def test_a_clock_of_an_authority_is_seen_there_and_above_and_nowhere_else(cast):
    extension_asked(cast, long_hazard(cast, severity="major"))
    seen = {
        name: Clock.objects.visible_to(actor).filter(kind="extension").count()
        for name, actor in (
            ("city", cast.city), ("province", cast.province), ("county", cast.county), ("manager", cast.manager),
        )
    }  # fmt: skip
    assert seen == {"city": 1, "province": 1, "county": 0, "manager": 0}


def test_the_migration_starts_the_same_clocks(cast):
    extension_asked(cast, long_hazard(cast))
    extension_asked(cast, long_hazard(cast, severity="major"))
    order = supervised(hazard_in(cast, "rectifying"), cast.county, report_every_days=10)
    transferred(hazard_in(cast, "rectifying"), cast.county)
    summoning.issue(draft_to_county(cast), by=cast.city, document_number="1号", **TEXTS)
    with time_machine.travel(at(TODAY + timedelta(days=4))):
        supervising.report_progress(order.hazard, by=cast.manager, progress="已完成治理", next_steps="继续")
    done = hazard_in(cast, "rectifying")
    extension_asked(cast, long_hazard(cast))
    lifecycle.submit(done, by=cast.manager, measures="已改好", evidence=photos_of(cast.manager))
    columns = [f.attname for f in Clock._meta.concrete_fields if f.attname != "id"]
    beside = Clock.objects.exclude(kind="hazard").order_by("kind", "subject_id")
    made = list(beside.values(*columns))
    assert len(made) == 7
    beside.delete()
    module = import_module("hazards.migrations.0008_clocks_beside_the_hazards_own")
    with connection.cursor() as cursor:
        for statement in module.START:
            cursor.execute(statement)
    assert list(beside.values(*columns)) == made
