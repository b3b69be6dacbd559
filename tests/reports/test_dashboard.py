"""The dashboard's numbers: right, scoped, and the same as the rows they lead to."""

from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.enums import HazardStatus
from hazards.models import Hazard
from institutions.enums import Role
from reports.figure_rows import rows_of
from reports.filters import LedgerFilter
from reports.states import STATES
from tests.factories import Cast, InstitutionFactory, RegionFactory, make_actor, make_place
from tests.reports.made import dashboard, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def table(response) -> dict[str, list[int]]:
    return {line.name: [cell.value for cell in line.cells] for line in response.context["parts"]}


def rows_behind(url: str, actor, today: date) -> int:
    """How many rows the ledger finds at `url`, uncapped."""
    query = dict(parse_qsl(urlsplit(url).query))
    if urlsplit(url).path == "/dashboard/rows/":
        return rows_of(query, actor, today)[0].count()
    filters = LedgerFilter(query, Hazard.objects.visible_to(actor), actor=actor, today=today)
    assert filters.errors == {}
    assert filters.places.notices == []
    return STATES[filters.form.cleaned_data["state"]].narrow(filters.qs, today).count()


@pytest.fixture
def province(today):
    """Three counties in two cities, a county directly under the province, homes of a city and of the province.

    Prime numbers of open hazards, so that a total says whose it is made of.
    """
    first = Cast()
    second = Cast(make_place(city=first.place.city))
    third = Cast(make_place(province=first.place.province))
    top, city = first.place.province, first.place.city
    direct = RegionFactory(parent=top, level="county", name="直管县")
    homes = {
        "first": first.home,
        "second": second.home,
        "third": third.home,
        "direct": InstitutionFactory(county=direct, city=top, province=top),
        "city": InstitutionFactory(county=city, region=city, city=city, township=city),
        "top": InstitutionFactory(county=top, region=top, city=top, province=top, township=top),
    }
    for name, count in {"first": 2, "second": 3, "third": 5, "direct": 7, "city": 11, "top": 13}.items():
        put(first, "rectifying", count, home=homes[name])
    put(first, "rectifying", severity="major", due_on=today - timedelta(days=2), domain="food")
    put(first, "awaiting_verification", 2, found_on=today - timedelta(days=20))
    put(first, "verified", 3, status_changed_at=timezone.now() - timedelta(days=4))
    put(first, "closed", 4)
    put(first, "voided", 2)
    put(
        third,
        "closed",
        1,
        found_on=today - timedelta(days=400),
        registered_at=timezone.now() - timedelta(days=400),
        closed_at=timezone.now() - timedelta(days=200),
    )
    first.homes, first.direct, first.third = homes, direct, third
    return first


def test_the_province_sees_its_cities_the_county_beside_them_and_its_own(client, province):
    response = dashboard(client, province.province)
    first, third = province.place.city.name, province.third.place.city.name
    assert table(response) == {
        first: [22, 1, 1, 2, 3, 4],
        third: [5, 0, 0, 0, 0, 1],
        "直管县": [7, 0, 0, 0, 0, 0],
        "省本级": [13, 0, 0, 0, 0, 0],
    }
    assert [cell.value for cell in response.context["view"].whole().cells] == [47, 1, 1, 2, 3, 5]


def test_a_city_sees_its_counties_and_its_own_and_nothing_of_the_next(client, province):
    response = dashboard(client, province.city)
    assert [cells[0] for cells in table(response).values()] == [8, 3, 11]
    assert list(table(response))[-1] == "市本级"
    assert response.context["total"].figures.open == 22
    assert dashboard(client, province.third.city).context["total"].figures.open == 5


def test_a_county_sees_its_institutions_worst_first(client, province):
    other = province.place.institution(name="平安院")
    put(province, "rectifying", 20, home=other)
    response = dashboard(client, province.county)
    assert table(response) == {province.home.name: [8, 1, 1, 2, 3, 4], "平安院": [20, 0, 0, 0, 0, 0]}


def test_drilling_down_shows_what_the_lower_level_sees_and_the_way_back(client, province):
    city, county = province.place.city, province.place.county
    top = dashboard(client, province.province)
    assert [line.url for line in top.context["parts"]][:1] == [f"/dashboard/?region={city.code}"]
    in_city = dashboard(client, province.province, region=city.code)
    assert table(in_city) == table(dashboard(client, province.city))
    in_county = dashboard(client, province.province, region=county.code)
    assert table(in_county) == table(dashboard(client, province.county))
    assert [r.name for r in in_county.context["territory"].above] == [province.place.province.name, city.name]
    direct = dashboard(client, province.province, region=province.direct.code)
    assert table(direct) == {province.homes["direct"].name: [7, 0, 0, 0, 0, 0]}
    assert [r.name for r in direct.context["territory"].above] == [province.place.province.name]


def test_a_city_without_counties_shows_its_institutions(client):
    cast = Cast()
    city = RegionFactory(parent=cast.place.province, level="city", name="不设区市")
    home = InstitutionFactory(county=city, region=city, city=city, township=city, name="直管院")
    put(cast, "rectifying", 3, home=home)
    response = dashboard(client, cast.province, region=city.code)
    assert table(response) == {"直管院": [3, 0, 0, 0, 0, 0]}


def test_another_department_counts_nothing(client, province):
    fire = province.place.county.authorities.create(name="消防救援大队", department="fire_rescue")
    response = dashboard(client, make_actor(Role.COUNTY_OFFICIAL, fire))
    assert (table(response), response.context["total"].work.ages) == ({}, [0] * 5)


def test_regions_out_of_scope_are_404_like_those_that_do_not_exist(client, province):
    place = province.place
    for actor, codes in (
        (
            province.city,
            [place.province.code, province.third.place.city.code, province.third.place.county.code],
        ),
        (province.county, [place.city.code, province.direct.code]),
        (
            province.province,
            [make_place().province.code, place.township.code, "777777", "x", "\x00", "9" * 300],
        ),
    ):
        client.force_login(actor.user)
        assert {client.get("/dashboard/", {"region": code}).status_code for code in codes} == {404}


def test_those_without_the_capability_get_403(client, province):
    for actor in (province.township, province.manager, province.safety, province.system_admin):
        client.force_login(actor.user)
        assert client.get("/dashboard/").status_code == 403


def test_every_number_leads_to_exactly_the_rows_it_counts(client, province, today):
    county, city = province.place.county.code, province.place.city.code
    checked = 0
    for actor, code in (
        (province.province, ""), (province.province, city), (province.province, county),
        (province.province, province.direct.code), (province.city, ""), (province.city, county),
        (province.county, ""), (province.auditor, city),
    ):  # fmt: skip
        for period in ("", "last-year", "month"):
            context = dashboard(client, actor, region=code, period=period).context
            view = context["view"]
            numbers = [(card.url, card.value) for card in view.cards()]
            domains = [line for facet in view.facet_tables() for line in facet["lines"]]
            cells = [
                cell
                for line in (*context["parts"], *domains, view.whole())
                for cell in (*line.cells, line.of)
            ]
            bars = (*view.ages(), *view.statuses(), *view.lateness(), *view.waits())
            cells += [bar.cell for bar in bars] + [
                view.plans()["of"],
                *(cell for _, cell in view.plans()["lines"]),
            ]
            cells += [c for line in view.rates() for _, part, whole in line.values for c in (part, whole)]
            cells += [c for month in view.trend() for c in (month.new, month.closed, month.stock)]
            cells += [c for _, new, closed in view.compared() for c in (new, closed)]
            for url, value in numbers + [(cell.url, cell.value) for cell in cells]:
                assert bool(url) == bool(value)
                if url:
                    assert rows_behind(url, actor, today) == value, url
                    checked += 1
    assert checked > 150


def test_the_parts_add_up_to_the_whole(client, province):
    for code in ("", province.place.city.code, province.place.county.code):
        context = dashboard(client, province.province, region=code).context
        total = context["view"].whole()
        whole = [cell.value for cell in total.cells] + [total.of.value]
        for lines in (context["parts"], *(facet["lines"] for facet in context["view"].facet_tables())):
            columns = zip(*([*[c.value for c in line.cells], line.of.value] for line in lines), strict=True)
            assert [sum(column) for column in columns] == whole
        assert sum(context["total"].work.ages) == context["total"].figures.open
        assert sum(context["total"].by_status.values()) == whole[-1] + context["total"].by_status["voided"]


# --- page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_page_costs_eight_statements_whatever_is_counted(client, count):
    cast = Cast()
    for _ in range(min(count, 3)):
        put(cast, "rectifying", count, home=cast.place.institution())
    # session, person with posts, read only, territory, target, summary, open work, frame
    for actor, region, expected in (
        (cast.province, "", 8),
        (cast.province, cast.place.city.code, 8),
        (cast.province, cast.place.county.code, 8),
        (cast.county, "", 7),
    ):
        dashboard(client, actor)  # the session notes that it was seen
        with CaptureQueriesContext(connection) as queries:
            client.get("/dashboard/", {"region": region})
        assert len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) == expected


def test_the_page_says_as_of_when(client):
    cast = Cast()
    now = timezone.localtime()
    page = dashboard(client, cast.county).content.decode()
    assert f"数据截至 {now.year}年{now.month}月{now.day}日" in page


def test_every_status_has_a_bar_and_a_line(client):
    cast = Cast()
    for status in HazardStatus:
        put(cast, status)
    page = dashboard(client, cast.county).content.decode()
    assert [page.count(f'class="s-{status}"') for status in HazardStatus] == [1] * 6
    assert [page.count(f'class="tag tag-{status}"') for status in HazardStatus] == [1] * 6
