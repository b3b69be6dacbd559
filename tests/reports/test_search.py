"""The quick search on every page: what it shows, what it marks, where it leads, what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hazards.models import Hazard
from institutions import marks
from tests.factories import Cast, make_place
from tests.reports.made import ids, ledger, put

pytestmark = pytest.mark.django_db


def search(client, actor, typed: str):
    client.force_login(actor.user)
    return client.get("/search/", {"q": typed})


def test_hazards_and_institutions_are_found_marked_and_led_to(client):
    cast = Cast(name="长寿养老院")
    pk = put(cast, description="天窗<b>漏雨</b>")[0]
    response = search(client, cast.county, "天窗 changshou")
    assert [row["url"] for row in response.context["hazards"].rows] == [f"/hazards/{pk}/"]
    page = response.content.decode()
    assert "<mark>天窗</mark>&lt;b&gt;漏雨&lt;/b&gt;" in page
    assert "<mark>长寿</mark>养老院" in page
    response = search(client, cast.county, "csyly")
    assert [row["name"] for row in response.context["institutions"].rows] == ["<mark>长寿养老院</mark>"]
    assert response.context["institutions"].all_url == ""


def test_the_whole_number_of_a_hazard_leads_to_it_and_one_out_of_sight_to_nothing(client):
    here = Cast()
    there = Cast(make_place(city=here.place.city))
    mine, theirs = Hazard.objects.get(pk=put(here)[0]), Hazard.objects.get(pk=put(there)[0])
    assert search(client, here.county, f" {mine.number.lower()} ")["Location"] == f"/hazards/{mine.pk}/"
    response = search(client, here.county, theirs.number)
    assert (response.status_code, response.context["hazards"].rows) == (200, [])


def test_more_than_fit_are_one_link_away_with_the_same_words(client):
    cast = Cast()
    put(cast, count=9, description="天窗漏雨")
    response = search(client, cast.county, "天窗")
    assert len(response.context["hazards"].rows) == 8
    assert len(ids(client.get(response.context["hazards"].all_url))) == 9


def test_nothing_typed_and_too_much_typed_ask_nothing(client):
    cast = Cast()
    put(cast)
    for typed, said in (("", "例如"), ("   ", "例如"), ("长" * 61, "最多 60 个字。"), ("a\x00b", "例如")):
        response = search(client, cast.county, typed)
        assert response.status_code == 200
        assert said in response.content.decode()
        assert "hazards" not in response.context


def test_the_ledger_marks_what_was_looked_for(client):
    cast = Cast()
    put(cast, description="天窗漏雨", location="三楼")
    row = ledger(client, cast.county, q="louyu 三楼").context["rows"][0]
    assert (row["description"], row["location"]) == ("天窗<mark>漏雨</mark>", "<mark>三楼</mark>")
    row = ledger(client, cast.county).context["rows"][0]
    assert row["description"] == "天窗漏雨"


@pytest.mark.parametrize("count", [1, 7])
def test_a_search_costs_the_same_at_any_length(client, count, monkeypatch):
    monkeypatch.setattr(marks, "_known", {})
    cast = Cast(name="天窗厂")
    put(cast, count=count, description="天窗漏雨")
    client.force_login(cast.county.user)
    client.get("/search/")  # the session notes that it was seen
    for url, typed, cost in (
        ("/search/", "天窗", 10),
        ("/search/", "tianchuang", 11),
        ("/ledger/", "天窗", 10),
    ):
        with CaptureQueriesContext(connection) as statements:
            client.get(url, {"q": typed})
        counted = [
            s
            for s in statements.captured_queries
            if "TRANSACTION" not in s["sql"] and "POINT" not in s["sql"]
        ]
        assert (url, typed, len(counted)) == (url, typed, cost)


def test_every_page_has_the_search_for_those_who_may_see_and_no_other(client):
    cast = Cast()
    for actor, is_there in ((cast.county, True), (cast.manager, True), (cast.system_admin, False)):
        client.force_login(actor.user)
        page = client.get("/me/").content.decode()
        assert ('action="/search/"' in page, 'href="/search/"' in page) == (is_there, is_there)
