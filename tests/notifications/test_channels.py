"""Each channel against a stand-in that speaks its real format: what is said, and what follows from each answer."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, TextChoices
from django.db.models.functions import Now

from notifications import delivery
from notifications.channels import http, robots
from notifications.channels.sms import LONGEST, wording
from notifications.delivery import deliver_all, deliver_due
from notifications.enums import Channel
from notifications.models import ChannelRest, Delivery, UndeliverableAddress
from notifications.outbox import LONGEST_LABEL, MOST_COUNTS, announce
from notifications.rules import MAX_ATTEMPTS
from tests.factories import RobotWebhookFactory, UserFactory
from tests.notifications.conftest import let_back_offs_end, let_leases_end, let_robots_go_on, tell
from tests.notifications.gateways import Raw, WecomPlatform

pytestmark = pytest.mark.django_db(transaction=True)


class Heading(TextChoices):
    OVERDUE = "overdue", "逾期提醒"


class Count(TextChoices):
    OVERDUE = "overdue", "已逾期"
    MAJOR = "major", "其中重大"


def say(robot, *, topic="daily", counts=None, **more) -> int:
    counts = {Count.OVERDUE: 3, Count.MAJOR: 1} if counts is None else counts
    return announce(
        authority=robot.authority, heading=Heading.OVERDUE, counts=counts, url="/ledger/?state=overdue",
        topic=topic, **more,
    )  # fmt: skip


def wait_of(row: Delivery) -> int:
    """Minutes until the message is due."""
    row = Delivery.objects.annotate(wait=F("due_at") - Now()).get(pk=row.pk)
    return round(row.wait / timedelta(minutes=1))


# --- short messages ----------------------------------------------------------------------------------------


@pytest.fixture
def phone(db):
    return UserFactory(phone="138 0000 1234", email="")


def text(person, **more) -> int:
    return tell(person, channels=(Channel.SMS,), **more)


def test_a_short_message_carries_a_key_a_phone_and_nothing_about_anybody(phone, sms_gateway, settings):
    settings.SITE_URL = "https://yinhuan.example.gov.cn"
    text(phone, subject="已下发整改：朝阳儿童福利院", body="张三的房间堵塞", url="/hazards/1183/")
    assert deliver_all() == 1
    [asked] = sms_gateway.asked
    key = str(Delivery.objects.get().key)
    words = "【隐患闭环】您有一件安全隐患事项需要办理，请登录系统查看：https://yinhuan.example.gov.cn"
    assert asked.said == {"key": key, "phone": "13800001234", "text": words}
    assert (asked.path, asked.headers["Idempotency-Key"]) == ("/send", key)
    assert asked.headers["Authorization"] == "Bearer token-of-tests"
    assert Delivery.objects.get().sent_at is not None


@pytest.mark.parametrize("site", ["http://a.cn", "https://yinhuan.example.gov.cn", "https://" + "x" * 80])
def test_a_short_message_is_one_short_message(site, settings):
    settings.SITE_URL = site
    said = wording("/hazards/1183/")
    assert len(said) <= LONGEST
    assert said.startswith("【隐患闭环】您有一件安全隐患事项需要办理，请登录系统查看")
    assert said.endswith("/hazards/1183/") == (len(site) < 15)


def test_whoever_has_no_mobile_number_gets_no_short_message(sms_gateway):
    text(UserFactory(phone="0791-86200000 转 5"))
    text(UserFactory(phone=""))
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("code", ["bad_phone", "unsubscribed"])
def test_a_phone_that_does_not_exist_is_dead_at_once(phone, sms_gateway, code, caplog):
    sms_gateway.refusals["13800001234"] = code
    text(phone)
    assert deliver_all() == 1
    row = Delivery.objects.get()
    assert (row.attempts, row.is_undeliverable, row.dead_at is not None) == (1, True, True)
    assert list(UndeliverableAddress.objects.values_list("user", "channel", "address")) == [
        (phone.pk, "sms", "138 0000 1234")
    ]
    assert caplog.records == []  # no alarm
    text(phone)
    assert Delivery.objects.count() == 1  # nothing more goes there


def test_a_refusal_of_another_kind_is_an_attempt(phone, sms_gateway):
    sms_gateway.refusals["13800001234"] = "refused"
    text(phone)
    deliver_all()
    row = Delivery.objects.get()
    assert (row.attempts, wait_of(row), row.dead_at) == (1, 1, None)
    assert row.last_error == "HTTP 200 refused: 不接收"


@pytest.mark.parametrize(
    ("raw", "attempts"),
    [
        (Raw(status=503), 0),
        (Raw(status=502, body=b"<html>Bad Gateway</html>"), 0),
        (Raw(status=429, headers=(("Retry-After", "120"),)), 0),
        (Raw(status=401, body=b'{"code": "bad_token"}'), 0),
        (Raw(status=302, headers=(("Location", "http://127.0.0.1:1/"),)), 0),
        (Raw(body=b'{"code": "busy"}'), 0),
        (Raw(body=b'{"code": "no_credit"}'), 0),
        (Raw(status=500), 1),
        (Raw(body=b"\xff\xfe garbage"), 1),
        (Raw(body=b""), 1),
        (Raw(body=b"[]"), 1),
        (Raw(body=b"[" * 60_000), 1),
        (Raw(body=b"{}"), 1),
        (Raw(body=b'{"code": 0}'), 1),
        (Raw(body=b" " * (http.MOST_BYTES + 5)), 1),
    ],
)
def test_what_the_gateway_answers_decides_what_follows(phone, sms_gateway, raw, attempts):
    text(phone)
    sms_gateway.instead = [raw]
    deliver_all()
    row = Delivery.objects.get()
    assert (row.attempts, row.sent_at, row.dead_at) == (attempts, None, None)
    assert len(sms_gateway.asked) == 1
    let_leases_end()
    let_back_offs_end()
    ChannelRest.objects.all().delete()
    deliver_all()
    assert sms_gateway.keys == [str(row.key)]


def test_a_gateway_that_asks_for_a_rest_gets_it_from_every_deliverer(sms_gateway):
    for n in range(3):
        text(UserFactory(phone=f"1380000000{n}"))
    sms_gateway.instead = [Raw(status=429, headers=(("Retry-After", "600"),))]
    deliver_all()
    let_leases_end()
    deliver_all()
    rest = ChannelRest.objects.annotate(rest=F("until") - Now()).get().rest
    assert (len(sms_gateway.asked), round(rest / timedelta(minutes=1))) == (1, 10)
    ChannelRest.objects.update(until=Now())
    assert deliver_all() == 3
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_a_gateway_that_is_down_costs_no_attempt_and_the_delay_is_noticed(phone, sms_gateway):
    text(phone)
    sms_gateway.stop()
    due = Delivery.objects.get().due_at
    for _ in range(3):
        deliver_all()
        let_leases_end()
    row = Delivery.objects.get()
    assert (row.attempts, row.due_at, row.last_error[:14]) == (0, due, "no connection:")


def test_a_server_without_a_trusted_certificate_is_told_nothing(phone, sms_gateway, settings):
    text(phone)
    settings.SMS_URL = sms_gateway.origin.replace("http:", "https:")
    deliver_all()
    row = Delivery.objects.get()
    assert (sms_gateway.asked, row.attempts, row.last_error[:21]) == ([], 0, "no connection: SSLErr")


def test_a_gateway_that_hangs_ends_the_turn_after_one_message(sms_gateway, monkeypatch):
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)
    for n in range(5):
        text(UserFactory(phone=f"1380000000{n}"))
    sms_gateway.silence.clear()
    began = time.monotonic()
    assert deliver_due(Channel.SMS) == (1, False)
    assert time.monotonic() - began < 2
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]


def test_a_gateway_that_trickles_cannot_hold_a_deliverer(phone, sms_gateway, monkeypatch):
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.5)
    text(phone)
    sms_gateway.bytes_at_once = 1
    sms_gateway.seconds_between = 0.2  # each byte well within a socket's timeout
    began = time.monotonic()
    deliver_all()
    assert time.monotonic() - began < 2
    assert Delivery.objects.get().last_error.startswith("no answer:")


def test_a_hanging_gateway_does_not_hold_up_the_mail(person, phone, sms_gateway, mail_server, monkeypatch):
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)
    sms_gateway.silence.clear()
    text(phone)
    tell(person)
    deliver_all()
    assert [address for address, _ in mail_server.taken] == [person.email]


def test_a_message_sent_by_a_crashed_sender_reaches_the_phone_once(phone, sms_gateway):
    text(phone)
    with delivery.SENDERS[Channel.SMS]() as sender:
        sender.send(delivery._claim(Channel.SMS))  # and dies before it can mark it
    let_leases_end()
    assert deliver_all() == 1
    assert (len(sms_gateway.keys), len(sms_gateway.reached)) == (2, 1)


def test_another_gateway_can_be_put_behind_the_interface(phone, sms_gateway, settings):
    settings.SMS_GATEWAY = f"{__name__}.Carrier"
    text(phone)
    assert deliver_all() == 1
    assert Carrier.carried == [("13800001234", str(Delivery.objects.get().key))]
    assert sms_gateway.asked == []


def test_a_gateway_that_raises_anything_at_all_stops_only_itself(phone, sms_gateway, wecom, settings):
    settings.SMS_GATEWAY = f"{__name__}.Broken"
    text(phone)
    say(RobotWebhookFactory(url=wecom.url))
    deliver_all()
    row = Delivery.objects.get(channel=Channel.SMS)
    assert (row.attempts, row.last_error, len(wecom.heard)) == (1, "ZeroDivisionError: oh", 1)


class Broken:
    def send(self, *, key, phone, text):
        raise ZeroDivisionError("oh")


class Carrier:
    carried = []

    def send(self, *, key, phone, text):
        self.carried.append((phone, key))


# --- group robots ------------------------------------------------------------------------------------------


@pytest.fixture
def wecom_robot(wecom):
    return RobotWebhookFactory(url=wecom.url)


@pytest.fixture
def dingtalk_robot(dingtalk):
    return RobotWebhookFactory(kind="dingtalk", url=dingtalk.url, secret=dingtalk.secret)


def test_wecom_hears_counts_and_a_link_in_its_format(wecom, wecom_robot, settings):
    settings.SITE_URL = "https://yinhuan.example.gov.cn"
    assert say(wecom_robot) == 1
    assert deliver_all() == 1
    assert wecom.heard == [
        {
            "msgtype": "markdown",
            "markdown": {
                "content": "### 【隐患闭环】逾期提醒\n> 已逾期：3\n> 其中重大：1\n\n"
                "[进入系统查看](https://yinhuan.example.gov.cn/ledger/?state=overdue)"
            },
        }
    ]
    assert Delivery.objects.get().sent_at is not None


def test_wecom_hears_plain_text_where_members_read_in_weixin(wecom, settings):
    settings.SITE_URL = "https://yinhuan.example.gov.cn"
    say(RobotWebhookFactory(url=wecom.url, has_markdown=False))
    deliver_all()
    content = (
        "【隐患闭环】逾期提醒\n已逾期：3\n其中重大：1\nhttps://yinhuan.example.gov.cn/ledger/?state=overdue"
    )
    assert wecom.heard == [{"msgtype": "text", "text": {"content": content}}]


def test_dingtalk_hears_a_signed_message_in_its_format(dingtalk, dingtalk_robot):
    say(dingtalk_robot)
    assert deliver_all() == 1
    [heard] = dingtalk.heard
    assert (heard["msgtype"], heard["markdown"]["title"]) == ("markdown", "逾期提醒")
    assert "> 已逾期：3\n> 其中重大：1\n" in heard["markdown"]["text"]
    assert set(dingtalk.asked[0].query) == {"access_token", "timestamp", "sign"}


def test_the_signature_is_the_one_openssl_makes():
    # printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
    assert (
        robots.signature("this is secret", "1577262236757") == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    )


def test_dingtalk_without_a_secret_is_not_signed(dingtalk):
    say(RobotWebhookFactory(kind="dingtalk", url=dingtalk.url))
    deliver_all()
    assert set(dingtalk.asked[0].query) == {"access_token"}


@pytest.mark.parametrize(
    ("kind", "url", "secret", "reason"),
    [
        ("wecom", "/cgi-bin/webhook/send?key=wrong", "", "HTTP 200 errcode 93000: invalid webhook url"),
        ("dingtalk", "/robot/send?access_token=wrong", "", "HTTP 200 errcode 300001: token is not exist"),
        (
            "dingtalk",
            "/robot/send?access_token=566cc69da782ec00",
            "SECwrong",
            "HTTP 200 errcode 310000: sign not",
        ),
    ],
)
def test_a_robot_that_is_gone_or_set_wrongly_is_not_used_again(wecom, dingtalk, kind, url, secret, reason):
    origin = wecom.origin if kind == "wecom" else dingtalk.origin
    robot = RobotWebhookFactory(kind=kind, url=origin + url, secret=secret)
    say(robot)
    deliver_all()
    row = Delivery.objects.get()
    robot.refresh_from_db()
    assert (row.attempts, row.is_undeliverable, row.last_error[: len(reason)]) == (1, True, reason)
    assert (robot.failed_at is not None, robot.last_error[: len(reason)]) == (True, reason)
    assert say(robot) == 0


@pytest.mark.parametrize(
    ("kind", "code", "minutes"), [("wecom", 45009, 1), ("dingtalk", 130101, 10), ("dingtalk", 410100, 10)]
)
def test_a_robot_that_spoke_too_fast_rests_and_no_attempt_is_counted(wecom, dingtalk, kind, code, minutes):
    platform = wecom if kind == "wecom" else dingtalk
    robot = RobotWebhookFactory(
        kind=kind, url=platform.url, secret="" if kind == "wecom" else platform.secret
    )
    say(robot)
    platform.instead = [Raw(body=b'{"errcode": %d, "errmsg": "api freq out of limit"}' % code)]
    deliver_all()
    row, robot = Delivery.objects.get(), type(robot).objects.annotate(rest=F("rests_until") - Now()).get()
    assert (row.attempts, row.dead_at, round(robot.rest / timedelta(minutes=1))) == (0, None, minutes)
    let_leases_end()
    deliver_all()
    assert len(platform.asked) == 1
    let_robots_go_on()
    deliver_all()
    assert (len(platform.heard), Delivery.objects.get().attempts) == (1, 1)


@pytest.mark.parametrize(
    "raw",
    [
        Raw(body=b'{"errcode": -1, "errmsg": "system busy"}'),
        Raw(body=b'{"errcode": 40058, "errmsg": "invalid Request Parameter"}'),
        Raw(body=b'{"errcode": false}'),
        Raw(body=b'{"errcode": "0"}'),
        Raw(body=b"{}"),
        Raw(body=b"ok"),
        Raw(status=500),
    ],
)
def test_an_answer_that_is_no_yes_is_an_attempt_for_a_robot(wecom, wecom_robot, raw):
    say(wecom_robot)
    wecom.instead = [raw]
    deliver_all()
    row = Delivery.objects.get()
    assert (row.attempts, wait_of(row), row.sent_at, row.dead_at) == (1, 1, None, None)


def test_a_robots_message_dies_after_eight_attempts(wecom, wecom_robot):
    say(wecom_robot)
    wecom.instead = [Raw(body=b'{"errcode": -1}')] * MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS):
        deliver_all()
        let_back_offs_end()
    row = Delivery.objects.get()
    assert (row.attempts, row.dead_at is not None, row.is_undeliverable) == (8, True, False)


def test_a_redirect_is_not_followed(wecom, wecom_robot):
    other = WecomPlatform()
    wecom.instead = [Raw(status=307, headers=(("Location", other.url),))]
    say(wecom_robot)
    deliver_all()
    assert other.asked == []
    assert Delivery.objects.get().last_error.startswith("HTTP 307")
    other.stop()


def test_an_origin_that_is_not_allowed_any_more_is_not_asked(wecom, wecom_robot, settings):
    say(wecom_robot)
    settings.WEBHOOK_ORIGINS = ["https://qyapi.weixin.qq.com"]
    deliver_all()
    assert wecom.asked == []
    assert Delivery.objects.get().is_undeliverable


def test_a_robot_that_hangs_does_not_hold_up_the_others(wecom, dingtalk, dingtalk_robot, monkeypatch):
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)
    wecom.silence.clear()
    silent = RobotWebhookFactory(url=wecom.url)
    for n in range(3):
        say(silent, topic=f"t{n}")
    other = WecomPlatform()
    monkeypatch.setattr("django.conf.settings.WEBHOOK_ORIGINS", [wecom.origin, dingtalk.origin, other.origin])
    say(RobotWebhookFactory(url=other.url))
    say(dingtalk_robot)
    began = time.monotonic()
    deliver_all()
    assert time.monotonic() - began < 3
    assert (len(wecom.asked), len(other.heard), len(dingtalk.heard)) == (1, 1, 1)
    other.stop()


def test_four_deliverers_keep_one_robot_within_twenty_a_minute(wecom, wecom_robot):
    for n in range(30):
        say(wecom_robot, topic=f"t{n}")
    start = threading.Barrier(4)

    def work():
        start.wait()
        deliver_all()
        connection.close()

    for round_ in (20, 30):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(wecom.heard), len(wecom.asked)) == (round_, round_)
        let_robots_go_on()
        start.reset()
        wecom._times.clear()
    assert Delivery.objects.filter(sent_at=None).count() == 0
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_a_limit_of_one_robot_is_not_that_of_another(wecom, wecom_robot, dingtalk, dingtalk_robot):
    for n in range(25):
        say(wecom_robot, topic=f"t{n}")
    second = RobotWebhookFactory(url=wecom.url)
    say(second)
    say(dingtalk_robot)
    wecom.too_fast = (0, "ok")
    deliver_all()
    assert (
        Delivery.objects.filter(sent_at=None).values_list("robot", flat=True).distinct().get()
        == wecom_robot.pk
    )
    assert Delivery.objects.filter(robot=wecom_robot, sent_at=None).count() == 5


def test_the_largest_bulletin_is_taken_by_every_platform(wecom, settings):
    settings.SITE_URL = "https://" + "x" * 60 + ".gov.cn"
    words = {f"K{n}": (f"k{n}", f"{n:02d}" + "隐" * (LONGEST_LABEL - 2)) for n in range(MOST_COUNTS)}
    largest = dict.fromkeys(TextChoices("Largest", list(words.items())), 999999)
    for has_markdown in (True, False):
        robot = RobotWebhookFactory(url=wecom.url, has_markdown=has_markdown)
        announce(
            authority=robot.authority, heading=Heading.OVERDUE, counts=largest, url="/ledger/", topic="t"
        )
    deliver_all()
    assert len(wecom.heard) == 2
