"""工作日历 in Chromium: the next year from a pasted notice, one day changed, both previewed; the strip of days."""

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_walk import look
from tests.factories import Cast
from tests.workdays.made import MADE_UP_2027, seed_calendar

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    seed_calendar()
    return Cast()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_next_year_is_pasted_previewed_and_saved(window, cast, viewport):
    page = window(cast.province, viewport)
    page.goto("/workdays/?year=2027")
    assert look(page, "missing year") == []
    page.get_by_role("link", name="录入放假通知").first.click()
    page.get_by_label("通知文号").fill("国办发明电〔测试〕1号")
    page.get_by_label("通知正文").fill(MADE_UP_2027)
    page.get_by_role("button", name="预览").click()
    page.get_by_role("heading", name="2027 年保存之后").wait_for()
    assert look(page, "preview of a notice") == []
    page.get_by_role("button", name="确认保存").click()
    page.get_by_text("2027 年的放假安排已保存。").wait_for()
    assert page.locator(".month").count() == 12


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_day_is_changed_after_its_effects_were_shown(window, cast, viewport):
    page = window(cast.province, viewport)
    page.goto("/workdays/?year=2026")
    page.locator('a[href="/workdays/days/2026-08-12/"]').click()
    page.get_by_label("放假", exact=True).check()
    page.get_by_label("节日").fill("防汛")
    page.get_by_label("依据或原因").fill("省政府办公厅通知（测试）")
    page.get_by_role("button", name="预览影响").click()
    page.get_by_role("heading", name="保存之后").wait_for()
    assert look(page, "preview of a day") == []
    page.get_by_role("button", name="确认保存").click()
    page.get_by_text("2026年8月12日（周三）已保存：防汛放假。").wait_for()
    assert look(page, "calendar with a change") == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_strip_fits_and_is_readable(window, cast, viewport):
    page = window(cast.manager, viewport)
    for asked in ("start=2026-09-24&n=30", "start=2026-10-09&n=-3", "start=2026-12-30&n=5", "start=x&n=900"):
        page.goto(f"/workdays/?{asked}")
        assert look(page, asked) == []
    cast.manager.user.has_large_text = True
    cast.manager.user.save()
    page.goto("/workdays/?start=2026-09-24&n=30")
    assert look(page, "large") == []
