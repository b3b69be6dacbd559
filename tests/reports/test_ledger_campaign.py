"""Numbers of a campaign lead to their rows: the ledger shows exactly what the campaign's page counted, and no more."""

import re
from html import unescape

import pytest
from django.urls import reverse

from tests.factories import as_client
from tests.inspections import factories as make
from tests.inspections.campaigns_made import Land, yesterday
from tests.reports.made import put

pytestmark = pytest.mark.django_db


@pytest.fixture
def land():
    """A campaign of the province that found something of every state in every place; and things it did not find."""
    land = Land()
    land.main = land.campaign(name="冬春火灾防控")
    for key, count in (("east", 1), ("west", 2), ("south", 3), ("lone", 4), ("city", 5)):
        for status in ("rectifying", "closed", "voided", "awaiting_verification"):
            land.found_in(key, land.main, status, count)
        land.found_in(key, land.main, "rectifying", count, due_on=yesterday())
        put(land.cast, "rectifying", 7, home=land.homes[key][0])
        land.found_in(key, land.campaign(name="另一次行动"), "closed", 2)
    return land


def page(actor, campaign, code="") -> str:
    url = reverse("inspections:campaign", args=[campaign.pk])
    response = as_client(actor).get(url, {"region": code} if code else {})
    assert response.status_code == 200
    return response.text


def linked_numbers(html: str) -> list[tuple[int, str]]:
    """Every number of the table that is a link, with its address."""
    table = html[html.index("<tbody>") : html.index("</table>")]
    found = re.findall(r'<td class="[^"]*num[^"]*"[^>]*><a href="([^"]+)">([\d,]+)</a>', table)
    return [(int(number.replace(",", "")), unescape(url)) for url, number in found]


def rows_behind(actor, url: str) -> int:
    context = as_client(actor).get(url).context
    return context["page"].paginator.count if "page" in context else int(context["count"] or 0)


@pytest.mark.parametrize(
    ("who", "at", "numbers"),
    [
        ("province", "", 22), ("province", "city", 22), ("province", "west", 4), ("province", "lone", 4),
        ("city", "", 22), ("county", "", 4),
    ],
)  # fmt: skip
def test_every_number_of_the_table_is_the_number_of_rows_it_leads_to(land, who, at, numbers):
    actor = getattr(land.cast, who)
    linked = linked_numbers(page(actor, land.main, getattr(land, at).code if at else ""))
    assert len(linked) == numbers
    assert [rows_behind(actor, url) for _, url in linked] == [number for number, _ in linked]


def test_the_figures_on_top_lead_to_their_rows_in_the_territory_one_looks_at(land):
    html = page(land.cast.province, land.main, land.city.code)
    tops = re.findall(r'<a class="kpi[^"]*" href="([^"]+)">.*?<span class="value">([\d,]+)</span>', html)
    assert [rows_behind(land.cast.province, unescape(url)) for url, _ in tops] == [int(n) for _, n in tops]
    assert [int(n) for _, n in tops] == [3, 13, 8 * 4, 8 * 3]


def test_the_ledger_names_the_campaign_it_is_narrowed_by_and_offers_those_in_sight(land):
    response = as_client(land.cast.county).get("/ledger/", {"campaign": land.main.pk})
    assert "专项行动：冬春火灾防控" in response.text
    other = Land()
    foreign = other.campaign(name="外省行动")
    offered = dict(response.context["filters"].form.fields["campaign"].choices)
    assert str(foreign.pk) not in offered
    refused = as_client(land.cast.county).get("/ledger/", {"campaign": foreign.pk})
    assert (refused.context["rows"], "没有这个选项" in refused.text) == ([], True)


@pytest.mark.parametrize("value", ["0", "abc", "999999999999999999999", "1' OR 1=1", "\0"])
def test_a_campaign_that_is_none_shows_no_rows(land, value):
    response = as_client(land.cast.province).get("/ledger/", {"campaign": value})
    assert (response.status_code, response.context["rows"]) == (200, [])


def test_a_city_sees_of_a_provinces_campaign_what_lies_in_the_city(land):
    response = as_client(land.cast.city).get("/ledger/", {"campaign": land.main.pk, "state": "valid"})
    assert response.context["count"] == str(8 * 4)


def test_an_institution_is_offered_no_campaigns(land):
    response = as_client(land.cast.manager).get("/ledger/")
    assert "campaign" not in response.context["filters"].form.fields


def test_what_was_only_found_again_is_not_counted_and_not_listed(land):
    (pk,) = put(land.cast, "rectifying", home=land.homes["east"][0])
    before = rows_behind(land.cast.province, f"/ledger/?campaign={land.main.pk}")
    visit = make.VisitFactory(institution=land.homes["east"][0])
    visit.campaigns.add(land.main)
    make.FindingFactory(visit=visit, handling="same", same_as_id=pk)
    make.finish(visit)
    assert rows_behind(land.cast.province, f"/ledger/?campaign={land.main.pk}") == before
