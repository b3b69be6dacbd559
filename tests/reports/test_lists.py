"""四个清单: what belongs on each, in scope, under the ledger's conditions; the screen says what the file says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reports import lists
from tests.factories import Cast, as_client, hazard_in, make_place
from tests.reports.exporting import made_job, table
from tests.reports.made import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


def shown(actor, name, **query) -> list[dict]:
    """The lines of a list as heading → words."""
    response = as_client(actor).get(f"/ledger/lists/{name}/", query)
    assert response.status_code == 200
    return [{label: words for label, words, _ in line["cells"]} for line in response.context["page"].lines]


def hazards(actor, name, **query) -> set[str]:
    return {line["隐患编号"] for line in shown(actor, name, **query)}


def test_problems_are_what_was_found_tasks_what_is_open_results_what_is_closed():
    cast = Cast()
    made = {
        status: hazard_in(cast, status).number
        for status in ("registered", "rectifying", "awaiting_verification", "verified", "closed", "voided")
    }
    is_open = {made[s] for s in ("registered", "rectifying", "awaiting_verification", "verified")}
    assert hazards(cast.county, "problems") == is_open | {made["closed"]}
    assert hazards(cast.county, "tasks") == is_open
    assert hazards(cast.county, "results") == {made["closed"]}
    waits = {line["隐患编号"]: line["待谁办理"] for line in shown(cast.county, "tasks")}
    county, city = cast.county.authority.name, cast.place.city.name
    assert waits == {
        made["registered"]: f"{county}下发", made["rectifying"]: f"{cast.home.name}整改",
        made["awaiting_verification"]: f"{county}验收", made["verified"]: f"{city}民政部门销号",
    }  # fmt: skip
    [result] = shown(cast.county, "results")
    facts = {
        "整改情况": "已清理",
        "整改前照片": "1 张",
        "整改后照片": "1 张",
        "整改轮次": "1",
        "用时（天）": "0",
    }
    assert {name: result[name] for name in facts} == facts


def test_the_risk_list_has_high_grades_majors_and_what_came_back_and_says_why():
    today = timezone.localdate()
    red = Cast(name="红院", risk_grade="red")
    place = red.place
    major, back, plain = (Cast(place, name=name) for name in ("重大院", "反弹院", "平安院"))
    put(plain, "rectifying", 3)
    put(major, "rectifying", severity="major", due_on=today - timedelta(days=2))
    [origin] = put(back, "closed")
    put(back, "rectifying", recurrence_of_id=origin, domain="food")
    put(Cast(make_place(city=place.city), risk_grade="red"), "rectifying")
    put(Cast(place, name="停用院", risk_grade="red", is_active=False), "rectifying")
    lines = shown(red.county, "risks")
    assert [(line["机构名称"], line["风险情形"], line["在办隐患"]) for line in lines] == [
        ("红院", "风险等级红（重大风险）", "0"),
        ("重大院", "重大隐患 1 条未销号", "1"),
        ("反弹院", "销号后又出现 1 条（食品安全）", "1"),
    ]
    assert [line["已逾期"] for line in lines] == ["0", "1", "0"]
    assert len(shown(red.city, "risks")) == 4
    assert [line["机构名称"] for line in shown(red.county, "risks", institution=str(back.home.pk))] == [
        "反弹院"
    ]
    # Conditions on hazards decide what is counted; the grade stays.
    assert [line["机构名称"] for line in shown(red.county, "risks", domain="food")] == ["红院", "反弹院"]


@pytest.mark.parametrize("name", lists.LISTS)
def test_the_screen_says_what_the_file_says_under_the_same_conditions(name):
    cast = Cast(risk_grade="orange")
    for status in ("registered", "rectifying", "closed"):
        hazard_in(cast, status, domain="food")
        hazard_in(cast, status)
    screen = shown(cast.county, name, domain="food")
    sort = {"sort": lists.SORTED_BY[name]} if name in lists.SORTED_BY else {}
    file = table(cast.county, made_job(cast.county, layout=name, format="csv", domain="food", **sort))
    ids = "机构名称" if name == "risks" else "隐患编号"
    assert [line[ids] for line in screen] == [row[ids] for row in file]
    assert list(screen[0]) == list(file[0])[1:]


@pytest.mark.parametrize("name", ["problems", "tasks"])
def test_every_row_stands_on_one_page(monkeypatch, name):
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    cast = Cast()
    put(cast, "rectifying", 3)
    put(cast, "registered", 2)
    client, url, seen = as_client(cast.county), f"/ledger/lists/{name}/?source=screening", []
    while url:
        response = client.get(url)
        seen += [line["url"] for line in response.context["page"].lines]
        url = response.context["after_url"]
    assert (len(seen), len(set(seen))) == (5, 5)


def test_the_risk_list_has_pages_too(monkeypatch):
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    first = Cast(name="甲院", risk_grade="red")
    for name in ("乙院", "丙院"):
        Cast(first.place, name=name, risk_grade="red")
    client = as_client(first.county)
    one = client.get("/ledger/lists/risks/")
    two = client.get(one.context["after_url"])
    assert [len(page.context["page"].lines) for page in (one, two)] == [2, 1]
    assert (two.context["before_url"], two.context["after_url"]) == ("/ledger/lists/risks/?page=0", "")


@pytest.mark.parametrize("name", lists.LISTS)
def test_a_list_costs_the_same_for_any_number_of_rows(name):
    cast, counts = Cast(risk_grade="red"), []
    client = as_client(cast.county)
    for count in (1, 5):
        for status in ("rectifying", "closed"):
            put(cast, status, count)
        Cast(cast.place, name=f"第{count}院", risk_grade="red")
        client.get("/ledger/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/ledger/lists/{name}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_wrong_conditions_lists_and_cursors_are_not_there():
    client = as_client(Cast().county)
    urls = ("tasks/?domain=x", "nothing/", "tasks/?after=x", "results/?institution=999999")
    assert [client.get(f"/ledger/lists/{url}").status_code for url in urls] == [404] * 4
    assert client.get("/ledger/lists/risks/?page=٣").status_code == 200
