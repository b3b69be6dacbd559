"""One message a person and day; its lines, and what is taken out before it leaves."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clocks import running
from clocks.models import Digest, PendingLine
from clocks.sweep import sweep
from notifications.models import Delivery, Notice
from tests.clocks.made import DUE, at, major, start_clock, sweep_days, told_of
from tests.factories import as_client

pytestmark = pytest.mark.django_db
LATE = DUE + timedelta(days=1)  # 黄色预警


def mail_to(*actors) -> None:
    for actor in actors:
        actor.user.email = f"{actor.user.username}@example.com"
        actor.user.save(update_fields=["email"])


def digests_of(actor):
    return list(Digest.objects.filter(recipient=actor.user))


def test_before_half_past_seven_nobody_is_told_then_everybody_once(cast):
    clock = start_clock(cast.home)
    sweep(at(LATE, 7, 29))
    assert (Digest.objects.count(), PendingLine.objects.filter(clock=clock).count()) == (0, 3)
    sweep(at(LATE, 7, 30))
    sweep(at(LATE, 7, 31))
    told = set(Digest.objects.values_list("recipient", flat=True))
    assert told == {a.user.pk for a in (cast.manager, cast.safety, cast.county, cast.county2)}
    assert (Digest.objects.count(), PendingLine.objects.count()) == (4, 0)


def test_four_hundred_overdue_matters_are_one_message_with_ten_lines_and_a_page_of_all(cast):
    for n in range(400):
        start_clock(cast.home, title=f"第{n}处疏散通道堆放杂物")
    sweep(at(LATE))
    (digest,) = digests_of(cast.manager)
    assert Notice.objects.filter(recipient=cast.manager.user).count() == 1
    assert len(digest.reminders) == 400
    assert digest.notice.subject == "今日提醒 400 件：黄色预警 400"
    assert digest.notice.body.count("【黄色预警】") == 10
    assert digest.notice.body.endswith("以上是最紧急的 10 件，另有 390 件，请打开查看全部。")
    page = as_client(cast.manager).get(reverse("clocks:digest", args=[LATE.isoformat()]))
    assert (page.status_code, len(page.context["lines"])) == (200, 50)
    assert "共 400 件：黄色预警 400" in page.content.decode()


def test_each_line_says_what_comes_next_to_whom_and_when(cast):
    start_clock(cast.home)
    sweep(at(LATE))
    (digest,) = digests_of(cast.manager)
    office = cast.home.authority.name
    assert digest.notice.body.splitlines() == [
        f"1. 【黄色预警】逾期 1 天　{cast.home.name}",
        "　　疏散通道堆放杂物",
        f"　　如到11月29日仍未整改，将于11月30日报{cast.place.city.name}民政部门（红色预警）。",
    ]
    assert office != ""


def test_what_falls_on_days_off_waits_for_the_next_workday_in_one_digest_and_keeps_its_date(cast):
    friday = date(2026, 11, 27)
    clock = start_clock(cast.home, due_on=friday)  # late from Saturday on
    sweep_days(friday + timedelta(days=1), friday + timedelta(days=2))
    sweep(at(friday + timedelta(days=2), 23))
    assert [(on, late) for _, on, _, late in told_of(clock) if on > friday] == [
        (date(2026, 11, 28), False)
    ] * 2
    assert Digest.objects.count() == 0
    urgent = major(cast.home, due_on=friday)
    sweep(at(friday + timedelta(days=2), 23, 30))
    assert Notice.objects.filter(topic=urgent.topic, recipient=cast.manager.user).count() == 1
    sweep(at(friday + timedelta(days=3)))
    (digest,) = digests_of(cast.manager)
    assert (digest.on, digest.notice.subject) == (date(2026, 11, 30), "今日提醒 1 件：黄色预警 1")
    assert "逾期 3 天" in digest.notice.body


def test_a_holiday_is_waited_for_and_a_swapped_saturday_is_not(cast):
    start_clock(cast.home, due_on=date(2026, 9, 30), started_on=date(2026, 9, 28))  # late on 1 October
    sweep_days(date(2026, 10, 1), date(2026, 10, 7))
    assert Digest.objects.count() == 0
    sweep(at(date(2026, 10, 8)))
    assert {d.on for d in Digest.objects.all()} == {date(2026, 10, 8)}
    start_clock(cast.home, due_on=date(2026, 10, 9), started_on=date(2026, 10, 9))
    sweep(at(date(2026, 10, 10)))  # a Saturday people work on
    assert [d.on for d in digests_of(cast.manager)] == [date(2026, 10, 10), date(2026, 10, 8)]


def test_in_a_year_without_calendar_weekends_alone_are_days_off(cast):
    start_clock(cast.home, due_on=date(2027, 12, 31), started_on=date(2027, 12, 31))  # a Friday
    sweep_days(date(2028, 1, 1), date(2028, 1, 2))
    assert Digest.objects.count() == 0
    sweep(at(date(2028, 1, 3)))
    assert [d.on for d in digests_of(cast.manager)] == [date(2028, 1, 3)]


def test_a_digest_is_ones_own(cast):
    start_clock(cast.home)
    sweep(at(LATE))
    url = reverse("clocks:digest", args=[LATE.isoformat()])
    assert [as_client(a).get(url).status_code for a in (cast.county, cast.city)] == [200, 404]


def test_yesterdays_digest_stops_being_unread_when_todays_is_there(cast):
    start_clock(cast.home, due_on=DUE)
    start_clock(cast.home, due_on=DUE + timedelta(days=1))
    sweep(at(LATE))
    sweep(at(LATE + timedelta(days=1)))
    unread = Notice.objects.filter(recipient=cast.manager.user).unread()
    assert unread.count() == 1


def test_a_matter_settled_before_the_mail_left_is_taken_out_of_it(cast, settings):
    settings.EMAIL_ENABLED = True
    mail_to(cast.manager)
    first, second = start_clock(cast.home, title="甲处"), start_clock(cast.home, title="乙处")
    sweep(at(LATE))
    (digest,) = digests_of(cast.manager)
    running.stop(kind="hazard", subject_id=first.subject_id)
    digest.notice.refresh_from_db()
    assert (digest.notice.subject, "甲处" in digest.notice.body) == ("今日提醒 1 件：黄色预警 1", False)
    running.stop(kind="hazard", subject_id=second.subject_id)
    digest.notice.refresh_from_db()
    assert digest.notice.settled_at is not None


def test_major_matters_are_told_at_once_and_their_mail_cannot_be_switched_off(cast, settings):
    settings.EMAIL_ENABLED = True
    mail_to(cast.manager)
    clock = major(cast.home)
    sweep(at(date(2030, 1, 1)))
    notice = Notice.objects.get(recipient=cast.manager.user, topic=clock.topic)
    assert notice.subject.startswith("重大隐患红色预警：")
    assert Delivery.objects.get(notice=notice).is_duty
