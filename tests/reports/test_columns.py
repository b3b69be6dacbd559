"""自选列: one choice for the screen and the file, kept with the post, at no statement more."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import Membership
from reports.chosen import CHOICES, MOST_CHOSEN, defaults_for
from tests.factories import Cast, as_client, hazard_in
from tests.reports.exporting import made_job, table
from tests.reports.made import put

pytestmark = pytest.mark.django_db


def do(actor, what: str, name: str):
    response = as_client(actor).post("/ledger/columns/", {what: name})
    return response.status_code, Membership.objects.get(pk=actor.membership.pk).ledger_columns


def heads(client) -> list[str]:
    """The headings of the table on the screen, without those a phone alone shows."""
    page = client.get("/ledger/").content.decode()
    return [th.split("</th>")[0] for th in page.split('<th scope="col">')[1:]]


def test_columns_are_added_moved_dropped_and_given_back():
    cast = Cast()
    assert do(cast.county, "add", "officer") == (
        302,
        ["institution", "severity", "due", "status", "found", "officer"],
    )
    assert do(cast.county, "up", "officer")[1] == [
        "institution",
        "severity",
        "due",
        "status",
        "officer",
        "found",
    ]
    assert do(cast.county, "drop", "institution")[1] == ["severity", "due", "status", "officer", "found"]
    assert do(cast.county, "up", "severity")[1] == ["severity", "due", "status", "officer", "found"]
    assert do(cast.county, "down", "severity")[1] == ["due", "severity", "status", "officer", "found"]
    assert do(cast.county, "reset", "all") == (302, [])


def test_what_makes_no_sense_changes_nothing():
    cast = Cast()
    first = list(defaults_for(cast.county))
    for what, name in (("add", "due"), ("add", "no such column"), ("drop", "basis"), ("up", "basis")):
        assert do(cast.county, what, name) == (302, first)
    assert do(cast.county, "turn", "due")[0] == 404
    for name in CHOICES:
        do(cast.county, "add", name)
    assert len(Membership.objects.get(pk=cast.county.membership.pk).ledger_columns) == MOST_CHOSEN
    for name in CHOICES:
        do(cast.county, "drop", name)
    assert len(Membership.objects.get(pk=cast.county.membership.pk).ledger_columns) == 1


def test_the_screen_shows_the_choice_of_the_post_and_of_no_other():
    cast = Cast()
    put(cast, "rectifying")
    drawn = ["存在问题", "机构", "等级", "整改期限", "状态", "发现日期"]
    assert heads(as_client(cast.county)) == drawn
    do(cast.county, "add", "responsible")
    do(cast.county, "drop", "institution")
    client = as_client(cast.county)
    assert heads(client) == ["存在问题", "隐患等级", "整改期限", "状态", "发现日期", "整改责任人"]
    page = client.get("/ledger/").content.decode()
    assert ('<td class="cell-wide">张三</td>' in page, 'class="cell-line cell-name only-phone"' in page) == (
        True,
        True,
    )
    assert heads(as_client(cast.county2)) == drawn
    # An institution is not offered its own name, and a choice that is offered no more is left out.
    assert do(cast.manager, "add", "institution")[1] == list(defaults_for(cast.manager))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_the_file_has_the_columns_that_were_chosen_when_it_was_asked_for(format):
    cast = Cast(name="青山养老院")
    hazard = hazard_in(cast, "closed")
    do(cast.city, "add", "closer")
    do(cast.city, "drop", "found")
    job = made_job(cast.city, layout="own", format=format)
    do(cast.city, "reset", "all")
    [row] = table(cast.city, job)
    assert list(row) == [
        "序号", "隐患编号", "存在问题", "隐患类别", "具体部位", "机构名称", "机构类型", "所在地区", "隐患等级", "整改期限", "状态",
        "销号人",
    ]  # fmt: skip
    named = {name: row[name] for name in ("隐患编号", "机构名称", "销号人")}
    assert named == {"隐患编号": hazard.number, "机构名称": "青山养老院", "销号人": cast.city.user.name}


def statements(client) -> int:
    client.get("/ledger/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/ledger/")
    return len(queries)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_no_statement_more_with_any_columns(count):
    cast = Cast()
    put(cast, "closed", count)
    plain = statements(as_client(cast.county))
    chosen = [name for name in CHOICES if name not in defaults_for(cast.county)]
    for some in (chosen[:MOST_CHOSEN], chosen[MOST_CHOSEN:]):
        Membership.objects.filter(pk=cast.county.membership.pk).update(ledger_columns=some)
        assert statements(as_client(cast.county)) == plain


def test_the_page_with_htmx_stays_and_equals_the_page_without():
    cast = Cast()
    client = as_client(cast.county)
    response = client.post("/ledger/columns/", {"add": "basis"}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    names = [choice.name for choice in response.context["chosen"]]
    assert names == [choice.name for choice in client.get("/ledger/columns/").context["chosen"]]
    assert names[-1] == "basis"
