"""存量清零: what was open at the end of a month, and what is left of it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from reports import targets
from reports.figure_rows import rows_of
from reports.models import ClearanceTarget
from reports.periods import month_of, months_later
from tests.factories import Cast, make_place
from tests.reports.made import dashboard, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def test_the_stock_is_what_was_open_at_the_end_of_the_month_and_shrinks(client, today):
    cast, now = Cast(), timezone.now()
    last_month = months_later(month_of(today), -1)
    old = {"registered_at": now - timedelta(days=70), "found_on": today - timedelta(days=70)}
    put(cast, "rectifying", 2, **old), put(cast, "closed", 3, **old), put(cast, "voided", 1, **old)
    put(cast, "closed", 5, **old, closed_at=now - timedelta(days=65)), put(cast, "rectifying", 7)
    targets.set_target(by=cast.county, stock_month=last_month, clear_by=today + timedelta(days=9))
    response = dashboard(client, cast.county)
    found = response.context["clearance"]
    assert (found.stock, found.left, found.cleared, found.rate, found.days_left) == (6, 2, 4, 4 / 6, 9)
    for cell in response.context["clearance_cells"]:
        query = dict(part.split("=") for part in cell.url.partition("?")[2].split("&"))
        assert rows_of(query, cast.county, today)[0].count() == cell.value


def test_the_nearest_regions_latest_target_counts(client, today):
    cast = Cast()
    other = Cast(make_place(province=cast.place.province))
    month = months_later(month_of(today), -2)
    targets.set_target(by=cast.province, stock_month=month, clear_by=today)
    for days in (5, 6):
        targets.set_target(by=cast.city, stock_month=month, clear_by=today + timedelta(days=days))
    by = {
        actor: dashboard(client, actor).context["clearance"].target.clear_by
        for actor in (cast.county, cast.city, cast.province, other.county)
    }
    later = today + timedelta(days=6)
    assert list(by.values()) == [later, later, today, today]


def test_who_may_set_it_and_what_is_refused(client, today):
    cast = Cast()
    with pytest.raises(PermissionDenied):
        targets.set_target(by=cast.auditor, stock_month=month_of(today), clear_by=today)
    client.force_login(cast.county.user)
    good = {"stock_month": f"{months_later(month_of(today), -1):%Y-%m}", "clear_by": today.isoformat()}
    for wrong in (
        {"stock_month": f"{today:%Y-%m}"},
        {"stock_month": "x"},
        {"clear_by": "2020-01-01"},
        {"clear_by": ""},
    ):
        assert client.post("/dashboard/target/", good | wrong).status_code == 422
    assert client.post("/dashboard/target/", good).status_code == 302
    assert [t.region for t in ClearanceTarget.objects.all()] == [cast.place.county]
