"""Group robots: set by the administrators of a place, secret once saved, and saying nothing anybody typed."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import TextChoices

from institutions.enums import Role
from notifications.delivery import deliver_all
from notifications.models import Bulletin, Delivery, RobotEvent, RobotWebhook
from notifications.outbox import announce, settle
from notifications.robots import add_robot, edit_robot, switch_robot, try_robot
from tests.factories import RobotWebhookFactory, as_client, make_actor, make_place

pytestmark = pytest.mark.django_db(transaction=True)

LIST, ADD = "/notices/robots/", "/notices/robots/add/"
URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=sesame-key-1183"
DING = "https://oapi.dingtalk.com/robot/send?access_token=sesame-token-1183"


class Word(TextChoices):
    OVERDUE = "overdue", "已逾期"


@pytest.fixture
def place():
    return make_place()


@pytest.fixture(params=[Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN])
def admin(request, place):
    return make_actor(request.param, place.county)


def add(admin, **fields) -> RobotWebhook:
    facts = {
        "authority": admin.authority, "kind": "wecom", "name": "县局群", "url": URL, "secret": "", "has_markdown": True,
    }  # fmt: skip
    return add_robot(by=admin, **(facts | fields))


def robot_page(robot) -> str:
    return f"{LIST}{robot.pk}/"


def test_an_administrator_adds_a_robot_and_its_address_is_never_shown_again(admin):
    client = as_client(admin)
    fields = {
        "authority": admin.authority.pk,
        "kind": "dingtalk",
        "name": "县局群",
        "url": DING,
        "secret": "SECsesame",
    }
    response = client.post(ADD, fields)
    robot = RobotWebhook.objects.get()
    assert (response.status_code, response["Location"]) == (302, robot_page(robot))
    assert (robot.url, robot.secret, robot.has_markdown) == (DING, "SECsesame", False)
    seen = [
        client.get(path).content.decode() for path in (LIST, robot_page(robot), "/members/system/", "/me/")
    ]
    assert ["sesame" in page for page in seen] == [False] * 4
    assert "oapi.dingtalk.com" in seen[1]
    assert list(RobotEvent.objects.values_list("by", "act", "detail")) == [
        (admin.user.pk, "added", "钉钉群 oapi.dingtalk.com")
    ]


def test_a_refused_form_does_not_hide_what_was_typed(admin):
    response = as_client(admin).post(ADD, {"url": "https://evil.example/?key=1", "kind": "wecom"})
    assert response.status_code == 422
    response = as_client(admin).post(
        ADD,
        {
            "authority": admin.authority.pk,
            "kind": "wecom",
            "name": "群",
            "url": "https://evil.example/?key=1",
        },
    )
    assert (response.status_code, RobotWebhook.objects.count()) == (422, 0)
    assert "只能填写以下来源的地址：https://qyapi.weixin.qq.com" in response.content.decode()


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("wecom", "https://10.0.0.1/cgi-bin/webhook/send?key=1"),
        ("wecom", "https://qyapi.weixin.qq.com@10.0.0.1/?key=1"),
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
        ("dingtalk", URL),
    ],
)
def test_an_address_elsewhere_or_incomplete_is_refused(admin, kind, url):
    with pytest.raises(ValidationError):
        add(admin, kind=kind, url=url)
    robot = add(admin)
    if kind == "wecom":
        with pytest.raises(ValidationError):
            edit_robot(robot, by=admin, name="群", url=url, has_markdown=True)


def test_editing_keeps_what_is_not_typed_and_a_new_address_ends_a_failure(admin):
    robot = add(admin, kind="dingtalk", url=DING, secret="SECold")
    RobotWebhook.objects.update(failed_at="2026-11-20T00:00Z", last_error="93000")
    client = as_client(admin)
    client.post(robot_page(robot), {"name": "新名称", "url": "", "secret": ""})
    robot.refresh_from_db()
    assert (robot.name, robot.url, robot.secret, robot.failed_at is None) == ("新名称", DING, "SECold", False)
    client.post(robot_page(robot), {"name": "新名称", "url": DING + "2", "secret": "SECnew"})
    robot.refresh_from_db()
    assert (robot.url, robot.secret, robot.failed_at, robot.last_error) == (DING + "2", "SECnew", None, "")
    assert all(
        "SEC" not in detail and "token" not in detail
        for detail in robot.events.values_list("detail", flat=True)
    )


def test_robots_elsewhere_do_not_exist(admin, place):
    sibling = RobotWebhookFactory(
        authority=make_place(city=place.city).county.authorities.get(), name="邻县群"
    )
    above = RobotWebhookFactory(authority=place.city.authorities.get(), name="市局群")
    below = RobotWebhookFactory(authority=place.township.authorities.get(), name="乡镇群")
    client = as_client(admin)
    page = client.get(LIST).content.decode()
    assert [name in page for name in ("邻县群", "市局群", "乡镇群")] == [False, False, True]
    for robot in (sibling, above):
        assert client.get(robot_page(robot)).status_code == 404
        assert client.post(f"{robot_page(robot)}try/").status_code == 404
        for act in (try_robot, lambda robot, by: switch_robot(robot, by=by, is_on=False)):
            with pytest.raises(PermissionDenied):
                act(robot, by=admin)
        with pytest.raises(PermissionDenied):
            add(admin, authority=robot.authority)
    assert client.get(robot_page(below)).status_code == 200


def test_others_may_not_set_robots(place):
    robot = RobotWebhookFactory(authority=place.county.authorities.get())
    official = make_actor(Role.COUNTY_OFFICIAL, place.county)
    assert [as_client(official).get(path).status_code for path in (LIST, ADD, robot_page(robot))] == [403] * 3
    with pytest.raises(PermissionDenied):
        add(official)


def test_a_test_message_goes_the_way_of_all_messages_and_ends_a_failure(wecom, admin):
    robot = RobotWebhookFactory(authority=admin.authority, url=wecom.url, failed_at="2026-11-20T00:00Z")
    client = as_client(admin)
    client.post(f"{robot_page(robot)}try/")
    assert "上一条测试消息还没有发出" in client.post(f"{robot_page(robot)}try/", follow=True).content.decode()
    assert deliver_all() == 1
    robot.refresh_from_db()
    assert (len(wecom.heard), robot.failed_at) == (1, None)
    assert "测试消息，收到即表示可用" in wecom.heard[0]["markdown"]["content"]
    assert "已发出" in client.get(robot_page(robot)).content.decode()
    client.post(f"{robot_page(robot)}try/")
    assert deliver_all() == 1


def test_what_waits_for_a_robot_that_is_switched_off_is_not_sent(wecom, admin):
    robot = RobotWebhookFactory(authority=admin.authority, url=wecom.url)
    say(robot)
    client = as_client(admin)
    client.post(f"{robot_page(robot)}switch/")
    assert (Delivery.objects.filter(dropped_at=None).count(), say(robot), deliver_all()) == (0, 0, 0)
    assert "已停用，请先启用" in client.post(f"{robot_page(robot)}try/", follow=True).content.decode()
    client.post(f"{robot_page(robot)}switch/", {"on": "1"})
    assert (say(robot, topic="again"), deliver_all(), len(wecom.heard)) == (1, 1, 1)
    assert list(robot.events.values_list("act", flat=True)) == ["switched_on", "switched_off"]


# --- what is said -------------------------------------------------------------------------------------------


def say(robot, **more) -> int:
    facts = {"heading": Word.OVERDUE, "counts": {Word.OVERDUE: 3}, "url": "/ledger/", "topic": "daily"}
    return announce(authority=robot.authority, **(facts | more))


def test_each_robot_of_the_authority_says_it_once_and_no_others(admin):
    robots = [RobotWebhookFactory(authority=admin.authority) for _ in range(2)]
    RobotWebhookFactory()
    assert (say(robots[0], dedupe_key="d:1"), say(robots[0], dedupe_key="d:1")) == (2, 0)
    assert set(Delivery.objects.values_list("robot", "channel")) == {(r.pk, "wecom") for r in robots}
    assert list(Bulletin.objects.values_list("counts", flat=True)) == [[["已逾期", 3]]]


def test_an_authority_without_robots_is_told_nothing(place):
    assert announce(
        authority=place.county.authorities.get(), heading=Word.OVERDUE, counts={}, url="/", topic="t"
    ) == 0  # fmt: skip
    assert Bulletin.objects.count() == 0


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"heading": "朝阳儿童福利院"}, TypeError),
        ({"counts": {"朝阳儿童福利院": 1}}, TypeError),
        ({"counts": {Word.OVERDUE: "朝阳儿童福利院"}}, ValueError),
        ({"url": "/ledger/?q=朝阳儿童福利院"}, ValueError),
        ({"url": "/ledger/?q=%E6%9C%9D"}, ValueError),
        ({"url": "//evil.example/"}, ValueError),
    ],
)
def test_nothing_that_anybody_typed_can_be_said_in_a_group(more, error):
    robot = RobotWebhookFactory()
    with pytest.raises(error), transaction.atomic():
        say(robot, **more)
    assert Bulletin.objects.count() == 0


def test_the_database_refuses_words_in_a_link_too():
    robot = RobotWebhookFactory()
    with pytest.raises(IntegrityError, match="bulletin_url_is_wordless"):
        Bulletin.objects.create(authority=robot.authority, topic="t", heading="x", url="/ledger/?q=福利院")


def test_a_settled_bulletin_is_not_said(wecom):
    robot = RobotWebhookFactory(url=wecom.url)
    say(robot)
    with transaction.atomic():
        settle("daily")
    assert (deliver_all(), wecom.heard) == (1, [])
    assert Delivery.objects.get().dropped_at is not None


def test_a_group_is_left_in_peace_at_night(settings):
    robot = RobotWebhookFactory()
    settings.QUIET_HOURS = "00:00-12:00"
    say(robot, topic="a")
    settings.QUIET_HOURS = "12:00-00:00"
    say(robot, topic="b")
    say(robot, topic="c", is_urgent=True)
    waits = [row.due_at > row.bulletin.created_at for row in Delivery.objects.order_by("id")]
    assert (sorted(waits[:2]), waits[2]) == ([False, True], False)


def test_a_closed_channel_says_nothing(settings):
    robot = RobotWebhookFactory()
    settings.WEBHOOK_ORIGINS = []
    assert (say(robot), Bulletin.objects.count()) == (0, 0)
