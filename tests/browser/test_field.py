"""Capture on site without signal, in Chromium, with the network really cut: nothing lost, nothing twice."""

import os
import re
import time

import pytest

from inspections.models import Answer, Finding, FindingPhoto, Visit, VisitSignature
from tests.browser.conftest import PHONE, Watched, axe_violations, overflow
from tests.browser.line import Line
from tests.browser.test_visits import cast, nursing_checklist, sign  # noqa: F401 (cast is a fixture)
from tests.pictures import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("FIELD_SHOTS")
FIELD = "/inspections/field/"
# What Chromium itself reports of a line that was cut, and of answers that are part of the test.
EXPECTED = re.compile(r"ERR_|status of (401|403|404|409|422|503)|WebSocket")


@pytest.fixture
def line(live_server):
    line = Line(int(live_server.url.rsplit(":", 1)[1]))
    yield line
    line.close()


@pytest.fixture
def phone(chromium, line, faults, media):
    """`phone(actor)`: that person's phone, whose only way to the server is the line."""
    opened = []

    def take(actor=None, viewport=PHONE):
        watched = Watched(chromium, line.url, viewport, faults)
        opened.append(watched)
        return watched.log_in(actor) if actor else watched.page

    yield take
    for watched in opened:
        watched.context.close()
    faults[:] = [fault for fault in faults if not EXPECTED.search(fault)]


def check(page, name=""):
    if SHOTS and name:
        page.screenshot(path=f"{SHOTS}/{name}-{page.viewport_size['width']}.png", full_page=True)
    for width in (page.viewport_size["width"], 320 if page.viewport_size["width"] < 500 else 768):
        size = page.viewport_size
        page.set_viewport_size(size | {"width": width})
        assert overflow(page) == 0, (page.url, width)
        page.set_viewport_size(size)
    assert axe_violations(page) == [], page.url


def take_along(page, home, part=""):
    """Prepare the home while there is signal, with the service worker in place."""
    page.goto(f"{FIELD}#take={home.pk}")
    page.get_by_role("button", name=f"开始检查：{home.name}").wait_for()
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")


def begin(page, home):
    page.get_by_role("button", name=re.compile(f"(开始|继续)检查：{home.name}")).click()
    page.get_by_text("王建国").click()
    page.get_by_role("button", name="到场签到，开始检查").click()
    page.locator("[data-walk]").wait_for()


def answer(page, item, words):
    row = page.locator(f"#item-{item.pk}")
    row.locator(".answers").get_by_text(words, exact=True).click()
    return row


def problem(page, item, photos=1, seed=1, location="一楼西侧安全出口"):
    """Answer 否 and write the problem down with photos."""
    row = answer(page, item, "否")
    form = row.locator("form.finding-form")
    form.get_by_label("具体部位").fill(location)
    files = [
        {
            "name": f"IMG_{seed + n}.jpg",
            "mimeType": "image/jpeg",
            "buffer": jpeg("gray", (1600, 1200), seed + n),
        }
        for n in range(photos)
    ]
    form.locator("fieldset[data-stage=found] input[type=file]").last.set_input_files(files)
    form.locator(".evidence-item.is-waiting, .evidence-item.is-done").nth(photos - 1).wait_for()
    form.get_by_role("button", name="保存问题").click()
    form.wait_for(state="detached")
    return row


def sign_off(page):
    """The person in charge signs."""
    page.get_by_role("link", name="签名").click()
    page.get_by_role("radio", name="被检查单位负责人").check(force=True)
    sign(page)
    page.get_by_role("button", name="保存签名").click()
    page.locator(".signatures img").first.wait_for()


def finish(page):
    page.get_by_role("link", name="完成", exact=True).click()
    page.locator("[data-finish] button").click()


def rows():
    """How many of each the server has."""
    models = (Visit, Answer, Finding, FindingPhoto, VisitSignature)
    return {model.__name__: model.objects.count() for model in models}


def until(page, true, seconds=20):
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "not in time"
        page.wait_for_timeout(100)


def test_a_whole_visit_without_signal(phone, line, cast):  # noqa: F811
    items = list(nursing_checklist(8).items.order_by("order"))
    page = phone(cast.county)
    page.goto(FIELD)
    page.get_by_text("手机里还没有要检查的机构").wait_for()
    check(page, "empty")
    take_along(page, cast.home)
    check(page, "taken")
    line.cut()
    page.context.set_offline(True)
    begin(page, cast.home)
    check(page, "walk")
    answer(page, items[0], "是").get_by_text("已保存在手机").wait_for()
    row = answer(page, items[1], "否")
    row.locator("form").wait_for()
    check(page, "finding")
    problem(page, items[1])
    check(page, "walked")

    page.reload()
    page.locator("[data-walk]").wait_for()
    assert page.locator("[data-walk-words]").inner_text() == "已查 2 / 8 项，问题 1 个"
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(FIELD)
    page.get_by_role("button", name="继续检查").click()
    page.locator(f"#item-{items[1].pk}").get_by_role("button", name="疏散走道堆放轮椅、床具等杂物").click()
    form = page.locator("form.finding-form")
    assert form.get_by_label("具体部位").input_value() == "一楼西侧安全出口"
    assert form.locator(".evidence-item img").count() == 1
    form.get_by_role("button", name="以后再填").click()
    page.get_by_role("link", name="检查记录").click()
    page.get_by_label("检查场所").fill("一至三楼")
    page.get_by_text("已保存在手机").first.wait_for()
    check(page, "record")
    sign_off(page)
    check(page, "sign")
    page.get_by_role("link", name="完成", exact=True).click()
    check(page, "finish")
    page.locator("[data-finish] button").click()
    page.get_by_text("检查已完成，正在等待送达").wait_for()
    check(page, "finished")
    assert rows() == {"Visit": 0, "Answer": 0, "Finding": 0, "FindingPhoto": 0, "VisitSignature": 0}

    context.set_offline(False)
    line.mend()
    page.get_by_text("检查已完成，全部送达系统").wait_for()
    check(page, "delivered")
    assert rows() == {"Visit": 1, "Answer": 2, "Finding": 1, "FindingPhoto": 1, "VisitSignature": 1}
    visit = Visit.objects.get()
    assert (visit.status, visit.place_note, visit.inspectors.count()) == ("finished", "一至三楼", 2)
    page.goto(FIELD)
    page.get_by_text("已全部送达系统").wait_for()
    check(page, "list-delivered")
    page.goto(f"{FIELD}#check")
    page.get_by_text("系统检查").first.wait_for()
    page.get_by_text("同时打开几个窗口").wait_for()
    check(page, "check")
