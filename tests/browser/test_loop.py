"""The whole loop in Chromium as four people, one round rejected, on a phone and on a desktop."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from hazards.models import Hazard
from notifications.models import Notice
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.factories import Cast, make_place
from tests.pictures import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    place = make_place()
    for region, name in ((place.city, "南昌市"), (place.county, "东湖区")):
        region.name = name
        region.save()
        authority = region.authorities.get()
        authority.name = f"{name}民政局"
        authority.save()
    cast = Cast(place, name="东湖区扬子洲镇中心敬老院")
    for actor, name in (
        (cast.county, "李秀英"),
        (cast.county2, "王建国"),
        (cast.manager, "刘芳"),
        (cast.city, "陈志强"),
    ):
        actor.user.name = name
        actor.user.save()
    return cast


def check(page):
    """What every page must hold: fits its screen, readable by everybody."""
    assert overflow(page) == 0, page.url
    assert axe_violations(page) == [], page.url


def add_photo(page, name: str, color: str, seed: int, within="fieldset[data-stage=evidence]"):
    """Choose one photo in the uploader and wait until the server has it."""
    form = page.locator(within)
    before = form.locator(".evidence-item.is-done").count()
    photo = {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(color, (1600, 1200), seed)}
    form.locator("input[type=file]").last.set_input_files(photo)
    form.locator(".evidence-item.is-done").nth(before).wait_for()


def status_of(hazard) -> str:
    hazard.refresh_from_db()
    return hazard.get_status_display()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_found_rectified_rejected_rectified_verified_closed(window, media, cast, viewport):
    today = timezone.localdate()

    # The county official, on site, registers and issues in one step.
    page = window(cast.county, viewport)
    page.goto("/")
    check(page)
    page.get_by_role("link", name="登记隐患").first.click()
    page.get_by_role("link", name=cast.home.name).click()
    page.get_by_label("具体部位").fill("二楼东侧疏散通道")
    page.get_by_label("存在问题").fill("疏散通道堆放轮椅、床垫等杂物，宽度不足 1.4 米")
    add_photo(page, "整改前.jpg", "gray", 1)
    page.get_by_label("隐患类别").select_option("fire")
    page.get_by_label("整改期限").fill((today + timedelta(days=7)).isoformat())
    check(page)
    page.get_by_role("button", name="登记隐患").click()
    page.wait_for_url(re.compile(r"/hazards/\d+/$"))
    check(page)
    hazard = Hazard.objects.get()
    assert status_of(hazard) == "整改中"

    # The manager sees it, uploads a photo as proof and submits.
    manager = window(cast.manager, viewport)
    manager.goto("/")
    check(manager)
    manager.get_by_role("link", name="疏散通道堆放轮椅").first.click()
    manager.get_by_role("link", name="提交整改").click()
    manager.get_by_label("整改情况").fill("已清理通道")
    add_photo(manager, "整改后.jpg", "blue", 2)
    check(manager)
    manager.get_by_role("button", name="提交整改").click()
    manager.wait_for_url(re.compile(r"/hazards/\d+/$"))
    check(manager)
    assert status_of(hazard) == "待验收"

    # Another official of the county is not satisfied.
    verifier = window(cast.county2, viewport)
    verifier.goto(f"/hazards/{hazard.pk}/")
    check(verifier)
    verifier.get_by_role("link", name="退回整改").click()
    verifier.get_by_label("退回原因").fill("东端仍停放轮椅两辆")
    verifier.get_by_label("新的整改期限").fill((today + timedelta(days=3)).isoformat())
    check(verifier)
    verifier.get_by_role("button", name="退回整改").click()
    verifier.wait_for_url(re.compile(r"/hazards/\d+/$"))
    assert status_of(hazard) == "整改中"

    # Second round.
    manager.goto(f"/hazards/{hazard.pk}/submit/")
    manager.get_by_label("整改情况").fill("轮椅全部移走，划出黄线")
    add_photo(manager, "整改后二.jpg", "green", 3)
    manager.get_by_role("button", name="提交整改").click()
    manager.wait_for_url(re.compile(r"/hazards/\d+/$"))

    verifier.goto(f"/hazards/{hazard.pk}/accept/")
    verifier.get_by_label("验收意见").fill("现场核实，通道畅通")
    for words in ("问题已经查清", "整改已经到位", "服务对象和群众满意"):
        verifier.get_by_label(words).check()
    check(verifier)
    verifier.get_by_role("button", name="验收通过").click()
    verifier.wait_for_url(re.compile(r"/hazards/\d+/$"))
    check(verifier)
    assert status_of(hazard) == "待销号"

    # The city closes out, from its workbench.
    city = window(cast.city, viewport)
    city.goto("/")
    check(city)
    city.get_by_role("link", name="疏散通道堆放轮椅").first.click()
    city.get_by_role("link", name="销号", exact=True).click()
    city.get_by_label("销号意见").fill("材料齐全，同意销号")
    check(city)
    city.get_by_role("button", name="销号", exact=True).click()
    city.wait_for_url(re.compile(r"/hazards/\d+/$"))
    check(city)
    assert status_of(hazard) == "已销号"
    assert [e.action for e in hazard.events.order_by("seq")] == [
        "register", "issue", "submit", "reject", "submit", "accept", "close",
    ]  # fmt: skip

    # The province sees the numbers, the manager is told.
    province = window(cast.province, viewport)
    for url in ("/dashboard/", "/ledger/", "/institutions/"):
        province.goto(url)
        check(province)
    assert Notice.objects.filter(recipient=cast.manager.user, subject__startswith="隐患已销号").count() == 1
    manager.goto("/notices/")
    check(manager)


def test_a_failed_photo_is_retried_without_losing_the_others(window, media, cast, faults):
    page = window(cast.county, PHONE)
    page.goto(f"/hazards/new/{cast.home.pk}/")
    add_photo(page, "一.jpg", "gray", 1)
    failing = {"count": 0}

    def fail_once(route):
        failing["count"] += 1
        route.fulfill(status=503) if failing["count"] == 1 else route.continue_()

    page.route("**/files/", fail_once)
    add_photo(page, "二.jpg", "blue", 2)
    assert failing["count"] == 2
    assert page.locator(".evidence-item.is-done").count() == 2
    faults[:] = [fault for fault in faults if "503" not in fault]  # the failure made above


def test_a_photo_can_be_removed_before_submitting(window, media, cast):
    page = window(cast.county, PHONE)
    page.goto(f"/hazards/new/{cast.home.pk}/")
    add_photo(page, "一.jpg", "gray", 1)
    page.locator(".evidence-item button", has_text="移除").click()
    page.locator(".evidence-item").first.wait_for(state="detached")
    assert page.locator("input[name=evidence]").count() == 0


def test_the_loop_works_without_javascript(chromium, live_server, media, cast, faults):
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    cast.county.user.set_password("Ceshi-2026-mima")
    cast.county.user.save()
    page.goto("/login/")
    page.get_by_label("登录名").fill(cast.county.user.username)
    page.get_by_label("密码", exact=True).fill("Ceshi-2026-mima")
    page.get_by_role("button", name="登录").click()
    page.goto(f"/hazards/new/{cast.home.pk}/")
    page.get_by_label("具体部位").fill("厨房")
    page.get_by_label("存在问题").fill("配电箱未设漏电保护")
    page.locator("input[name=evidence_files]").set_input_files(
        [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": jpeg("red", seed=n)} for n in range(2)]
    )
    page.get_by_label("隐患类别").select_option("energy")
    page.get_by_role("button", name="登记隐患").click()
    assert re.search(r"/hazards/\d+/$", page.url)
    assert Hazard.objects.get().evidence.count() == 2
    context.close()


def test_a_photo_chosen_before_the_script_arrived_is_not_lost(window, media, cast):
    page, held = window(cast.county, PHONE), []
    page.route("**/evidence.js", lambda route: held.append(route))
    page.goto(f"/hazards/new/{cast.home.pk}/", wait_until="commit")
    plain = page.locator("fieldset[data-stage=evidence] input[type=file]")
    plain.set_input_files({"name": "一.jpg", "mimeType": "image/jpeg", "buffer": jpeg("gray", (1600, 1200))})
    held[0].continue_()
    page.locator("fieldset[data-stage=evidence] .evidence-item.is-done").wait_for()
    assert page.locator("input[name=evidence]").count() == 1
