"""What a saved filter found is in the app at once and by mail a line of the day's digest, told once either way."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from clocks import running
from clocks.models import Digest
from clocks.sweep import sweep
from notifications.models import Delivery, Notice
from reports import saved_filters
from reports.models import FilterAlert
from tests.clocks.made import DUE, at, seed, start_clock
from tests.factories import Cast, SavedFilterFactory, as_client
from tests.reports.made import put

pytestmark = pytest.mark.django_db
LATE = DUE + timedelta(days=1)  # a Thursday, on which what was due on DUE is late
LINE = "“在办”新增 2 条隐患"


@pytest.fixture
def cast(settings):
    settings.EMAIL_ENABLED, settings.QUIET_HOURS = True, ""
    seed()
    cast = Cast()
    for actor in (cast.county, cast.county2):
        actor.user.email = f"{actor.user.username}@example.com"
        actor.user.save()
    return cast


def found_at(cast, moment: datetime, actor=None) -> Notice:
    """The notice of an alert of `actor` (the county) that found two new rows at this moment."""
    actor = actor or cast.county
    kept = SavedFilterFactory(kept_as=actor.membership, name="在办")
    with time_machine.travel(moment, tick=False):
        saved_filters.alert(kept, by=actor)
        put(cast, "rectifying", 2)
        FilterAlert.objects.update(looked_at=None)
        saved_filters.look()
    return Notice.objects.get(subject=LINE)


def own_mail(notice: Notice) -> tuple[datetime, bool]:
    """When its e-mail is due, and whether it was dropped."""
    mail = Delivery.objects.get(notice=notice)
    return timezone.localtime(mail.due_at), mail.dropped_at is not None


def digest_of(actor, on: date = LATE) -> Digest:
    return Digest.objects.get(recipient=actor.user, on=on)


def test_whoever_gets_a_digest_reads_it_there_and_gets_no_mail_of_its_own(cast):
    notice = found_at(cast, at(DUE, 10))
    assert own_mail(notice) == (at(LATE, 7, 45), False)
    start_clock(cast.home)
    sweep(at(LATE, 7, 30))
    digest = digest_of(cast.county)
    assert digest.notice.subject == "今日提醒 1 件：黄色预警 1；常用条件新增 1 项"
    assert digest.notice.body.endswith(f"常用条件新增：\n　　{LINE}")
    assert own_mail(notice) == (at(LATE, 7, 45), True)
    assert not Delivery.objects.get(notice=digest.notice).dropped_at
    page = as_client(cast.county).get(f"/clocks/digest/{LATE}/").content.decode()
    assert f'<a href="{notice.url}">{LINE}</a>' in page
    # The colleague, who keeps no filter, reads of none.
    assert "常用条件" not in digest_of(cast.county2).notice.subject


def test_whoever_gets_none_is_mailed_shortly_after(cast):
    notice = found_at(cast, at(DUE, 10))
    sweep(at(LATE, 7, 30))
    assert (Digest.objects.count(), own_mail(notice)) == (0, (at(LATE, 7, 45), False))


def test_it_stands_in_one_digest_only(cast):
    found_at(cast, at(DUE, 10))
    start_clock(cast.home)
    start_clock(cast.home, due_on=LATE)
    sweep(at(LATE, 7, 30))
    sweep(at(LATE + timedelta(days=1), 7, 30))
    subjects = [digest_of(cast.county, LATE + timedelta(days=n)).notice.subject for n in range(2)]
    assert ["常用条件新增" in subject for subject in subjects] == [True, False]


def test_what_was_looked_at_before_needs_no_line(cast):
    notice = found_at(cast, at(DUE, 10))
    start_clock(cast.home)
    assert as_client(cast.county).get(notice.url).status_code == 302
    sweep(at(LATE, 7, 30))
    assert digest_of(cast.county).notice.subject == "今日提醒 1 件：黄色预警 1"


def test_the_line_stays_when_everything_else_in_the_digest_is_settled(cast):
    found_at(cast, at(DUE, 10))
    clock = start_clock(cast.home)
    sweep(at(LATE, 7, 30))
    running.stop(kind="hazard", subject_id=clock.subject_id)
    notice = digest_of(cast.county).notice
    assert (notice.subject, notice.body, notice.settled_at) == (
        "常用条件新增 1 项", f"常用条件新增：\n　　{LINE}", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "mailed"),
    [
        (at(date(2026, 11, 27), 7, 29), at(date(2026, 11, 27), 7, 45)),  # a Friday
        (at(date(2026, 11, 27), 7, 30), at(date(2026, 11, 30), 7, 45)),
        (at(date(2026, 11, 28), 6), at(date(2026, 11, 30), 7, 45)),
        (at(date(2026, 10, 1), 12), at(date(2026, 10, 8), 7, 45)),  # a holiday
    ],
)
def test_its_own_mail_waits_for_the_workdays_digests(cast, told, mailed):
    assert own_mail(found_at(cast, told)) == (mailed, False)


def test_many_are_counted_and_the_first_are_named(cast):
    kept = SavedFilterFactory.create_batch(7, kept_as=cast.county.membership)
    with time_machine.travel(at(DUE, 10), tick=False):
        for one in kept:
            saved_filters.alert(one, by=cast.county)
        put(cast, "rectifying")
        FilterAlert.objects.update(looked_at=None)
        saved_filters.look()
    start_clock(cast.home)
    sweep(at(LATE, 7, 30))
    notice = digest_of(cast.county).notice
    assert notice.subject.endswith("；常用条件新增 7 项")
    assert notice.body.count("新增 1 条隐患") == 5
    assert notice.body.endswith("另有 2 项，请看站内消息。")
