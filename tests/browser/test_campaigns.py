"""Campaigns, teams and plans in Chromium, on a phone and a desktop: made, looked at, worked through."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from inspections.models import Campaign, InspectionTeam
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.inspections import factories as make
from tests.inspections.campaigns_made import Land, visited

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = {"province": "江西省", "city": "南昌市", "east": "东湖区", "west": "青山湖区", "south": "章贡区", "lone": "共青城市"}  # fmt: skip


@pytest.fixture
def land():
    land = Land()
    for key, name in NAMES.items():
        region = getattr(land, key)
        region.name = name
        region.save()
        region.authorities.update(name=f"{name}民政局")
    for grade, home in zip(("red", "orange", "yellow"), land.homes["west"], strict=True):
        home.name, home.risk_grade = f"青山湖区{home.pk}号敬老院（含老年养护楼和认知症照护专区）", grade
        home.save()
    land.cast.county.user.name, land.cast.city.user.name = "李秀英", "陈志强"
    land.cast.county.user.save()
    land.cast.city.user.save()
    # The actors were made before the names.
    for actor in (land.cast.city, land.cast.county):
        actor.authority.refresh_from_db()
    return land


def check(page):
    """What every page must hold: fits its screen, readable by everybody."""
    assert overflow(page) == 0, page.url
    assert axe_violations(page) == [], page.url


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_city_runs_a_campaign_with_a_team_and_sees_how_far_it_is(window, faults, land, viewport):
    today = timezone.localdate()
    big = land.campaign(name="养老机构安全管理三年行动")
    page = window(land.cast.city, viewport)
    page.goto("/inspections/campaigns/")
    check(page)
    page.get_by_role("link", name="新建行动").click()
    page.get_by_label("名称").fill("百日消防安全专项行动")
    page.get_by_text("百日行动", exact=True).click()
    page.get_by_label("开始日期").fill(today.isoformat())
    page.get_by_label("结束日期").fill((today - timedelta(days=1)).isoformat())
    page.get_by_label("青山湖区").check()
    page.get_by_label("上级行动").select_option(str(big.pk))
    page.get_by_role("button", name="保存").click()
    page.get_by_role("heading", name="请先改正以下内容").wait_for()
    check(page)
    faults.clear()  # the refusal itself: 422
    page.get_by_label("结束日期").fill((today + timedelta(days=100)).isoformat())
    page.get_by_role("button", name="保存").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    campaign = Campaign.objects.get(name="百日消防安全专项行动")
    assert (campaign.parent, [r.name for r in campaign.regions.all()]) == (big, ["青山湖区"])

    page.get_by_role("link", name="成立督导组").click()
    page.get_by_label("名称").fill("第一督导组")
    page.get_by_label("组长").select_option(label="陈志强")
    check(page)
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name="选择组员").click()
    page.get_by_label("姓名、登录名或单位").fill("李秀英")
    page.locator("main").get_by_role("button", name="查找").click()
    page.get_by_label("李秀英").check()
    check(page)
    page.get_by_role("button", name="增加所选").click()
    page.get_by_role("button", name="移出所选").wait_for()
    page.get_by_role("link", name="完成").click()
    page.get_by_role("link", name="选择机构").click()
    for home in land.homes["west"]:
        page.get_by_label(home.name).check()
    check(page)
    page.get_by_role("button", name="增加所选").click()
    page.get_by_role("button", name="移出所选").wait_for()
    check(page)
    team = InspectionTeam.objects.get()
    assert team.institutions.count() == 3

    land.found_in("west", campaign, "rectifying", 3, due_on=today - timedelta(days=2))
    page.goto(f"/inspections/teams/{team.pk}/")
    check(page)
    assert page.get_by_role("heading", name="已检查 1 / 3").is_visible()
    page.goto(f"/inspections/campaigns/{campaign.pk}/")
    check(page)
    page.locator("tbody").get_by_role("link", name="青山湖区", exact=True).click()
    check(page)
    page.get_by_role("link", name=re.compile("未检查机构")).click()
    check(page)
    assert page.get_by_role("link", name=re.compile("去检查")).count() == 2
    page.goto(f"/inspections/campaigns/{big.pk}/")
    check(page)
    page.goto("/inspections/teams/")
    check(page)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_county_finds_what_is_due(window, land, viewport):
    today = timezone.localdate()
    campaign = land.campaign(name="冬春火灾防控百日行动", note="重点查夜间值班和疏散通道")
    visited(land.homes["east"][1], campaign)
    for days, home in zip((-3, 2), land.homes["east"], strict=True):
        make.VisitPlanFactory(institution=home, due_on=today + timedelta(days=days), kind="monthly")
    page = window(land.cast.county, viewport)
    page.goto("/inspections/plans/")
    check(page)
    page.goto(f"/inspections/campaigns/{campaign.pk}/")
    check(page)
    assert land.cast.home.name in page.request.get("/inspections/plans/due/").text()
    house = window(land.cast.manager, viewport)
    house.goto("/inspections/campaigns/")
    check(house)
    house.get_by_role("link", name="冬春火灾防控百日行动").click()
    check(house)
