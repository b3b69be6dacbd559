"""From an empty database to the first person who can let others in."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from institutions.enums import RegionLevel
from institutions.models import Authority, Membership
from tests.factories import RegionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def province():
    province = RegionFactory(code="360000", name="江西省")
    city = RegionFactory(code="360100", name="南昌市", level=RegionLevel.CITY, parent=province)
    county = RegionFactory(code="360102", name="东湖区", level=RegionLevel.COUNTY, parent=city)
    RegionFactory(code="360102100", name="扬子洲镇", level=RegionLevel.TOWNSHIP, parent=county)
    return province


def run(*arguments) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_every_region_gets_its_civil_affairs_authority_once(province):
    assert run("open_authorities") == "新建 4 个民政部门。\n"
    assert run("open_authorities") == "新建 0 个民政部门。\n"
    assert list(Authority.objects.order_by("region__path").values_list("name", flat=True)) == [
        "江西省民政厅", "南昌市民政局", "东湖区民政局", "扬子洲镇社会事务办",
    ]  # fmt: skip


def test_the_first_administrator_can_log_in_and_must_change_the_password(province):
    run("open_authorities")
    said = run("appoint_administrator", "360000", "aqgly", "何静")
    password = said.split("初始密码：")[1].split("，")[0]
    assert Membership.objects.get().role == "security_admin"
    client = Client()
    response = client.post("/login/", {"username": "aqgly", "password": password})
    assert response.status_code == 302
    assert client.get("/members/")["Location"] == "/me/password/"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("999999", "x", "某"), "没有代码为 999999 的行政区划"),
        (("360000", "aqgly", "某"), "已有安全管理员"),
        (("360100", "aqgly", "某"), "已经有人使用"),
    ],
)
def test_a_wrong_appointment_says_why(province, arguments, words):
    run("open_authorities")
    run("appoint_administrator", "360000", "aqgly", "何静")
    with pytest.raises(CommandError, match=words):
        run("appoint_administrator", *arguments)


def test_without_authorities_the_command_says_what_to_do_first(province):
    with pytest.raises(CommandError, match="请先执行 open_authorities"):
        run("appoint_administrator", "360000", "aqgly", "何静")
