"""考核 in a browser: the table, its rules, one 认定, publishing, the printed table, for every reader at every width."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from hazards.models import Hazard, SupervisionOrder
from reports.appraisals import drawing_up, publishing, terms
from reports.appraisals.counting import ranked
from reports.appraisals.vetoes import flags_of
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.factories import Cast, make_place, supervised
from tests.inspections import factories as inspecting
from tests.reports.appraising import day_in, last_month
from tests.reports.made import put

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Set to look at what the tests saw.
PICTURES = os.environ.get("KEEP_PICTURES")
NAMES = ("东湖区", "西湖区", "青云谱区", "和布克赛尔蒙古自治县", "红谷滩区")


@pytest.fixture
def cast():
    """A city of five counties: one vetoed, one with too few cases; last month published, and a draft of the province."""
    first, today = Cast(), timezone.localdate()
    code, now = last_month(today), timezone.now()
    first.place.city.name, first.place.province.name = "南昌市", "江西省"
    others = [Cast(make_place(city=first.place.city)) for _ in NAMES[1:]]
    for n, (county, name) in enumerate(zip((first, *others), NAMES, strict=True)):
        county.place.county.name = name
        county.place.county.save()
        count = 40 - 9 * n if n < 4 else 2
        put(county, "closed", count, found_on=day_in(code), closed_at=now - timedelta(days=25))
        put(county, "closed", 5 + n, found_on=day_in(code), severity="major", round=2)
        put(county, "rectifying", 3 + n, found_on=day_in(code), due_on=today - timedelta(days=n + 1))
        put(county, "rectifying", 4, found_on=day_in(code), is_self_reported=True)
    put(
        others[1], "rectifying", 2, severity="major", found_on=day_in(code), due_on=today - timedelta(days=45)
    )
    put(
        others[2], "rectifying", 1, severity="major", found_on=day_in(code), due_on=today - timedelta(days=33)
    )
    for region in (first.place.city, first.place.province):
        region.save()
    _order(first)
    city = drawing_up.start(by=first.city, period=code)
    for flag in flags_of(city, first.city, ranked(first.place.city, today), terms.term(code), today):
        drawing_up.decide(
            city, by=first.city, region=flag.region, kind=flag.kind, seen={e["hazard"] for e in flag.evidence},
            is_confirmed=flag.region.name == NAMES[2], reason="约谈后仍未整改，经局长办公会认定",
        )  # fmt: skip
    first.city_table = publishing.publish(city, by=first.city, document_number="洪民安通〔2026〕12号")
    first.draft = drawing_up.start(by=first.province, period=code)
    return first


def _order(cast):
    """挂牌督办 of two hazards, one late, and a campaign that found three."""
    today = timezone.localdate()
    for days, by in ((20, cast.city), (-3, cast.county)):
        (pk,) = put(cast, "rectifying", severity="major")
        order = supervised(Hazard.objects.get(pk=pk), by)
        SupervisionOrder.objects.filter(pk=order.pk).update(
            due_on=today + timedelta(days=days), plan_due_on=today - timedelta(days=9)
        )
    campaign = inspecting.CampaignFactory(
        authority=cast.city.authority, name="民政服务机构消防安全百日行动", starts_on=today - timedelta(days=20),
        ends_on=today + timedelta(days=80), created_by=cast.city.user,
    )  # fmt: skip
    visit = inspecting.VisitFactory(institution=cast.home, created_by=cast.county.user)
    visit.campaigns.add(campaign)
    for pk in (*put(cast, "closed", 2), *put(cast, "rectifying", 1, due_on=today - timedelta(days=2))):
        inspecting.FindingFactory(visit=visit, hazard_id=pk)
    inspecting.finish(visit)


def pages(cast) -> dict[str, list[str]]:
    table, draft = (f"/dashboard/appraisals/{a.pk}/" for a in (cast.city_table, cast.draft))
    veto = f"{draft}veto/?region={cast.place.city.code}&kind"
    return {
        "province": ["/dashboard/appraisals/", draft, f"{draft}rules/", f"{veto}=major_late", f"{veto}=other",
                     f"{draft}publish/", f"{draft}print/", "/dashboard/appraisals/new/"],
        "county": ["/dashboard/appraisals/", table, f"{table}print/", "/dashboard/", "/dashboard/measures/",
                   f"/dashboard/institutions/{cast.home.pk}/measures/"],
    }  # fmt: skip


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("reader", ["province", "county"])
def test_the_pages_fit_and_are_readable_by_all(window, cast, reader, size):
    page = window(getattr(cast, reader), size)
    for number, url in enumerate(pages(cast)[reader]):
        assert page.goto(url, wait_until="networkidle").status == 200
        if PICTURES:
            page.screenshot(
                path=Path(PICTURES) / f"appraisal-{reader}-{number}-{size['width']}.png", full_page=True
            )
        assert (axe_violations(page), overflow(page)) == ([], 0), url


def test_a_definition_is_one_tap_away_and_a_number_leads_to_its_rows(window, cast):
    page = window(cast.county)
    page.goto(f"/dashboard/appraisals/{cast.city_table.pk}/")
    page.get_by_role("link", name="按期整改率", exact=True).click()
    page.get_by_text("按期整改率（20 分）", exact=True).click()
    assert page.get_by_text("最后一次提交整改不晚于期限的").first.is_visible()
    row = page.locator("tr", has=page.get_by_text(NAMES[0], exact=True))
    count = row.locator("a").first.inner_text()
    row.locator("a").first.click()
    page.wait_for_load_state()
    assert page.get_by_text(f"共 {count} 条", exact=True).is_visible()
    page.go_back()
    assert page.locator("tr", has=page.get_by_text(NAMES[1], exact=True)).locator("a").count() == 0


def test_the_printed_table_fits_an_a4_page(window, cast):
    page = window(cast.city, {"width": 688, "height": 1000})  # 210 mm less the margins, at 96 dots an inch
    page.goto(f"/dashboard/appraisals/{cast.city_table.pk}/print/")
    page.emulate_media(media="print")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "appraisal-printed.png", full_page=True)
    assert page.locator("table.bars").evaluate("table => table.scrollWidth") <= 688
    assert page.get_by_role("button", name="打印").is_hidden()


def test_the_dashboard_fetches_supervision_and_campaigns_by_itself_and_without_scripts_names_them(
    window, cast
):
    page = window(cast.county)
    page.goto("/dashboard/", wait_until="networkidle")
    assert page.get_by_role("heading", name="按专项行动").is_visible()
    late = page.locator("#measures tr", has_text="到期未摘牌")
    late.locator("a").click()
    page.wait_for_load_state()
    assert page.get_by_text("共 1 条", exact=True).is_visible()
