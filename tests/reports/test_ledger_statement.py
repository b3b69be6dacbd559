"""The ledger's statement is written once for all values: everybody gets their own rows and counts all the same."""

from collections import Counter
from datetime import timedelta
from itertools import combinations, cycle

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.enums import HazardStatus
from hazards.models import Hazard
from reports.filters import LedgerFilter
from reports.ledger import _statement, ledger_page
from reports.paging import SORTS
from reports.states import STATES
from tests.factories import Cast, make_place
from tests.reports.made import put

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAYS_AGO = [str(TODAY - timedelta(days=n)) for n in range(30)]


@pytest.fixture
def casts():
    """Two counties of a city and one elsewhere, with rows that differ in everything one can ask for."""
    first = Cast(name="青山敬老院")
    near = Cast(make_place(city=first.place.city), name="青山公墓", kind="cemetery")
    far = Cast(make_place(province=first.place.province), name="东湖敬老院")
    for n, cast in enumerate((first, near, far)):
        put(
            cast,
            "rectifying",
            2 + n,
            due_on=TODAY - timedelta(days=1),
            domain="food",
            found_on=TODAY - timedelta(days=9),
        )
        put(cast, "rectifying", 1 + n, due_on=TODAY + timedelta(days=n), severity="major", source="report")
        put(cast, "registered", 3, found_on=TODAY - timedelta(days=n))
        put(
            cast,
            "closed",
            2,
            domain="food",
            closed_at=timezone.now() - timedelta(days=n),
            found_on=TODAY - timedelta(days=9),
        )
        put(cast, "voided", 1, domain="food")
    return first, near, far  # fmt: skip


def page(actor, query: dict, **cursor):
    filters = LedgerFilter(query, Hazard.objects.visible_to(actor), actor=actor, today=TODAY)
    assert filters.is_valid(), (query, filters.errors)
    state, sort = STATES[query.get("state", "")], SORTS[query.get("sort", "")]
    return filters.qs, ledger_page(filters.qs, state, sort, actor=actor, today=TODAY, **cursor)


def as_django_says(rows, query: dict) -> tuple[list[int], dict[str, int]]:
    """Ids in order and counts by status, each asked in the plainest way."""
    state, sort = STATES[query.get("state", "")], SORTS[query.get("sort", "")]
    ids = list(state.narrow(rows, TODAY).order_by(*sort.order()).values_list("pk", flat=True))
    return ids, Counter(rows.order_by().values_list("status", flat=True))


def said(ledger) -> tuple[list[int], dict[str, int]]:
    counts = {status: ledger.counts[status] for status in HazardStatus.values if ledger.counts[status]}
    return [row["id"] for row in ledger.page.rows], counts


def test_any_two_conditions_asked_by_many_people_in_turn_give_each_their_own_rows(casts):
    first, near, far = casts
    asked = [
        ("domain", "food"), ("domain", "fire"), ("severity", "major"), ("source", "report"), ("kind", "cemetery"),
        ("overdue", "on"), ("found_from", DAYS_AGO[5]), ("found_from", DAYS_AGO[1]), ("found_to", DAYS_AGO[1]),
        ("closed_from", DAYS_AGO[1]), ("closed_to", DAYS_AGO[1]), ("state", "open"), ("state", "overdue"),
        ("state", "valid"), ("state", "closed"), ("institution", str(near.home.pk)), ("q", "青山"),
    ]  # fmt: skip
    people, sorts = (
        cycle([first.province, first.city, first.county, near.county, far.county, far.manager]),
        cycle(SORTS),
    )
    for one, other in [*combinations(asked, 2), *((one, one) for one in asked)]:
        query, actor = dict([one, other, ("sort", next(sorts))]), next(people)
        if "institution" in query and actor not in (first.city, near.county):
            continue  # offered below a county alone
        if actor == far.manager:
            query.pop("kind", None)
        if actor == first.city:
            query["county"] = near.place.county.code
        rows, ledger = page(actor, query)
        assert said(ledger) == as_django_says(rows, query), (actor, query)


def test_the_next_page_of_everybody_is_their_own(casts):
    first, near, far = casts
    for cast in casts:
        put(cast, "rectifying", 35, found_on=TODAY - timedelta(days=3), due_on=TODAY + timedelta(days=4))
    for name in SORTS:
        for actor in (near.county, first.county, far.county, first.province):
            rows, ledger = page(actor, {"sort": name})
            ids = as_django_says(rows, {"sort": name})[0]
            assert said(ledger)[0] == ids[:30]
            _, second = page(actor, {"sort": name}, after=ledger.page.after)
            assert said(second)[0] == ids[30:60]
            _, again = page(actor, {"sort": name}, before=second.page.before)
            assert said(again)[0] == ids[:30]


def test_what_differs_in_values_alone_is_written_once_and_its_statement_planned_once(casts):
    _, near, _ = casts
    _statement.cache_clear()
    for cast in casts:
        page(cast.county, {})
        page(cast.county, {"found_from": DAYS_AGO[3], "domain": "food"})
        page(cast.county, {"found_from": DAYS_AGO[4], "domain": "food"})
    assert (_statement.cache_info().misses, _statement.cache_info().currsize) == (2, 2)
    with CaptureQueriesContext(connection) as captured:
        page(near.county, {})
    assert [q["sql"].split("_")[0] for q in captured if "EXECUTE" in q["sql"]] == ["EXECUTE planned"] * 2


def test_tomorrow_more_is_overdue(casts):
    first, *_ = casts
    put(first, "rectifying", 4, due_on=TODAY)
    rows = Hazard.objects.visible_to(first.county)
    late = [
        ledger_page(rows, STATES[""], SORTS[""], actor=first.county, today=TODAY + timedelta(days=n)).counts[
            "overdue"
        ]
        for n in (0, 1, 0)
    ]
    assert late == [2, 7, 2]
