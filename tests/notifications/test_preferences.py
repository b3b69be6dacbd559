"""How a person is told: what they chose, what duty requires, when it is quiet, and where nobody is reached."""

from datetime import UTC, datetime, time

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db.models import F

from institutions.enums import Role
from institutions.models import MembershipEvent
from notifications.delivery import deliver_all
from notifications.enums import Channel
from notifications.models import Delivery, NotificationPreference, UndeliverableAddress
from notifications.outbox import Message, notify_each
from notifications.preferences import allow_again, mark_undeliverable, reach_of
from tests.factories import (
    NotificationPreferenceFactory,
    RobotWebhookFactory,
    UndeliverableAddressFactory,
    UserFactory,
    as_client,
    make_actor,
    make_place,
)
from tests.notifications.conftest import tell

pytestmark = pytest.mark.django_db(transaction=True)

PAGE, PANEL = "/notices/preferences/", "/notices/addresses/"
BOTH = (Channel.EMAIL, Channel.SMS)
EVENING = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)  # 22:00 in Beijing
MORNING = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # 07:30 in Beijing, the next day


@pytest.fixture
def somebody(db, with_email, settings):
    settings.SMS_URL = "http://127.0.0.1:1/"
    return UserFactory(email="person@example.com", phone="13800001234")


def ways() -> list[tuple[str, bool]]:
    return list(Delivery.objects.order_by("channel").values_list("channel", "is_duty"))


def test_everything_is_on_until_switched_off(somebody):
    tell(somebody, channels=BOTH)
    assert ways() == [("email", False), ("sms", False)]


def test_what_is_not_offered_is_not_used(somebody):
    tell(somebody)
    assert ways() == [("email", False)]


def test_what_is_switched_off_is_not_used_unless_duty_requires_it(somebody):
    NotificationPreferenceFactory(user=somebody, wants_email=False, wants_sms=False)
    tell(somebody, channels=BOTH)
    assert ways() == []
    tell(somebody, channels=BOTH, is_duty=True)
    assert ways() == [("email", True), ("sms", True)]


def due_times() -> set:
    return set(Delivery.objects.values_list("due_at", flat=True))


def test_in_quiet_hours_a_message_waits_for_the_morning(somebody, settings):
    settings.QUIET_HOURS = "21:00-07:30"
    with time_machine.travel(EVENING, tick=False):
        tell(somebody, channels=BOTH)
    assert due_times() == {MORNING}


def test_what_is_urgent_goes_at_once(somebody, settings, mail_server):
    settings.QUIET_HOURS = "21:00-07:30"
    with time_machine.travel(EVENING, tick=False):
        tell(somebody, is_urgent=True)
    assert due_times() == set(Delivery.objects.values_list("notice__created_at", flat=True))
    assert deliver_all() == 1


def test_what_duty_requires_still_waits_for_the_morning_if_it_is_not_urgent(somebody, settings):
    settings.QUIET_HOURS = "21:00-07:30"
    with time_machine.travel(EVENING, tick=False):
        tell(somebody, is_duty=True)
    assert due_times() == {MORNING}


def test_each_person_has_their_own_quiet_hours(with_email, settings):
    settings.QUIET_HOURS = "21:00-07:30"
    early, never = (UserFactory(email=f"{name}@example.com") for name in ("early", "never"))
    NotificationPreferenceFactory(user=early, quiet_since=time(20), quiet_until=time(6))
    NotificationPreferenceFactory(user=never)
    with time_machine.travel(EVENING, tick=False):
        tell(early, never)
    due = dict(Delivery.objects.values_list("address", "due_at"))
    assert due["early@example.com"] == datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    assert Delivery.objects.filter(address="never@example.com", due_at=F("notice__created_at")).exists()


def test_telling_many_their_own_costs_three_statements(with_email, django_assert_num_queries):
    for count in (1, 5):
        people = [UserFactory(email=f"{count}-{n}@example.com") for n in range(count)]
        with django_assert_num_queries(3):
            told = notify_each(
                Message(recipient=p.pk, subject=f"第{n}人", body="", url="/", topic="digest")
                for n, p in enumerate(people)
            )
        assert told == count
    assert Delivery.objects.filter(notice__subject="第4人", address="5-4@example.com").count() == 1


def test_one_person_may_be_told_several_things_at_once(somebody):
    messages = [Message(recipient=somebody.pk, subject=s, body="", url="/", topic="t") for s in "甲乙丙"]
    assert notify_each(messages) == 3
    assert list(Delivery.objects.order_by("notice_id").values_list("notice__subject", flat=True)) == [
        *"甲乙丙"
    ]


# --- the page under 我的 ------------------------------------------------------------------------------------


@pytest.fixture
def official(db):
    actor = make_actor(Role.COUNTY_OFFICIAL, make_place().county)
    actor.user.email, actor.user.phone = "old@example.com", "13800001234"
    actor.user.save()
    return actor


def form(**fields) -> dict:
    return {
        "email": "old@example.com", "phone": "13800001234", "wants_email": "on", "quiet_since": "22:00",
        "quiet_until": "06:30",
    } | fields  # fmt: skip


def test_the_page_shows_what_holds_now(official, settings):
    settings.QUIET_HOURS = "21:00-07:30"
    fields = as_client(official).get(PAGE).context["form"]
    shown = {name: fields.get_initial_for_field(field, name) for name, field in fields.fields.items()}
    assert shown == {
        "email": "old@example.com", "phone": "13800001234", "wants_email": True, "wants_sms": True,
        "quiet_since": time(21), "quiet_until": time(7, 30),
    }  # fmt: skip
    assert PAGE in as_client(official).get("/me/").content.decode()


def test_choices_are_kept_and_a_new_address_leaves_a_trace(official):
    response = as_client(official).post(PAGE, form(email="new@example.com"))
    assert (response.status_code, response["Location"]) == (302, PAGE)
    chosen = NotificationPreference.objects.get(pk=official.user.pk)
    assert (chosen.wants_email, chosen.wants_sms, chosen.quiet_since, chosen.quiet_until) == (
        True,
        False,
        time(22),
        time(6, 30),
    )
    official.user.refresh_from_db()
    assert official.user.email == "new@example.com"
    assert list(MembershipEvent.objects.values_list("user", "by", "act", "detail")) == [
        (official.user.pk, official.user.pk, "修改联系方式", "邮箱")
    ]
    as_client(official).post(PAGE, form(email="new@example.com", quiet_since="", quiet_until=""))
    assert NotificationPreference.objects.get().quiet_since is None
    assert MembershipEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"quiet_until": ""}, "要一起填"),
        ({"quiet_since": "08:00", "quiet_until": "21:00"}, "最长 12 小时"),
        ({"quiet_since": "25:00"}, "输入一个有效的时间"),
        ({"email": ""}, "不能删空"),
        ({"phone": ""}, "不能删空"),
        ({"email": "不是邮箱"}, "有效的 Email 地址"),
        ({"phone": "abc"}, "电话只能由"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_words(official, fields, words):
    response = as_client(official).post(PAGE, form(**fields))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert NotificationPreference.objects.count() == 0


# --- addresses that reach nobody -----------------------------------------------------------------------------


def test_a_mailbox_that_does_not_exist_is_dead_at_once_and_not_tried_again(person, mail_server, client):
    mail_server.refused[person.email] = "550 5.1.1 no such user here"
    tell(person)
    assert deliver_all() == 1
    row = Delivery.objects.get()
    assert (row.attempts, row.dead_at is not None, row.is_undeliverable) == (1, True, True)
    assert UndeliverableAddress.objects.current().get().user == person
    tell(person)
    assert Delivery.objects.count() == 1
    client.force_login(person)
    assert "送不到您这里" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("answer", "is_dead"),
    [
        ("550 no such person", True), ("551 user not local", True), ("553 mailbox name not allowed", True),
        ("550 5.1.1 unknown", True), ("550 5.1.10 null mx", True), ("550 5.2.1 disabled", True),
        ("550 5.7.1 relaying denied", False), ("554 5.7.1 spam", False), ("552 5.2.2 mailbox full", False),
        ("554 no", False), ("450 4.2.0 busy", False), ("451 4.3.0 later", False),
    ],
)  # fmt: skip
def test_only_what_speaks_of_the_mailbox_ends_it(person, mail_server, answer, is_dead):
    mail_server.refused[person.email] = answer
    tell(person)
    deliver_all()
    row = Delivery.objects.get()
    assert (row.dead_at is not None, UndeliverableAddress.objects.count()) == (is_dead, int(is_dead))


def test_an_address_that_reaches_nobody_is_no_alarm_to_everybody(person, mail_server, client):
    mail_server.refused[person.email] = "550 5.1.1 unknown"
    tell(person)
    deliver_all()
    assert all("放弃发送" not in reason for reason in client.get("/healthz/deep").json()["reasons"])


def test_a_changed_address_is_tried_again(official, with_email):
    UndeliverableAddressFactory(user=official.user)
    assert reach_of([official.user.pk])[official.user.pk][1][Channel.EMAIL] == ""
    as_client(official).post(PAGE, form(email="new@example.com"))
    tell(official.user.pk)
    assert list(Delivery.objects.values_list("address", flat=True)) == ["new@example.com"]
    assert UndeliverableAddress.objects.current().count() == 0


def test_an_answer_about_an_address_that_was_changed_meanwhile_marks_nothing(somebody):
    mark_undeliverable(somebody.pk, Channel.EMAIL, "before@example.com", "550")
    mark_undeliverable(somebody.pk, Channel.SMS, "13900000000", "bad_phone")
    assert UndeliverableAddress.objects.count() == 0


def test_the_other_channel_of_the_person_is_still_used(somebody):
    UndeliverableAddressFactory(user=somebody)
    tell(somebody, channels=BOTH, is_duty=True)
    assert ways() == [("sms", True)]


@pytest.fixture
def world(db):
    place, other = make_place(), make_place()
    admin = make_actor(Role.SYSTEM_ADMIN, place.county)
    here, elsewhere = (make_actor(Role.COUNTY_OFFICIAL, p.county).user for p in (place, other))
    for name, user in (("here", here), ("elsewhere", elsewhere)):
        user.email = f"{name}@example.com"
        user.save()
    return admin, UndeliverableAddressFactory(user=here), UndeliverableAddressFactory(user=elsewhere)


def test_the_system_page_lists_those_of_the_region(world):
    admin, here, _ = world
    client = as_client(admin)
    page = client.get(PANEL).content.decode()
    assert ("here@example.com" in page, "elsewhere@example.com" in page) == (True, False)
    swapped = client.get(PANEL, headers={"HX-Request": "true"}).content.decode()
    assert swapped.startswith('<div class="stack" id="addresses"')
    assert f'hx-get="{PANEL}"' in client.get("/members/system/").content.decode()
    response = client.post(f"{PANEL}{here.pk}/allow/")
    assert (response.status_code, response["Location"]) == (302, "/members/system/")
    assert not UndeliverableAddress.objects.filter(pk=here.pk).exists()
    assert MembershipEvent.objects.filter(user=here.user, act="恢复发送").count() == 1


def test_the_system_page_tells_of_robots_that_failed_in_the_region(world):
    admin = world[0]
    RobotWebhookFactory(authority=admin.authority, failed_at="2026-11-20T00:00Z")
    RobotWebhookFactory(failed_at="2026-11-20T00:00Z")
    RobotWebhookFactory(authority=admin.authority)
    page = as_client(admin).get(PANEL)
    assert page.context["failed_robots"] == 1
    assert "失效的群机器人" in page.content.decode()


def test_those_of_others_are_not_there(world):
    admin, here, elsewhere = world
    assert as_client(admin).post(f"{PANEL}{elsewhere.pk}/allow/").status_code == 404
    with pytest.raises(PermissionDenied):
        allow_again(elsewhere, by=admin)
    official = make_actor(Role.COUNTY_OFFICIAL, admin.authority)
    assert as_client(official).get(PANEL).status_code == 403
    with pytest.raises(PermissionDenied):
        allow_again(here, by=official)
