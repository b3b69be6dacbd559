"""Paging, the cost of a page, and the same page with and without htmx."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.models import Hazard
from reports.paging import PAGE_SIZE, SORTS, BadCursor
from tests.factories import Cast
from tests.reports.made import fragment, ids, ledger, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd():
    """81 hazards with many equal days and moments, a third of them without a deadline."""
    cast, today, now = Cast(), timezone.localdate(), timezone.now()
    for n in range(9):
        status = "registered" if n % 3 == 0 else "rectifying"
        put(
            cast, status, 9,
            found_on=today - timedelta(days=n // 2),
            status_changed_at=now - timedelta(microseconds=n // 4),
            **({} if status == "registered" else {"due_on": today + timedelta(days=n // 4)}),
        )  # fmt: skip
    return cast


def walk(client, url: str, link: str) -> list[list[int]]:
    """The ids of each page from `url` on, following the page's own links."""
    pages = []
    while url:
        response = client.get(url)
        pages.append(ids(response))
        url = response.context[link]
    return pages


def in_order(sort: str) -> list[int]:
    """What PostgreSQL says of the whole order."""
    return list(Hazard.objects.order_by(*SORTS[sort].order()).values_list("pk", flat=True))


@pytest.mark.parametrize("sort", SORTS)
def test_paging_shows_every_row_exactly_once_forwards_and_back(client, crowd, sort):
    client.force_login(crowd.county.user)
    pages = walk(client, f"/ledger/?sort={sort}", "after_url")
    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 21]
    assert [pk for page in pages for pk in page] == in_order(sort)
    last = client.get(f"/ledger/?sort={sort}").context["after_url"]
    last = client.get(last).context["after_url"]
    assert walk(client, last, "before_url") == pages[::-1]


def test_missing_deadlines_come_last_with_the_near_ones_first(client, crowd):
    client.force_login(crowd.county.user)
    shown = [row["due_on"] for row in ledger(client, sort="due").context["rows"]]
    assert shown == sorted(shown)
    assert "" not in shown
    assert {row["due_on"] for row in ledger(client, sort="-due").context["rows"][:27]} == {""}


def test_a_row_that_comes_in_between_neither_repeats_nor_hides_another(client, crowd):
    client.force_login(crowd.county.user)
    first = ledger(client)
    before = in_order("")
    put(crowd, count=5)
    assert ids(client.get(first.context["after_url"])) == before[PAGE_SIZE : 2 * PAGE_SIZE]


def test_filters_and_sort_stay_while_paging_and_the_cursor_does_not_stay_while_filtering(client, crowd):
    first = ledger(client, crowd.county, sort="due", severity="general", state="open")
    second = client.get(first.context["after_url"])
    query = parse_qs(urlsplit(first.context["after_url"]).query)
    assert {name: query[name] for name in ("sort", "severity", "state")} == {
        "sort": ["due"], "severity": ["general"], "state": ["open"],
    }  # fmt: skip
    urls = [tab["url"] for tab in second.context["tabs"]] + [chip["url"] for chip in second.context["chips"]]
    assert [url for url in urls if "after=" in url or "before=" in url] == []


@pytest.mark.parametrize(
    "cursor",
    ["x", "_", "_1", "2026-01-01", "2026-01-01_", "2026-13-01_1", "2026-01-01_-1", "2026-01-01_" + "9" * 40, "\x00_1",
     "٢٠٢٦-01-01_1", "2026-01-01_٣", "9" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_leads_nowhere_shows_the_first_page_and_says_so(client, crowd, name, cursor):
    first = ids(ledger(client, crowd.county))
    response = ledger(client, **{name: cursor})
    assert ids(response) == first
    assert response.context["notices"] == ["翻页位置已失效，已回到第一页。"]


@pytest.mark.parametrize("cursor", ["9" * 18 + "_1", "2026-01-01_1", "_1", "-5_1", ""])
def test_a_cursor_of_moments_takes_only_moments(cursor):
    with pytest.raises(BadCursor):
        SORTS["changed"].read(cursor)


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_reads_back_as_it_was_written(crowd, sort):
    order = SORTS[sort]
    for row in Hazard.objects.values(order.field, "id"):
        assert order.read(order.cursor(row)) == (row[order.field], row["id"])


# --- cost -----------------------------------------------------------------------------------------------------


def statements(client, url: str, **headers) -> int:
    client.get("/ledger/")  # the session notes that it was seen
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url, headers=headers).status_code == 200
    return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])


@pytest.mark.parametrize("count", [1, 3, 50])
def test_a_page_costs_six_statements_whatever_is_on_it(client, count):
    cast = Cast()
    put(cast, count=count)
    # session, person with posts, read only, places with campaigns, rows with counts, frame
    for actor in (cast.province, cast.city, cast.county):
        client.force_login(actor.user)
        assert statements(client, "/ledger/") == 6
        assert statements(client, "/ledger/?state=open&domain=fire&severity=general") == 6
        # One more for words: how common they are decides how the rows are asked for.
        assert statements(client, "/ledger/?state=open&domain=fire&severity=general&q=通道") == 7
    client.force_login(cast.province.user)
    assert statements(client, f"/ledger/?county={cast.place.county.code}&institution={cast.home.pk}") == 6
    assert statements(client, "/ledger/", **{"HX-Request": "true"}) == 5


@pytest.mark.parametrize("count", [1, 3, 50])
def test_an_institution_has_no_places_to_choose_and_no_banner(client, count):
    cast = Cast()
    put(cast, "rectifying", count=count)
    client.force_login(cast.manager.user)
    assert statements(client, "/ledger/") == 5


# --- htmx -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"state": "overdue", "sort": "due"},
        {"domain": "fire", "q": "通道"},
        {"domain": "nonsense"},
        {"q": "没有这样的"},
        {"after": "nowhere"},
        {"sort": "-changed", "found_from": "2020-01-01"},
    ],
)
def test_a_swapped_ledger_equals_a_reloaded_one(client, crowd, parameters):
    swapped = fragment(client, crowd.city, **parameters)
    page = ledger(client, **parameters).content.decode()
    assert page.count(swapped) == 1
    assert swapped.startswith('<section class="card" id="ledger"')
    assert swapped.endswith("</section>\n")


def test_the_address_pushed_is_without_empty_fields_and_shows_the_same(client, crowd):
    client.force_login(crowd.city.user)
    asked = "/ledger/?q=&city=&domain=fire&severity=&found_from=&state=open"
    response = client.get(asked, headers={"HX-Request": "true"})
    assert response["HX-Push-Url"] == "/ledger/?domain=fire&state=open"
    assert "HX-Request" in response["Vary"]
    again = client.get(response["HX-Push-Url"], headers={"HX-Request": "true"})
    assert again.content == response.content


def test_it_only_looks(client, crowd):
    client.force_login(crowd.county.user)
    assert [client.post(url).status_code for url in ("/ledger/", "/dashboard/")] == [405, 405]


# --- what a row and an empty page say --------------------------------------------------------------------------


def test_deadlines_are_said_in_days_while_the_clock_runs(client):
    cast, today = Cast(), timezone.localdate()
    put(cast, "rectifying", due_on=today - timedelta(days=6))
    put(cast, "rectifying", due_on=today)
    put(cast, "awaiting_verification", due_on=today - timedelta(days=1))
    put(cast, "rectifying", due_on=today + timedelta(days=3))
    put(cast, "rectifying", due_on=today + timedelta(days=4))
    put(cast, "verified", due_on=today - timedelta(days=6))
    put(cast, "registered")
    rows = ledger(client, cast.county, sort="found").context["rows"]
    assert [(row["due_words"], row["due_class"]) for row in rows] == [
        ("逾期 6 天", "due-late"), ("今天到期", "due-soon"), ("", ""), ("剩余 3 天", "due-soon"), ("剩余 4 天", ""), ("", ""), ("", ""),
    ]  # fmt: skip


def test_a_row_tells_the_place_from_the_level_below_the_reader(client):
    cast = Cast()
    put(cast)
    place = cast.place
    told = {
        actor.role: [row["place"] for row in ledger(client, actor).context["rows"]]
        for actor in (cast.county, cast.city, cast.province)
    }
    assert list(told.values()) == [[""], [place.county.name], [f"{place.city.name} {place.county.name}"]]


def test_empty_pages_say_what_to_do_next(client):
    cast = Cast()
    for actor, parameters, words in (
        (cast.county, {}, "检查中发现的问题，登记后会列在这里。"),
        (cast.auditor, {}, "辖区内登记的隐患会列在这里。"),
        (cast.county, {"state": "verified"}, "没有“待销号”的隐患"),
        (cast.county, {"domain": "food"}, "去掉一些条件，或换一个状态再看。"),
    ):
        assert fragment(client, actor, **parameters).count(words) == 1


def test_what_people_typed_is_shown_as_text(client):
    cast = Cast(name="<b>院</b>")
    put(cast, description="<script>alert(1)</script>", location="\"'><img src=x>")
    page = ledger(client, cast.county, q="<script>").content.decode()
    assert [page.count(evil) for evil in ("<script>", "<b>", "<img")] == [0, 0, 0]
    assert ids(ledger(client, q="<script>")) != []
