"""A hazard's page says in which visits it was seen, to those who may know of the visit."""

import re

import pytest
from django.urls import reverse

from hazards.models import Hazard
from inspections.actions.finishing import finish
from tests.factories import Cast, as_client, make_actor, make_place, register_hazard
from tests.inspections.walking import checklist, find, open_visit, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


def finished(cast, by=None, **finding):
    """A finished visit with one problem."""
    by = by or cast.county
    visit = open_visit(cast, by=by)
    find(visit, by, **finding)
    return finish(signed(visit, by) if by.authority else visit, by=by)


def fragment(actor, hazard):
    return as_client(actor).get(reverse("inspections:visits_of_hazard", args=[hazard.pk]))


def told(actor, hazard) -> list[tuple[str, str]]:
    """(visit, what it did) of each line."""
    html = fragment(actor, hazard).text
    uids = re.findall(r"/inspections/visits/([0-9a-f-]{36})/", html)
    return list(zip(uids, re.findall(r'<span class="tag tag-\w+">(\w+)</span>', html), strict=True))


def test_the_visit_it_came_from_comes_first_then_those_that_found_it_again(cast):
    first = finished(cast)
    hazard = Hazard.objects.get()
    again = finished(cast, handling="same", same_as=hazard)
    expected = [(str(first.uid), "由此登记"), (str(again.uid), "再次发现")]
    for actor in (cast.county, cast.city, cast.province, cast.auditor, cast.manager):
        assert told(actor, hazard) == expected


def test_the_page_of_the_hazard_asks_for_it(cast):
    finished(cast)
    hazard = Hazard.objects.get()
    page = as_client(cast.county).get(reverse("hazards:detail", args=[hazard.pk])).text
    assert f'hx-get="/inspections/visits/of-hazard/{hazard.pk}/"' in page


def test_a_hazard_that_no_visit_saw_shows_nothing(cast):
    assert fragment(cast.county, register_hazard(cast)).content.strip() == b""


def test_an_unannounced_visit_that_is_under_way_betrays_nothing_to_anybody(cast):
    hazard = register_hazard(cast)
    visit = open_visit(cast, is_unannounced=True)
    find(visit, cast.county, handling="same", same_as=hazard)
    assert (told(cast.manager, hazard), told(cast.county, hazard)) == ([], [])
    finish(signed(visit, cast.county), by=cast.county)
    assert told(cast.manager, hazard) == [(str(visit.uid), "再次发现")]


def test_what_a_house_is_still_checking_itself_is_its_own_matter(cast):
    hazard = register_hazard(cast)
    visit = open_visit(cast, by=cast.manager)
    find(visit, cast.manager, handling="same", same_as=hazard, due_on=None)
    assert told(cast.county, hazard) == []
    finish(visit, by=cast.manager)
    assert told(cast.county, hazard) == [(str(visit.uid), "再次发现")]


def test_a_hazard_out_of_scope_is_not_there(cast):
    finished(cast)
    stranger = make_actor("county_official", make_place(city=cast.place.city).county)
    assert fragment(stranger, Hazard.objects.get()).status_code == 404


def test_it_costs_the_same_for_one_visit_and_for_three(cast, django_assert_num_queries):
    checklist()
    finished(cast)
    hazard, client = Hazard.objects.get(), as_client(cast.county)
    url = reverse("inspections:visits_of_hazard", args=[hazard.pk])
    client.get(url)
    with django_assert_num_queries(10):
        client.get(url)
    for _ in range(2):
        finished(cast, handling="same", same_as=hazard)
    with django_assert_num_queries(10):
        client.get(url)
