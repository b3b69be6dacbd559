"""Capture on site without signal, in Chromium, with the network really cut: nothing lost, nothing twice."""

import pytest

from inspections.models import Visit
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.phone import FIELD, answer, begin, check, problem, rows, sign_off, take_along
from tests.browser.test_visits import cast, nursing_checklist  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


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
