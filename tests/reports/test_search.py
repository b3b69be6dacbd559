"""The quick search on every page: what it shows, what it marks, where it leads, what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hazards.models import Hazard
from institutions import marks
from tests.factories import Cast, as_client, make_place
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
        ("/search/", "天窗", 6),
        ("/search/", "tianchuang", 7),
        ("/ledger/", "天窗", 6),
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


# --- suggestions ------------------------------------------------------------------------------------------------


def suggested(actor, typed: str) -> list[str]:
    page = as_client(actor).get("/search/suggest/", {"q": typed}).content.decode()
    return [part.split('"')[0] for part in page.split('class="menu-item" href="')[1:]]


def test_a_few_answers_in_scope_are_suggested_and_the_way_to_all():
    cast = Cast(name="长寿养老院")
    near = Cast(make_place(city=cast.place.city), name="长寿公墓")
    pks = put(cast, "rectifying", 7, description="天窗漏雨")
    put(near, "rectifying", description="天窗漏雨")
    latest = [f"/hazards/{pk}/" for pk in sorted(pks, reverse=True)[:5]]
    all_url = "/search/?q=%E5%A4%A9%E7%AA%97"
    assert suggested(cast.county, "天窗") == [*latest, all_url]
    assert suggested(cast.county, "cs")[0] == f"/institutions/{cast.home.pk}/"
    assert f"/institutions/{near.home.pk}/" not in suggested(cast.county, "changshou")
    assert [suggested(cast.county, typed) for typed in ("", "天", " ", "x" * 61, "没有这样的")] == [[]] * 5


def test_institutions_are_chosen_by_pinyin_initials_and_place_wherever_one_is_chosen():
    cast = Cast(name="长寿养老院", address="梅岭路 8 号")
    cast.place.institution(name="西山公墓")
    cast.place.institution(name="长寿敬老院", is_active=False)
    for url in (reverse("hazards:choose_institution"), reverse("inspections:visit_choose")):
        client = as_client(cast.county)
        for typed in ("changshou", "csyly", "梅岭", "长寿"):
            response = client.get(url, {"q": typed})
            assert [one.name for one in response.context["institutions"]] == ["长寿养老院"], (url, typed)
        assert len(client.get(url).context["institutions"]) == 2
