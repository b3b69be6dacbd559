"""Due dates beside the hazard's own: each passes one place when it begins, changes and ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hazards.actions import dues, extending, lifecycle, summoning, supervising, transferring
from hazards.enums import HazardStatus
from hazards.models import Summons
from notifications.models import Notice
from tests.factories import (
    CONFIRMED,
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
S = HazardStatus


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def kept(monkeypatch):
    """What passes, in order, as (kind, key, date)."""
    seen, keep = [], dues._keep

    def listen(due):
        seen.append((due.kind, due.subject_id, due.due_on))
        return keep(due)

    monkeypatch.setattr(dues, "_keep", listen)
    return seen


def test_the_decision_on_an_extension_begins_and_ends(cast, kept):
    hazard = extension_asked(cast, long_hazard(cast))
    request = hazard.extensions.get()
    extending.refuse_extension(hazard, by=cast.county, reason="可以按期完成")
    assert kept == [("extension", request.pk, request.decide_by), ("extension", request.pk, None)]


def test_a_submission_ends_what_waits_for_a_decision(cast, kept):
    hazard = extension_asked(cast, long_hazard(cast))
    lifecycle.submit(hazard, by=cast.manager, measures="已改好", evidence=photos_of(cast.manager))
    assert [due_on for *_, due_on in kept][1:] == [None]


def test_an_order_begins_two_dates_a_report_moves_one_and_lifting_ends_both(cast, kept):
    hazard, today = hazard_in(cast, S.AWAITING_VERIFICATION), timezone.localdate()
    order = supervised(hazard, cast.county, report_every_days=10)
    hazard = lifecycle.accept(order.hazard, by=cast.county, opinion="属实", **CONFIRMED)
    hazard = supervising.report_progress(
        hazard, by=cast.manager, progress="已完成治理", next_steps="等待摘牌销号"
    )
    supervising.lift_supervision(hazard, by=cast.county, opinion="治理完毕")
    soon = today + timedelta(days=10)
    assert kept == [
        ("supervision", order.pk, order.due_on), ("progress", order.pk, soon), ("progress", order.pk, soon),
        ("supervision", order.pk, None), ("progress", order.pk, None),
    ]  # fmt: skip


def test_raising_ends_the_dates_of_the_lower_order(cast, kept):
    first = supervised(hazard_in(cast, S.RECTIFYING), cast.county)
    second = supervised(first.hazard, cast.city)
    assert kept[2:] == [
        ("supervision", first.pk, None), ("progress", first.pk, None),
        ("supervision", second.pk, second.due_on), ("progress", second.pk, second.next_report_on),
    ]  # fmt: skip


def test_an_answer_is_owed_until_it_comes(cast, kept):
    sent = transferred(hazard_in(cast, S.RECTIFYING), cast.county)
    facts = {"outcome": "handled", "receipt_number": "9号", "answer": "已处理"}
    transferring.record_answer(sent.hazard, by=cast.county, transfer=sent, **facts)
    assert kept == [("transfer", sent.pk, sent.due_on), ("transfer", sent.pk, None)]


def test_what_was_told_of_an_answer_is_settled_when_it_came(cast):
    liaison = cast.liaison
    sent = transferred(hazard_in(cast, S.RECTIFYING), cast.county)
    transferring.answer_transfer(sent, by=liaison, outcome="handled", receipt_number="9号", answer="已处理")
    assert Notice.objects.get(recipient=liaison.user).settled_at is not None


def test_feedback_of_the_two_kinds_never_share_a_key(cast, kept):
    texts = {"title": "关于整改不力", "text": "多条隐患逾期未改，请说明原因。"}
    circular = summoning.issue(draft_to_county(cast), by=cast.city, document_number="1号", **texts)
    summons = summoning.issue(
        draft_to_county(cast, Summons), by=cast.city, document_number="1号", meets_at=timezone.now(),
        meets_where="三楼", **texts,
    )  # fmt: skip
    held = summoning.minute(
        summons, by=cast.city, held_on=timezone.localdate(), attendees="张三", minutes="约谈了原因和安排。"
    )
    summoning.answer(circular, by=cast.county, feedback="已落实责任人和时限。")
    keys = {"circular": 2 * circular.pk, "summons": 2 * summons.pk + 1}
    assert kept == [
        ("feedback", keys["circular"], circular.feedback_due_on), ("feedback", keys["summons"], None),
        ("feedback", keys["summons"], held.feedback_due_on), ("feedback", keys["circular"], None),
    ]  # fmt: skip
