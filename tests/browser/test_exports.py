"""The quick search and a file on its way, in Chromium: with scripts, without, on the desk and on the phone."""

import io
import os
import threading

import openpyxl
import pytest
from django.db import connection
from playwright.sync_api import expect

from reports.exports.making import make_all
from reports.models import ExportJob, SavedFilter
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.factories import Cast, ExportJobFactory
from tests.reports.made import put

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


@pytest.fixture
def cast():
    cast = Cast(name="长寿养老院", address="梅岭路 8 号")
    put(cast, "rectifying", 12, description="天窗漏雨，未及时处理", location="三楼活动室")
    put(cast, "awaiting_verification", severity="major", description="疏散通道堆放杂物")
    return cast


def fits(page, name: str) -> None:
    """Fits its screen and can be read by all; kept as a picture where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)
    assert (axe_violations(page), overflow(page)) == ([], 0), name


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_searching_from_any_page(window, cast, viewport):
    page = window(cast.county, viewport)
    page.goto("/")
    fits(page, "workbench")
    if viewport is PHONE:
        page.get_by_role("link", name="查找").click()
        fits(page, "search-empty")
        page.locator("main input[type=search]").fill("changshou 天窗")
        page.locator("main").get_by_role("button", name="查找").click()
    else:
        page.locator("header input[type=search]").fill("changshou 天窗")
        page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect(page.locator("#found-hazards + a")).to_have_text("在台账中查看全部")
    assert {mark.inner_text() for mark in page.locator("main mark").all()} == {"长寿", "天窗"}
    fits(page, "search")
    page.get_by_role("link", name="在台账中查看全部").click()
    page.wait_for_url("**/ledger/?q=*")
    fits(page, "ledger-found")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_file_is_asked_for_watched_and_taken(window, cast, viewport):
    page = window(cast.county, viewport)
    page.goto("/ledger/?state=open")
    fits(page, "ledger")
    page.get_by_role("link", name="导出", exact=True).click()
    fits(page, "export-new")
    page.get_by_role("button", name="导出").click()
    page.wait_for_url("**/exports/*-*/")
    expect(page.get_by_text("正在排队")).to_be_visible()
    job = ExportJob.objects.get()
    ExportJob.objects.update(rows_total=13, rows_done=5)
    expect(page.get_by_text("已写入 5 / 13 条")).to_be_visible(timeout=10_000)
    fits(page, "export-progress")

    def work():
        make_all()
        connection.close()

    maker = threading.Thread(target=work)
    maker.start()
    maker.join()
    expect(page.get_by_text("已完成，共 13 条")).to_be_visible(timeout=10_000)
    fits(page, "export-done")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载").click()
    assert openpyxl.load_workbook(io.BytesIO(taken.value.path().read_bytes())).active.max_row == 3 + 13
    page.goto("/exports/")
    fits(page, "exports")
    assert [act for act, _ in job.events.order_by("id").values_list("act", "rows")] == [
        "asked",
        "made",
        "opened",
    ]


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_conditions_are_kept_and_changed(window, cast, viewport):
    page = window(cast.county, viewport)
    page.goto("/ledger/?state=open&severity=major")
    page.get_by_role("link", name="保存条件").click()
    page.get_by_label("名称").fill("重大在办")
    page.get_by_text("共享给本单位的同事").click()
    fits(page, "filter-keep")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/filters/")
    page.get_by_role("button", name="新增时通知我").click()
    expect(page.get_by_role("button", name="关闭提醒")).to_be_visible()
    fits(page, "filters")
    page.get_by_role("link", name="重大在办").click()
    page.wait_for_url("**/ledger/?*severity=major*")
    assert SavedFilter.objects.get().alerts.count() == 1


def test_without_scripts_everything_works_by_links_and_buttons(chromium, live_server, cast, window):
    session = window(cast.county).context.cookies()
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False, viewport=PHONE)
    context.add_cookies(session)
    page = context.new_page()
    page.goto("/search/?q=天窗")
    assert page.locator("main mark").count() == 8
    job = ExportJobFactory(asked_as=cast.county.membership)
    page.goto(f"/exports/{job.pk}/")
    page.get_by_role("button", name="取消导出").click()
    assert page.get_by_text("已取消导出。").count() == 1
    context.close()
