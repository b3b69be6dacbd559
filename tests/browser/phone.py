"""What a person does on the field page, and what a test looks at afterwards."""

import os
import re
import time

from inspections.models import Answer, Finding, FindingPhoto, Visit, VisitSignature
from tests.browser.conftest import axe_violations, overflow
from tests.browser.test_visits import sign
from tests.pictures import jpeg

SHOTS = os.environ.get("FIELD_SHOTS")
FIELD = "/inspections/field/"


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


def begin(page, home, is_packet=False, kind=""):
    if not is_packet:
        page.get_by_role("button", name=re.compile(f"(开始|继续)检查：{home.name}")).click()
    if kind:
        page.get_by_role("radio", name=kind).check(force=True)
    page.get_by_text("王建国").click()
    page.get_by_role("button", name="到场签到，开始检查").click()
    page.locator("[data-walk]").wait_for()


def answer(page, item, words):
    row = page.locator(f"#item-{item.pk}")
    row.locator(".answers").get_by_text(words, exact=True).click()
    return row


def problem(page, item, photos=1, seed=1, location="一楼西侧安全出口", is_answered=False):
    """Answer 否 and write the problem down with photos."""
    row = page.locator(f"#item-{item.pk}") if is_answered else answer(page, item, "否")
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
