"""A county official with four hundred overdue hazards, told of all on one day: one digest, readable on a phone."""

import re
from datetime import date, timedelta

import pytest
import time_machine

from clocks import running
from clocks.models import Clock, Digest
from clocks.sweep import sweep
from notifications.delivery import sweep as deliver
from notifications.models import Notice
from tests.browser.conftest import PHONE
from tests.browser.test_walk import look
from tests.clocks.made import at, seed
from tests.factories import Cast
from tests.notifications.smtp import StandInMailServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOUSES = [
    "扬子洲镇中心敬老院",
    "彭家桥街道颐养院",
    "青山湖区社会福利院（儿童福利院）",
    "塘山镇敬老院",
    "东湖区救助管理站",
]
FAULTS = [
    "疏散通道堆放杂物", "消防水泵房控制柜停在手动位置，值班人员不会切换", "厨房燃气报警器探头过期，报警后不能联动切断",
    "三楼护理区安全出口上锁，钥匙由护工保管", "配电箱内线路老化", "老人房间使用电热毯和大功率取暖器，线路没有单独的保护",
]  # fmt: skip


@pytest.fixture
def mail_server(settings):
    """Mail leaves for a stand-in, at any hour."""
    server = StandInMailServer()
    settings.EMAIL_ENABLED, settings.QUIET_HOURS = True, ""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


FRIDAY = date(2026, 11, 20)  # digests are of workdays


@pytest.fixture
def official(mail_server):
    """The official of a county with four hundred matters overdue by 1 to 20 days, on the day `today`."""
    with time_machine.travel(at(FRIDAY)):
        yield made_official(FRIDAY)


def made_official(today: date):
    seed()
    cast = Cast(name=HOUSES[0])
    cast.county.user.email = "county@example.com"
    cast.county.user.save()
    houses = [cast.home, *(cast.place.institution(name=name) for name in HOUSES[1:])]
    running.start_many(
        Clock(
            kind="hazard", subject_id=n, institution=houses[n % 5], ladder_key="hazard_general",
            due_on=today - timedelta(days=n % 20 + 1), started_on=today - timedelta(days=40),
            next_look_on=today - timedelta(days=40), title=f"{FAULTS[n % 6]}（第 {n + 1} 处）",
            url="/hazards/1/",
        )
        for n in range(400)
    )  # fmt: skip
    sweep(at(today))
    return cast.county, today


# What stands in each row: the tag, and the days it is late.
_ROWS = """rows => rows.map(row => [
    row.querySelector('.tag').textContent, Number(row.querySelector('.due').textContent.match(/[0-9]+/)[0])])"""
ORDER = ["督办（待签发）", "红色预警", "黄色预警"]


def test_four_hundred_overdue_hazards_are_one_digest_and_one_mail(official, mail_server):
    actor, today = official
    sweep(at(today, 9))
    notice, digest = Notice.objects.get(recipient=actor.user), Digest.objects.get(recipient=actor.user)
    deliver()
    ((_, mail),) = [sent for sent in mail_server.taken if sent[0] == actor.user.email]
    words = mail.get_content().splitlines()
    assert (len(digest.reminders), digest.notice) == (400, notice)
    assert notice.subject == "今日提醒 400 件：督办 280、红色预警 40、黄色预警 80"
    assert words[:6] == [
        notice.subject,
        "",
        "1. 【督办（待签发）】逾期 20 天　东湖区救助管理站",
        "　　消防水泵房控制柜停在手动位置，值班人员不会切换…",
        words[4],
        "",
    ]
    assert (words[4].startswith("　　补发，应于"), max(map(len, words[2:-4])) <= 30) == (True, True)
    assert "以上是最紧急的 10 件，另有 390 件，请打开查看全部。" in words


def test_the_digest_of_four_hundred_is_read_on_a_phone_most_urgent_first(window, official):
    page = window(official[0], PHONE)
    page.goto("/notices/")
    page.get_by_role("link", name=re.compile("今日提醒 400 件")).click()
    page.get_by_text("共 400 件：督办 280、红色预警 40、黄色预警 80").wait_for()
    assert look(page, "digest") == []
    rows = []
    for number in range(1, 9):
        page.get_by_text(f"共 400 条，第 {number} / 8 页").wait_for()
        rows += page.locator(".rows > li").evaluate_all(_ROWS)
        if number < 8:
            page.get_by_role("link", name="下一页").click()
    assert len(rows) == 400
    assert rows == sorted(rows, key=lambda row: (ORDER.index(row[0]), -row[1]))
