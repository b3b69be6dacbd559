"""A ledger brought along, in Chromium: matched, judged, imported, looked up; on the desk and on the phone, also without scripts."""

import io
import threading

import openpyxl
import pytest
from django.db import connection
from playwright.sync_api import expect

from hazards.models import Hazard
from reports.models import LedgerImport
from reports.tasks import work_imports
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_exports import fits
from tests.factories import Cast
from tests.reports.importing import HEADINGS, book, brought, imported, line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    return Cast(name="长寿养老院")


def ledger(cast) -> dict:
    """The file as a browser sends it: open and ended rows, and two wrong ones."""
    rows = [
        line(cast.home, f"{n} 号楼疏散通道堆放杂物，应急照明灯不亮", done="否" if n % 3 else "已销号")
        for n in range(1, 9)
    ]
    wrong = [
        line("长春养老院", "灭火器压力不足", "3月5日"),
        line(cast.home, "配电箱前堆放可燃物", done="不清楚"),
    ]
    content = book(*rows, *wrong, headings=HEADINGS)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "2026年养老机构安全隐患排查整治台账.xlsx", "mimeType": kind, "buffer": content}


def work() -> None:
    """A worker's round, on a connection of its own."""

    def run():
        work_imports()
        connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    worker.join()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_ledger_is_brought_matched_judged_and_imported(window, cast, viewport):
    page = window(cast.county, viewport)
    page.goto("/ledger/")
    page.get_by_role("link", name="导入台账").click()
    fits(page, "imports-new")
    page.locator("input[type=file]").set_input_files(files=[ledger(cast)])
    page.get_by_role("button", name="上传").click()
    page.wait_for_url("**/imports/*/columns/")
    fits(page, "imports-match")
    page.get_by_role("button", name="核对每一行").click()
    expect(page.get_by_text("正在排队")).to_be_visible()
    LedgerImport.objects.update(attempts=1, rows_done=4, rows_total=10)
    expect(page.get_by_text("已核对 4 / 10 行")).to_be_visible(timeout=10_000)
    fits(page, "imports-progress")
    work()
    expect(page.get_by_role("heading", name="核对结果")).to_be_visible(timeout=10_000)
    fits(page, "imports-checked")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载标出错误的表格").click()
    assert openpyxl.load_workbook(io.BytesIO(taken.value.path().read_bytes())).active["K2"].value == "错误"
    page.get_by_role("button", name="先导入正确的行").click()
    expect(page.get_by_text("正在排队")).to_be_visible()
    work()
    expect(page.get_by_text("6 条进入整改，2 条进历史台账")).to_be_visible(timeout=10_000)
    fits(page, "imports-done")
    page.get_by_role("link", name="查看导入的历史台账").click()
    page.locator("main .rows summary").first.click()
    fits(page, "imports-past")
    page.goto("/imports/")
    fits(page, "imports-list")
    page.goto(f"/hazards/{Hazard.objects.first().pk}/")
    fits(page, "imports-hazard")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_wrong_ledger_is_asked_back_and_the_city_consents(window, cast, viewport):
    job = imported(cast.county, book(line(cast.home), line(cast.home, "灭火器过期", done="是")))
    page = window(cast.county, viewport)
    page.goto(f"/imports/{job.pk}/")
    page.get_by_role("link", name="查看导入的隐患").click()
    expect(page.get_by_text("导入：台账.xlsx")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="导错了，申请撤回").click()
    fits(page, "imports-withdraw")
    page.get_by_label("撤回原因").fill("选成了去年的台账")
    page.get_by_role("button", name="申请撤回").click()
    fits(page, "imports-asked")
    city = window(cast.city, viewport)
    city.goto("/imports/")
    city.get_by_role("link", name="台账.xlsx").click()
    fits(city, "imports-decide")
    city.get_by_role("button", name="同意撤回").click()
    expect(city.get_by_text("正在排队")).to_be_visible()
    work()
    expect(city.get_by_text("1 条隐患作废，1 条历史台账撤下")).to_be_visible(timeout=10_000)
    fits(city, "imports-withdrawn")


def test_without_scripts_a_ledger_comes_in_by_links_and_buttons(chromium, live_server, cast, window):
    session = window(cast.county).context.cookies()
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False, viewport=PHONE)
    context.add_cookies(session)
    page = context.new_page()
    job = brought(cast.county, book(line(cast.home)))
    page.goto(f"/imports/{job.pk}/columns/")
    page.get_by_role("button", name="核对每一行").click()
    work()
    page.get_by_role("link", name="刷新进度").click()
    page.get_by_role("button", name="全部导入").click()
    work()
    page.get_by_role("link", name="刷新进度").click()
    assert (page.get_by_text("1 条进入整改").count(), Hazard.objects.count()) == (1, 1)
    context.close()
