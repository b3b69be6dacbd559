"""Group chats hear counts once a day; short messages go where the ladder says."""

from datetime import timedelta

import pytest

from clocks import running
from clocks.models import Rung
from clocks.sweep import sweep
from notifications.enums import Channel
from notifications.models import Bulletin, Delivery
from tests.clocks.made import DUE, at, major, start_clock
from tests.factories import RobotWebhookFactory

pytestmark = pytest.mark.django_db
LATE = DUE + timedelta(days=1)


@pytest.fixture
def robots(cast, settings):
    """A robot of the county, of the city and of another county."""
    settings.WEBHOOK_ORIGINS = ["https://qyapi.weixin.qq.com"]
    for actor in (cast.county, cast.city):
        RobotWebhookFactory(authority=actor.authority)
    RobotWebhookFactory()
    return cast


def said() -> dict:
    """Who said what, in counts."""
    return {b.authority: dict(b.counts) for b in Bulletin.objects.all()}


def test_each_authority_says_once_a_day_how_much_is_late_in_its_region(robots):
    start_clock(robots.home)
    major(robots.home, due_on=DUE - timedelta(days=8))
    start_clock(robots.home, due_on=LATE)
    sweep(at(LATE, 7, 29))
    assert said() == {}
    sweep(at(LATE))
    sweep(at(LATE))
    counts = {"逾期未办结": 2, "其中重大": 1, "新升级": 1}
    assert said() == {robots.county.authority: counts, robots.city.authority: counts}
    assert (Bulletin.objects.count(), Delivery.objects.filter(channel=Channel.WECOM).count()) == (2, 2)
    sweep(at(LATE + timedelta(days=1)))
    assert Bulletin.objects.count() == 4


def test_on_days_off_nothing_is_said_and_the_next_workday_counts_what_they_escalated(robots):
    friday = DUE + timedelta(days=2)
    start_clock(robots.home, due_on=friday)
    for n in (1, 2):
        sweep(at(friday + timedelta(days=n)))
    assert said() == {}
    sweep(at(friday + timedelta(days=3)))
    assert said()[robots.county.authority] == {"逾期未办结": 1, "其中重大": 0, "新升级": 1}


def test_nothing_late_is_not_said(robots):
    clock = start_clock(robots.home)
    running.stop(kind="hazard", subject_id=clock.subject_id)
    sweep(at(LATE))
    assert said() == {}


def test_short_messages_go_to_the_house_and_the_leader_of_a_major_matter(cast, settings):
    settings.SMS_URL = "http://127.0.0.1:1/"
    for n, actor in enumerate((cast.manager, cast.county, cast.city)):
        actor.user.phone = f"1380000000{n}"
        actor.user.save(update_fields=["phone"])
    clock = major(cast.home)
    sweep(at(LATE))
    texted = Delivery.objects.filter(channel=Channel.SMS, notice__topic=clock.topic)
    assert set(texted.values_list("notice__recipient", flat=True)) == {
        cast.manager.user.pk,
        cast.county.user.pk,
    }
    assert texted.filter(is_duty=True).count() == 2


def texted() -> dict[str, set[str]]:
    """Rungs in force that go out as a short message, by ladder."""
    found = Rung.objects.filter(by_sms=True, ladder__status="published").values_list("ladder__key", "code")
    return {key: {code for k, code in found if k == key} for key, _ in found}


DEFAULTS = {
    "hazard_general": {"red:institution:+5d", "red:county_leader:+5d"},
    "hazard_major": {"yellow:institution:+1d", "yellow:county_leader:+1d", "red:institution:+3d"},
    "supervision": {"red:institution:+1d", "red:county_leader:+1d"},
}


def test_short_messages_go_out_for_what_is_major_or_red_to_the_house_and_the_leader(cast):
    assert texted() == DEFAULTS
