"""Sending what a phone holds over a bad line: each arrives once, conflicts keep both, the person can always get it out."""

import os
import re
import sys
import time

import pytest
from django.contrib.sessions.models import Session
from PIL import Image, ImageDraw

from files.models import StoredFile
from inspections.models import Answer, Finding, FindingPhoto, Visit
from tests.browser.phone import (
    FIELD,
    answer,
    begin,
    check,
    finish,
    problem,
    rows,
    sign_off,
    take_along,
    until,
)  # fmt: skip
from tests.browser.test_visits import nursing_checklist
from tests.inspections.walking import open_visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ONE = {"Visit": 1, "Answer": 2, "Finding": 1, "FindingPhoto": 2, "VisitSignature": 1}
SYNC = b"/inspections/sync/visits/"


@pytest.fixture
def items(cast):
    return list(nursing_checklist(4).items.order_by("order"))


@pytest.fixture
def page(phone, cast, items, line):
    """The county's phone on site without signal, with one item answered 是 and one problem with two photos."""
    page = phone(cast.county)
    take_along(page, cast.home)
    line.cut()
    begin(page, cast.home)
    answer(page, items[0], "是").get_by_text("已保存在手机").wait_for()
    problem(page, items[1], photos=2)
    return page


def test_two_503s_and_lost_replies_double_nothing(page, line):
    sign_off(page)
    finish(page)
    line.refuse(b"PUT " + SYNC, 2)
    uid = page.evaluate("() => new URLSearchParams(location.hash.slice(1)).get('visit')").encode()
    mine = SYNC + uid
    for start in (
        b"PUT %s/ ",
        b"PUT %s/findings/",
        b"PUT %s/photos/",
        b"PUT %s/signatures/",
        b"POST %s/finish/",
    ):
        line.lose_answer(start % mine)
    line.mend()
    page.get_by_text("检查已完成，全部送达系统").wait_for(timeout=60_000)
    assert (line.lost, line.to_lose, line.to_refuse) == (5, [], [])
    assert rows() == ONE
    assert StoredFile.objects.count() == 2


def test_a_session_that_expired_loses_nothing(page, line, phone, cast):
    sign_off(page)
    finish(page)
    Session.objects.all().delete()
    line.mend()
    page.get_by_text("登录已过期，内容都在手机里").wait_for()
    check(page, "expired")
    assert rows()["Visit"] == 0
    page.reload()  # the page opens, and knows whose it is
    page.get_by_text("登录已过期，内容都在手机里").wait_for()
    page.log_in()
    page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    page.get_by_text("检查已完成，全部送达系统").wait_for()
    assert rows() == ONE


def test_a_conflict_keeps_both_and_lets_one_choose(phone, cast, items):
    visit = open_visit(cast, checklist=items[0].checklist)
    page = phone(cast.county2)
    page.goto(f"{FIELD}#take={visit.uid}")
    page.get_by_role("button", name="开始检查").click()
    page.get_by_role("button", name="继续这次检查").click()
    page.context.set_offline(True)
    for item in items[:2]:
        answer(page, item, "不涉及").get_by_text("已保存在手机").wait_for()
    page.get_by_role("link", name="检查记录").click()
    page.get_by_label("检查场所").fill("一楼")
    page.get_by_text("已保存在手机").first.wait_for()

    theirs = phone(cast.county)
    theirs.goto(f"/inspections/visits/{visit.uid}/")
    for item in items[:2]:
        answer(theirs, item, "是").get_by_text("已保存").wait_for()
    theirs.goto(f"/inspections/visits/{visit.uid}/record/")
    theirs.get_by_label("检查场所").fill("二楼")
    theirs.get_by_role("button", name="保存检查记录").click()
    theirs.get_by_role("button", name="完成检查").wait_for()

    page.context.set_offline(False)
    page.get_by_text("两边都改过，请选一份").wait_for()
    check(page, "conflict")
    conflicts = page.locator("[data-conflicts] li")
    until(page, lambda: conflicts.count() == 3)
    for name, choice in (
        (items[0].text, "用我填的"),
        (items[1].text, "用系统里的"),
        ("检查场所", "用我填的"),
    ):
        conflicts.filter(has_text=name).get_by_role("button", name=choice).click()
        page.locator("dialog").get_by_role("button", name=choice).click()
        conflicts.filter(has_text=name).wait_for(state="detached")
    page.get_by_text("到现在为止都已送达系统").wait_for()
    values = dict(Answer.objects.values_list("item", "value"))
    assert values == {items[0].pk: "not_applicable", items[1].pk: "yes"}
    assert Visit.objects.get().place_note == "一楼"


def test_two_tabs_at_once_lose_nothing_of_each_other(page, line, items):
    other = page.context.new_page()
    other.goto(f"{FIELD}{page.url.split(FIELD)[1]}")
    other.locator("[data-walk]").wait_for()
    answer(other, items[2], "不涉及")
    problem(page, items[3], seed=7, location="食堂")
    other.get_by_text("已查 4 / 4 项，问题 2 个").wait_for()
    page.get_by_text("已查 4 / 4 项，问题 2 个").wait_for()
    line.mend()
    for tab in (page, other):
        tab.evaluate("() => window.dispatchEvent(new Event('online'))")
    for tab in (page, other):
        tab.get_by_text("到现在为止都已送达系统").wait_for()
    assert rows() == {"Visit": 1, "Answer": 4, "Finding": 2, "FindingPhoto": 3, "VisitSignature": 0}


def test_logging_out_takes_what_was_not_used_and_leaves_what_was_done(page, line, phone, cast):
    unused = cast.place.institution(name="青山湖区第二敬老院")
    line.mend()
    page.context.set_offline(True)  # the phone's own switch: what was done is still only here
    page.goto(FIELD)
    page.get_by_role("button", name="继续检查").wait_for()
    page.context.set_offline(False)
    line.refuse(b"PUT " + SYNC, 50)
    page.goto(f"{FIELD}#take={unused.pk}")
    page.get_by_role("button", name=f"开始检查：{unused.name}").wait_for()
    page.goto("/inspections/visits/")
    page.locator("summary", has_text="李秀英").click()
    page.get_by_role("button", name="退出登录").click()
    page.get_by_text("手机里还有 1 次检查没有送达系统").wait_for()
    page.locator("dialog").get_by_role("button", name="退出登录").click()
    page.wait_for_url(re.compile("/login/"))
    page.goto(FIELD)
    page.get_by_text("手机里还有 1 次别人的检查").wait_for()
    check(page, "logged-out")
    assert page.get_by_text(cast.home.name).count() == 0
    line.to_refuse.clear()
    page.log_in()
    page.goto(FIELD)
    page.get_by_text("到现在为止都已送达系统").wait_for()
    assert page.get_by_text(unused.name).count() == 0
    assert rows() == ONE | {"VisitSignature": 0}


# What a browser leaves out where the address is not https.
PLAIN_HTTP = """
  Object.defineProperty(window, "isSecureContext", {value: false});
  Object.defineProperty(crypto, "subtle", {value: undefined});
  for (const name of ["serviceWorker", "locks", "storage"]) delete Navigator.prototype[name];
"""


def test_on_plain_http_it_says_so_and_everything_else_works(phone, line, cast, items):
    page = phone(cast.county)
    page.context.add_init_script(PLAIN_HTTP)
    page.goto(f"{FIELD}#check")
    page.get_by_text("网址不是 https。请联系管理员启用 https").wait_for()
    page.goto("about:blank")
    page.goto(f"{FIELD}#take={cast.home.pk}")
    page.get_by_text("这个网址不是 https，没有信号时打不开本页").wait_for()
    check(page, "plain-http")
    line.cut()
    begin(page, cast.home)
    answer(page, items[0], "是").get_by_text("已保存在手机").wait_for()
    problem(page, items[1])
    line.mend()
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    page.get_by_text("到现在为止都已送达系统").wait_for()
    assert rows() == ONE | {"FindingPhoto": 1, "VisitSignature": 0}


def twelve_megapixels(folder, count):
    """So many photos as a phone takes them: 4000 × 3000, no two the same; made small, about 220 KB."""
    noise = Image.effect_noise((400, 300), 15).resize((4000, 3000)).convert("RGB")
    for n in range(count):
        picture = noise.copy()
        ImageDraw.Draw(picture).rectangle([n * 90, n * 70, n * 90 + 300, n * 70 + 300], fill="red")
        picture.save(folder / f"IMG_{n:04d}.jpg", quality=90)
    return sorted(folder.iterdir())


WATCH = """() => {
  window.longest = {task: 0, gap: 0};
  new PerformanceObserver((list) => {
    for (const {duration} of list.getEntries()) longest.task = Math.max(longest.task, duration);
  }).observe({type: "longtask", buffered: true});
  let last = performance.now();
  setInterval(() => { const now = performance.now(); longest.gap = Math.max(longest.gap, now - last); last = now; }, 20);
}"""
# The whole bar takes five minutes: FIELD_BAR=1. Every run does a smaller one.
PHOTOS, RATE = (40, 30_000) if os.environ.get("FIELD_BAR") else (12, 2_000_000)
CUTS, A_FORM = 10, 8


def test_many_photos_over_a_line_that_is_cut_ten_times(phone, cast, line, tmp_path):
    items = list(nursing_checklist(PHOTOS // A_FORM + 1).items.order_by("order"))
    (tmp_path / "dcim").mkdir()
    files = twelve_megapixels(tmp_path / "dcim", PHOTOS)
    page = phone(cast.county)
    take_along(page, cast.home)
    line.cut()
    begin(page, cast.home)
    page.evaluate(WATCH)
    started = time.monotonic()
    for n, item in enumerate(items):
        chosen = files[n * A_FORM : (n + 1) * A_FORM]
        if not chosen:
            break
        row = answer(page, item, "否")
        form = row.locator("form.finding-form")
        form.get_by_label("具体部位").fill(f"{n} 楼")
        form.locator("fieldset[data-stage=found] input[type=file]").last.set_input_files(chosen)
        form.locator(".evidence-item.is-waiting").nth(len(chosen) - 1).wait_for(timeout=120_000)
        form.get_by_role("button", name="保存问题").click()
        form.wait_for(state="detached")
    taken = time.monotonic() - started

    line.rate = RATE
    line.mend()
    started, cuts, mark, progress = time.monotonic(), 0, None, set()
    while (arrived := FindingPhoto.objects.count()) < PHOTOS:
        assert time.monotonic() - started < (900 if RATE < 100_000 else 90)
        progress.add(page.locator("[data-strip] progress").evaluate("(bar) => bar.value"))
        if cuts < CUTS and arrived >= cuts * PHOTOS // CUTS:
            mark = mark or line.sent
            if line.sent >= mark + 100_000:  # in the midst of a photo
                line.cut()
                page.wait_for_timeout(200)
                line.mend()
                cuts, mark = cuts + 1, None
        page.wait_for_timeout(30)
    page.get_by_text("到现在为止都已送达系统").wait_for()
    longest = page.evaluate("() => longest")
    sys.stdout.write(
        f"{PHOTOS} photos of 12 MP: taken in {taken:.0f} s, {line.sent / 1e6:.1f} MB sent in "
        f"{time.monotonic() - started:.0f} s with {cuts} cuts; longest task {longest['task']:.0f} ms, "
        f"longest gap {longest['gap']:.0f} ms; {len(progress)} steps of progress shown\n"
    )
    assert cuts == CUTS
    assert (FindingPhoto.objects.count(), StoredFile.objects.count()) == (PHOTOS, PHOTOS)
    assert len(set(StoredFile.objects.values_list("original_sha256", flat=True))) == PHOTOS
    assert Finding.objects.count() == -(-PHOTOS // A_FORM)
    assert len(progress) >= PHOTOS
    assert longest["task"] < 400  # ms on a shared machine; a phone's thumb notices half a second
