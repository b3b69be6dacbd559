"""The ledger in Chromium: suggestions while typing, columns, lists, many rows at once; on the desk and on the phone."""

import os

import pytest
from playwright.sync_api import expect

from hazards.models import Hazard
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.factories import Cast, hazard_in
from tests.reports.made import put

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]
SIZES = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture
def cast():
    cast = Cast(name="长寿养老院", address="梅岭路 8 号", risk_grade="red")
    put(cast, "rectifying", 3, description="天窗漏雨，未及时处理", location="三楼活动室")
    put(cast, "rectifying", severity="major", description="疏散通道堆放杂物")
    return cast


def fits(page, name: str) -> None:
    """Fits its screen and can be read by all; kept as a picture where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)
    assert (axe_violations(page), overflow(page)) == ([], 0), name


@SIZES
def test_suggestions_come_while_typing_and_lead_there(window, cast, viewport):
    page = window(cast.county, viewport)
    page.goto("/" if viewport is DESKTOP else "/search/")
    box = page.locator("header input[type=search]" if viewport is DESKTOP else "main input[type=search]")
    box.press_sequentially("changs")
    panel = page.locator(".suggest:visible")
    expect(panel.locator("a").first).to_contain_text("长寿养老院")
    fits(page, "suggest")
    page.keyboard.press("Escape")
    box.fill("天窗")
    expect(panel.locator("a").filter(has_text="天窗漏雨")).to_have_count(3)
    panel.get_by_role("link", name="查看全部结果").click()
    page.wait_for_url("**/search/?q=*")


@SIZES
def test_columns_are_chosen_and_seen(window, cast, viewport):
    page = window(cast.county, viewport)
    page.goto("/ledger/?state=open")
    page.get_by_role("link", name="选择列").click()
    page.get_by_role("button", name="整改责任人").click()
    rows = page.locator("ol.rows li")
    expect(rows).to_have_count(6)
    rows.filter(has_text="整改责任人").get_by_role("button", name="上移").click()
    expect(rows.nth(4)).to_contain_text("整改责任人")
    rows.filter(has_text="发现日期").get_by_role("button", name="去掉").click()
    expect(rows).to_have_count(5)
    fits(page, "columns")
    page.get_by_role("link", name="选好了，看台账").click()
    page.wait_for_url("**/ledger/?state=open")
    if viewport is DESKTOP:
        expect(page.get_by_role("columnheader")).to_have_text(
            ["存在问题", "机构", "隐患等级", "整改期限", "状态", "整改责任人"]
        )
    else:
        expect(page.locator("td[data-label=发现]").first).to_be_visible()
    fits(page, "ledger-chosen")


@SIZES
def test_many_are_issued_from_the_ledger(window, cast, viewport):
    for n in range(3):
        hazard_in(cast, "registered", description=f"{n + 1} 号楼灭火器过期")
    hazard_in(cast, "registered", description="配电箱烧焦", severity="major")
    page = window(cast.county, viewport)
    page.goto("/ledger/?state=registered")
    for box in page.locator("input[name=pick]").all()[:3]:
        box.check()
    fits(page, "ledger-pick")
    page.get_by_role("button", name="批量下发").click()
    page.wait_for_url("**/ledger/bulk/issue/?*")
    fits(page, "bulk-issue")
    page.locator("main").get_by_role("button", name="批量下发").click()
    page.wait_for_url("**/ledger/bulk/result/**")
    expect(page.locator("h1")).to_have_text("批量下发整改：办成 2 条，共 2 条")
    fits(page, "bulk-result")
    page.reload()
    expect(page.locator("h1")).to_have_text("批量下发整改：办成 2 条，共 2 条")
    assert Hazard.objects.filter(status="registered").count() == 2


@SIZES
def test_general_hazards_are_looked_at_and_closed(window, cast, faults, viewport):
    for _ in range(2):
        hazard_in(cast, "verified")
    page = window(cast.city, viewport)
    page.goto("/ledger/?state=verified")
    page.get_by_role("button", name="全部选中").click()
    page.wait_for_url("**/ledger/bulk/close/?*")
    page.get_by_label("已看过材料，同意销号").first.check()
    fits(page, "bulk-close")
    page.locator("main").get_by_role("button", name="批量销号").click()
    page.wait_for_url("**/ledger/bulk/result/**")
    assert Hazard.objects.filter(status="closed").count() == 1
    faults[:] = [fault for fault in faults if "404" not in fault]  # the photos are rows without a file


@SIZES
def test_the_four_lists(window, cast, viewport):
    hazard_in(cast, "closed")
    page = window(cast.county, viewport)
    page.goto("/ledger/")
    page.get_by_role("link", name="四个清单").click()
    for name in ("风险清单", "任务清单", "成果清单", "问题清单"):
        page.locator(".tabs").get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(name)
        fits(page, f"list-{name}")
    page.get_by_role("link", name="导出").click()
    expect(page.get_by_label("问题清单")).to_be_checked()
    fits(page, "export-list")
