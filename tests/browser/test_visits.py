"""A visit walked by thumb on a phone and by mouse on a desktop: every answer saved at once, signed, finished."""

import os
import re
import time

import pytest

from hazards.models import Hazard
from inspections.models import Answer, Checklist, Finding, Visit, VisitSignature
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.browser.test_loop import add_photo
from tests.inspections import factories as make
from tests.inspections.walking import find, open_visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("VISIT_SHOTS")


def nursing_checklist(count=93, **fields) -> Checklist:
    checklist = make.ChecklistFactory(name="养老机构安全检查表")
    domains = ("fire", "energy", "food", "care")
    for n in range(count):
        make.ChecklistItemFactory(
            checklist=checklist,
            order=n + 1,
            domain=domains[n * len(domains) // count],
            code=f"NH-{n + 1:03d}",
            text=f"第 {n + 1} 项：疏散走道、疏散楼梯、安全出口全程畅通，出口门能从室内一侧随时打开",
            guidance="逐层走到室外；不用钥匙、不报告即可推开",
            phrases=["疏散走道堆放轮椅、床具等杂物", "安全出口上锁，钥匙不在现场"],
            **fields,
        )
    checklist.status, checklist.published_at = "published", make.timezone.now()
    checklist.save()
    return checklist


def check(page, name=""):
    if SHOTS and name:
        page.screenshot(
            path=f"{SHOTS}/{name}-{page.viewport_size['width']}.png",
            full_page=page.viewport_size["width"] > 500,
        )
    assert overflow(page) == 0, page.url
    assert axe_violations(page) == [], page.url


def press(page, item: int, words: str):
    """Press one answer and wait until it says that it is saved."""
    row = page.locator(f"#item-{item}")
    row.locator(".answers").get_by_text(words, exact=True).click()
    return row


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_visit_of_93_items_walked_signed_and_finished(window, media, cast, viewport, faults):
    items = list(nursing_checklist().items.order_by("order"))
    page = window(cast.county, viewport)
    page.goto("/inspections/visits/")
    check(page, "list-empty")
    page.get_by_role("link", name="开始检查").first.click()
    page.get_by_role("link", name=cast.home.name, exact=True).click()
    check(page, "new")
    page.get_by_text("王建国").click()
    page.get_by_text("四不两直").click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url(re.compile(r"/visits/[0-9a-f-]{36}/$"))
    check(page, "walk")

    # 是 and 不涉及: saved within a second, the count follows.
    for n, words in ((0, "是"), (1, "不涉及"), (2, "是")):
        started = time.monotonic()
        row = press(page, items[n].pk, words)
        row.get_by_text("已保存").wait_for()
        assert time.monotonic() - started < 1
    assert page.locator("[data-walk-words]").inner_text() == "已查 3 / 93 项，问题 0 个"

    # 否 opens the form beside the item, with the usual words in it.
    row = press(page, items[3].pk, "否")
    form = row.locator("form.finding-form")
    form.wait_for()
    assert form.get_by_label("存在问题").input_value() == "疏散走道堆放轮椅、床具等杂物"
    form.get_by_role("link", name="安全出口上锁，钥匙不在现场").click()
    assert form.get_by_label("存在问题").input_value() == "安全出口上锁，钥匙不在现场"
    assert form.get_by_label("改好后的照片").is_hidden()
    check(page, "finding")
    form.get_by_role("button", name="保存问题").click()
    form.get_by_text("请先改正以下内容").wait_for()
    form = row.locator("form.finding-form")
    form.get_by_label("具体部位").fill("一楼西侧安全出口")
    add_photo(page, "整改前.jpg", "gray", 1, "fieldset[data-stage=found]")
    form.get_by_role("button", name="保存问题").click()
    row.get_by_role("link", name="安全出口上锁，钥匙不在现场").wait_for()
    page.get_by_text("已查 4 / 93 项，问题 1 个").wait_for()
    assert dict(Answer.objects.values_list("item", "value")) == {
        items[0].pk: "yes", items[1].pk: "not_applicable", items[2].pk: "yes", items[3].pk: "no"
    }  # fmt: skip
    check(page, "walked")

    # What was answered stays after a reload.
    page.reload()
    assert page.locator("[data-walk-words]").inner_text() == "已查 4 / 93 项，问题 1 个"
    visit = Visit.objects.get()
    page.goto(f"/inspections/visits/{visit.uid}/record/")
    check(page, "record")
    page.get_by_label("检查场所").fill("一至三楼、食堂")
    page.get_by_role("button", name="保存检查记录").click()
    page.get_by_text("还差 1 件事").wait_for()
    check(page, "finish-lacks")
    page.get_by_role("link", name=re.compile("还没有签名")).click()

    # The inspector, then the person in charge, sign with finger or mouse.
    for who in ("李秀英", "被检查单位负责人"):
        page.get_by_role("radio", name=re.compile(who)).check()
        sign(page)
        check(page, f"sign-{len(who)}")
        page.get_by_role("button", name="保存签名").click()
        page.get_by_text("签名已保存。").wait_for()
    assert sorted(VisitSignature.objects.values_list("name", flat=True)) == ["张三", "李秀英"]

    page.goto(f"/inspections/visits/{visit.uid}/finish/")
    check(page, "finish")
    page.get_by_role("button", name="完成检查").click()
    page.locator("dialog").get_by_role("button", name="完成检查").click()
    page.get_by_text("检查已完成。").wait_for()
    check(page, "finished")
    assert [h.description for h in Hazard.objects.all()] == ["安全出口上锁，钥匙不在现场"]
    page.goto(f"/inspections/visits/{visit.uid}/print/")
    check(page, "print")
    page.goto("/inspections/visits/")
    check(page, "list")
    # The browser reports every answer above 399; the refused form was one.
    faults[:] = [fault for fault in faults if "422" not in fault]


def sign(page):
    box = page.locator("canvas").bounding_box()
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    for x, y in ((80, 60), (120, 20), (160, 70), (200, 40)):
        page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.up()


def test_an_answer_given_without_signal_is_sent_when_it_is_back(window, cast, faults):
    items = list(nursing_checklist(4).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    page = window(cast.county, PHONE)
    page.goto(f"/inspections/visits/{visit.uid}/")
    page.context.set_offline(True)
    row = press(page, items[0].pk, "是")
    row.get_by_text("网络不通，还没有保存").wait_for()
    assert Answer.objects.count() == 0
    page.context.set_offline(False)
    row.get_by_text("已保存").wait_for()
    assert Answer.objects.get().value == "yes"
    # The browser itself reports the requests that found no network.
    faults[:] = [fault for fault in faults if "ERR_INTERNET_DISCONNECTED" not in fault]


def test_two_inspectors_on_one_item_see_each_other(window, cast, faults):
    items = list(nursing_checklist(4).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    mine, theirs = window(cast.county, PHONE), window(cast.county2, PHONE)
    for page in (mine, theirs):
        page.goto(f"/inspections/visits/{visit.uid}/")
    press(mine, items[0].pk, "是").get_by_text("已保存").wait_for()
    row = press(theirs, items[0].pk, "不涉及")
    row.get_by_text("李秀英已答“是”，您的答案没有保存。").wait_for()
    assert row.locator("input:checked").get_attribute("value") == "yes"
    press(theirs, items[0].pk, "不涉及").get_by_text("已保存").wait_for()
    assert Answer.objects.get().value == "not_applicable"
    faults[:] = [fault for fault in faults if "409" not in fault]


def test_the_walk_is_possible_without_javascript(chromium, live_server, window, cast):
    items = list(nursing_checklist(4).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    context = chromium.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport=PHONE, locale="zh-CN"
    )
    cookies = window(cast.county).context.cookies()
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"/inspections/visits/{visit.uid}/")
    press(page, items[0].pk, "否")
    page.get_by_role("button", name="保存“消防安全”的答案").click()
    page.locator(f"#item-{items[0].pk}").get_by_role("link", name="记录问题").click()
    page.get_by_label("具体部位").fill("一楼西侧")
    page.get_by_text("不能拍照？").click()
    page.get_by_label("没有照片的原因").fill("涉及隐私区域")
    page.get_by_role("button", name="保存问题").click()
    page.get_by_role("link", name="疏散走道堆放轮椅、床具等杂物").wait_for()
    assert (Answer.objects.get().value, Finding.objects.get().location) == ("no", "一楼西侧")
    context.close()


def test_the_house_sees_the_record_after_the_finish(window, cast):
    visit = open_visit(cast)
    find(visit, cast.county)
    page = window(cast.manager, PHONE)
    page.goto(f"/inspections/visits/{visit.uid}/")
    page.get_by_text("检查正在进行").wait_for()
    check(page, "house")
