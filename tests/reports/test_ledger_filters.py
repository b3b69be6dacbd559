"""Every filter alone and together, by the ids that come back; and what is said of a wrong one."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from hazards import search
from hazards.enums import HazardStatus
from hazards.models import Hazard
from tests.factories import Cast, InstitutionFactory, RegionFactory, make_place
from tests.reports.made import ids, ledger, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def found(client, **parameters) -> set[int]:
    response = ledger(client, **parameters)
    assert response.context["filters"].errors == {}
    return set(ids(response))


def test_the_tabs_cut_by_state_and_count_what_they_show(client, today):
    cast = Cast()
    rows = {
        "registered": put(cast, "registered", 2),
        "rectifying": put(cast, "rectifying", 3),
        "awaiting_verification": put(cast, "awaiting_verification", 5),
        "verified": put(cast, "verified", 7),
        "closed": put(cast, "closed", 1),
        "voided": put(cast, "voided", 4),
    }
    late = put(cast, "rectifying", due_on=today - timedelta(days=1))
    put(cast, "verified", due_on=today - timedelta(days=9))  # verified: no clock runs
    client.force_login(cast.county.user)
    rows["rectifying"] += late
    response = ledger(client)
    assert [(tab["label"], tab["count"]) for tab in response.context["tabs"]] == [
        ("全部", "24"), ("在办", "19"), ("待下发", "2"), ("整改中", "4"), ("待验收", "5"), ("待销号", "8"),
        ("已逾期", "1"), ("已销号", "1"), ("已作废", "4"),
    ]  # fmt: skip
    assert found(client, state="overdue") == set(late)
    for state in ("registered", "rectifying", "awaiting_verification", "closed", "voided"):
        assert found(client, state=state) == set(rows[state])
    assert len(found(client, state="open")) == 19
    assert len(found(client, state="valid")) == 20
    # The counts follow the filters, not the tab.
    narrowed = ledger(client, state="closed", overdue="on").context["tabs"]
    assert [tab["count"] for tab in narrowed] == ["1", "1", "0", "1", "0", "0", "1", "0", "0"]


def test_a_count_stops_at_a_thousand(client):
    cast = Cast()
    put(cast, count=1001)
    counts = [tab["count"] for tab in ledger(client, cast.county).context["tabs"]]
    assert counts == ["1000+", "1000+", "1000+", "0", "0", "0", "0", "0", "0"]
    assert "共 1000+ 条" in ledger(client).content.decode()


@pytest.mark.parametrize("named", [1000, 0])
def test_the_tabs_count_what_words_find_whether_few_or_many(client, today, monkeypatch, named):
    monkeypatch.setattr(search, "NAMED_HAZARDS", named)
    cast = Cast()
    for n, status in enumerate(HazardStatus.values, 1):
        put(cast, status, n, description="天窗漏雨")
        put(cast, status, 2)
    put(cast, "rectifying", 3, description="天窗破损", due_on=today - timedelta(days=1))
    client.force_login(cast.county.user)
    for asked, counts in (
        ({"q": "天窗"}, ["24", "13", "1", "5", "3", "4", "3", "5", "6"]),
        ({"q": "天窗 漏雨"}, ["21", "10", "1", "2", "3", "4", "0", "5", "6"]),
        ({"q": "天窗", "overdue": "on"}, ["3", "3", "0", "3", "0", "0", "3", "0", "0"]),
        ({"q": "天窗", "closed_from": today.isoformat()}, ["5", "0", "0", "0", "0", "0", "0", "5", "0"]),
        ({"q": "没有的"}, ["0"] * 9),
    ):
        assert [tab["count"] for tab in ledger(client, **asked).context["tabs"]] == counts, asked


def test_each_choice_alone_and_all_together(client, today):
    cast = Cast()
    other_home = cast.place.institution(kind="cemetery", name="西山公墓")
    plain = put(cast, "rectifying", found_on=today - timedelta(days=5))
    wanted = {
        "institution": put(cast, "rectifying", home=other_home, found_on=today - timedelta(days=5)),
        "domain": put(cast, "rectifying", domain="food", found_on=today - timedelta(days=5)),
        "severity": put(cast, "rectifying", severity="major", found_on=today - timedelta(days=5)),
        "source": put(cast, "rectifying", source="report", found_on=today - timedelta(days=5)),
        "overdue": put(
            cast, "rectifying", found_on=today - timedelta(days=5), due_on=today - timedelta(days=1)
        ),
        "found_to": put(cast, "rectifying", found_on=today - timedelta(days=9)),
        "found_from": put(cast, "rectifying", found_on=today),
        "closed_from": put(cast, "closed", found_on=today - timedelta(days=5)),
    }
    value = {
        "institution": str(other_home.pk),
        "domain": "food",
        "severity": "major",
        "source": "report",
        "overdue": "on",
        "found_to": str(today - timedelta(days=6)),
        "found_from": str(today - timedelta(days=1)),
        "closed_from": str(today),
    }
    client.force_login(cast.county.user)
    for name, rows in wanted.items():
        assert found(client, **{name: value[name]}) == set(rows), name
    assert found(client, kind="cemetery") == set(wanted["institution"])
    assert found(client) == {*plain, *(pk for rows in wanted.values() for pk in rows)}
    everything = put(
        cast, "rectifying", home=other_home, domain="food", severity="major", source="report",
        found_on=today, due_on=today - timedelta(days=1),
    )  # fmt: skip
    names = ("institution", "domain", "severity", "source", "overdue", "found_from")
    assert found(client, **{n: value[n] for n in names}, kind="cemetery", state="overdue") == set(everything)


def test_the_day_of_closing_is_a_day_in_beijing(client):
    cast = Cast()
    late_evening_utc = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
    rows = put(cast, "closed", closed_at=late_evening_utc)
    client.force_login(cast.county.user)
    assert found(client, closed_from="2026-04-01", closed_to="2026-04-01") == set(rows)
    assert found(client, closed_to="2026-03-31") == set()


def test_words_are_looked_for_in_what_where_and_the_institution(client):
    cast = Cast(name="青山敬老院")
    what = put(cast, description="配电箱 100% 裸露")
    where = put(cast, location="锅炉房")
    client.force_login(cast.county.user)
    assert found(client, q="裸露") == set(what)
    assert found(client, q="锅炉") == set(where)
    assert found(client, q=" 青山  锅炉 ") == set(where)
    assert found(client, q="青山") == {*what, *where}
    assert found(client, q="100%") == set(what)
    assert found(client, q="_%") == set()
    assert found(client, q="'; DROP TABLE") == set()


def test_a_number_is_found_as_spoken_and_as_printed(client):
    cast = Cast()
    put(cast, count=2)
    hazard = Hazard.objects.get(pk=put(cast)[0])
    client.force_login(cast.county.user)
    assert found(client, q=hazard.number) == {hazard.pk}
    assert found(client, q=hazard.number.lower()) == {hazard.pk}
    assert found(client, q=f" {hazard.pk} ") == {hazard.pk}
    assert found(client, q=f"YH-1999-{hazard.pk:06d}") == set()
    assert [row["number"] for row in ledger(client, q=hazard.number).context["rows"]] == [hazard.number]


# --- places -----------------------------------------------------------------------------------------------


def choices(response, name) -> list[str]:
    return [label for _, label in response.context["filters"].places.choices[name]]


def test_the_province_goes_down_from_city_to_county_to_township_to_institution(client):
    here = Cast()
    sibling = Cast(make_place(city=here.place.city))
    far = Cast(make_place(province=here.place.province))
    rows = {cast: put(cast) for cast in (here, sibling, far)}
    client.force_login(here.province.user)
    city, county, township = here.place.city, here.place.county, here.place.township

    start = ledger(client)
    assert choices(start, "city") == [city.name, far.place.city.name]
    assert choices(start, "county") == ["省本级"]
    assert choices(start, "institution") == []

    in_city = ledger(client, city=city.code)
    assert set(ids(in_city)) == {*rows[here], *rows[sibling]}
    assert choices(in_city, "county") == [county.name, sibling.place.county.name, "市本级"]

    in_county = ledger(client, city=city.code, county=county.code)
    assert ids(in_county) == rows[here]
    assert choices(in_county, "township") == [township.name, "未分乡镇"]
    assert choices(in_county, "institution") == [here.home.name]

    at_home = ledger(client, city=city.code, county=county.code, institution=here.home.pk)
    assert ids(at_home) == rows[here]


def test_a_link_naming_only_the_county_or_township_chooses_what_lies_above(client):
    cast = Cast()
    in_town = cast.place.institution(township=cast.place.township, region=cast.place.township)
    rows = put(cast, home=in_town)
    put(cast)
    response = ledger(client, cast.province, township=cast.place.township.code)
    assert ids(response) == rows
    assert response.context["filters"].values == {
        "township": cast.place.township.code,
        "county": cast.place.county.code,
        "city": cast.place.city.code,
    }


def test_a_county_left_over_from_another_city_is_dropped_with_a_word(client):
    here = Cast()
    far = Cast(make_place(province=here.place.province))
    put(here), put(far)
    response = ledger(
        client,
        here.province,
        city=far.place.city.code,
        county=here.place.county.code,
        institution=here.home.pk,
    )
    assert response.context["notices"] == [f"“{here.place.county.name}”不在所选地区内，已不按它筛选。"]
    assert response.context["filters"].values == {
        "city": far.place.city.code,
        "institution": str(here.home.pk),
    }


def test_what_belongs_to_the_city_itself_and_to_a_county_under_the_province_can_be_chosen(client):
    cast = Cast()
    province, city = cast.place.province, cast.place.city
    direct = RegionFactory(parent=province, level="county", name="省直辖县")
    homes = {
        "city": InstitutionFactory(county=city, region=city, city=city, township=city),
        "direct": InstitutionFactory(county=direct, city=province, province=province),
        "province": InstitutionFactory(county=province, city=province, province=province, township=province),
    }
    rows = {name: set(put(cast, home=home)) for name, home in homes.items()}
    put(cast)
    client.force_login(cast.province.user)
    assert found(client, county=city.code) == rows["city"]
    assert found(client, county=direct.code) == rows["direct"]
    assert found(client, county=province.code) == rows["province"]
    client.force_login(cast.city.user)
    assert found(client, county=city.code) == rows["city"]


def test_a_link_from_above_naming_ones_own_place_just_works(client):
    cast = Cast()
    rows = set(put(cast))
    client.force_login(cast.county.user)
    assert found(client, city=cast.place.city.code, county=cast.place.county.code) == rows
    issued = set(put(cast, "rectifying"))
    client.force_login(cast.manager.user)
    assert found(client, institution=cast.home.pk) == issued


def test_the_institutions_page_links_to_its_rows(client):
    cast = Cast()
    rows = put(cast)
    put(cast, home=cast.place.institution())
    response = ledger(client, cast.province, institution=cast.home.pk)
    assert ids(response) == rows
    assert [chip["words"] for chip in response.context["chips"]] == [f"机构：{cast.home.name}"]


# --- what is wrong is said ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("found_from", "2026-13-45", "请填写正确的日期，例如 2026-11-15。"),
        ("found_to", "昨天", "请填写正确的日期，例如 2026-11-15。"),
        ("closed_from", "0000-00-00", "请填写正确的日期，例如 2026-11-15。"),
        ("domain", "不存在", "没有这个选项，请重新选择。"),
        ("severity", "major'--", "没有这个选项，请重新选择。"),
        ("kind", "1", "没有这个选项，请重新选择。"),
        ("source", "null", "没有这个选项，请重新选择。"),
        ("institution", "9" * 400, "没有这个选项，请重新选择。"),
        ("institution", "-1", "没有这个选项，请重新选择。"),
        ("institution", "٣", "没有这个选项，请重新选择。"),
        ("county", "x\x00y", "没有这个选项，请重新选择。"),
        ("sort", "id", "没有这个选项，请重新选择。"),
        ("state", "deleted", "没有这个状态，请从上面选一个。"),
        ("q", "长" * 61, "最多 60 个字。"),
    ],
)
def test_a_wrong_parameter_gets_its_message_and_no_rows(client, name, value, message):
    cast = Cast()
    put(cast)
    response = ledger(client, cast.county, **{name: value})
    assert ids(response) == []
    assert response.context["filters"].errors == {name: [message]}
    page = response.content.decode()
    assert page.count(message) == 1
    assert page.count("查询条件有误，没有查询") == 1


def test_a_null_byte_in_the_search_is_refused_in_words(client):
    cast = Cast()
    response = ledger(client, cast.county, q="a\x00b")
    assert list(response.context["filters"].errors) == ["q"]
    assert ids(response) == []


def test_dates_the_wrong_way_round_are_refused(client):
    cast = Cast()
    response = ledger(client, cast.county, found_from="2026-05-02", found_to="2026-05-01")
    assert response.context["filters"].errors == {"found_to": ["结束日期不能早于开始日期。"]}


def test_of_repeated_keys_the_last_counts(client):
    cast = Cast()
    food = put(cast, domain="food")
    put(cast, domain="fire")
    client.force_login(cast.county.user)
    assert ids(client.get("/ledger/?domain=fire&domain=food")) == food


def test_a_hundred_unknown_parameters_change_nothing(client):
    cast = Cast()
    rows = put(cast)
    client.force_login(cast.county.user)
    assert found(client, **{f"x{i}": "1" for i in range(100)}) == set(rows)
