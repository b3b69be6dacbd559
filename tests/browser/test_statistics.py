"""The statistics pages in a browser: charts drawn from their tables without a fault, at every width, for every reader."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from reports import targets
from reports.periods import month_of, months_later
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.factories import Cast, make_place
from tests.reports.made import put

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Set to look at what the tests saw.
PICTURES = os.environ.get("KEEP_PICTURES")
# Every pixel of a drawn canvas is not the same; an empty one's are.
IS_DRAWN = """(canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.some((value) => value > 0);
}"""


@pytest.fixture
def cast():
    """Two cities with work of several months, some of it late, waiting, closed, come back."""
    first, now, today = Cast(), timezone.now(), timezone.localdate()
    second = Cast(make_place(province=first.place.province))
    for n in range(12):
        when = {"found_on": today - timedelta(days=30 * n), "registered_at": now - timedelta(days=30 * n)}
        put(first, "closed", 3 + n % 4, **when, closed_at=now - timedelta(days=25 * n))
        put(second, "closed", 2, home=second.home, **when, closed_at=now - timedelta(days=20 * n))
        put(first, "rectifying", 1, **when, due_on=today - timedelta(days=n * 9 - 3), domain="food")
    put(first, "verified", 3, status_changed_at=now - timedelta(days=6), severity="major")
    put(first, "rectifying", 2, severity="major", source="oversight", is_self_reported=True)
    targets.set_target(
        by=first.province, stock_month=months_later(month_of(today), -2), clear_by=today + timedelta(days=20)
    )
    first.second = second
    return first


def pages(cast):
    county = cast.place.county.code
    return {
        "province": ["/dashboard/", "/dashboard/?period=last-year", f"/dashboard/?region={county}&period=quarter",
                     "/dashboard/past/", "/dashboard/past/?figure=overdue", "/dashboard/rows/?figure=valid",
                     "/dashboard/target/"],
        "county": ["/dashboard/?period=year", f"/dashboard/institutions/{cast.home.pk}/"],
        "manager": [f"/dashboard/institutions/{cast.home.pk}/"],
    }  # fmt: skip


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("reader", ["province", "county", "manager"])
def test_the_pages_fit_and_are_readable_by_all(window, cast, reader, size):
    page = window(getattr(cast, reader), size)
    for number, url in enumerate(pages(cast)[reader]):
        assert page.goto(url, wait_until="networkidle").status == 200
        assert (axe_violations(page), overflow(page)) == ([], 0), url
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{reader}-{number}-{size['width']}.png", full_page=True)


def test_charts_are_drawn_and_can_be_hovered_under_the_strict_policy(window, cast):
    page = window(cast.province)
    page.goto("/dashboard/", wait_until="networkidle")
    canvases = page.locator("[data-chart] canvas")
    assert canvases.count() == 1
    assert canvases.first.evaluate(IS_DRAWN)
    box = canvases.first.bounding_box()
    for step in range(1, 10):
        page.mouse.move(box["x"] + box["width"] * step / 10, box["y"] + box["height"] / 2)
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "hovered.png")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)  # drawn again with the next frame
    assert page.locator("[data-chart] canvas").first.evaluate(IS_DRAWN)
    assert axe_violations(page) == []


def test_a_rate_tells_how_it_is_made_and_a_number_leads_to_its_rows(window, cast):
    page = window(cast.county)
    page.goto("/dashboard/")
    page.get_by_text("一次通过率").first.click()
    assert page.get_by_text("第一次提交就通过验收").is_visible()
    row = page.locator("tr", has_text="自查占比")
    number = row.locator("a").first
    count = number.inner_text()
    number.click()
    page.wait_for_load_state()
    assert page.get_by_text(f"共 {count} 条", exact=True).is_visible()
