"""挂牌督办 and 专项行动 beside the dashboard: right, scoped, and the same as the rows they lead to."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.models import Hazard, SupervisionOrder
from tests.factories import Cast, as_client, make_place, supervised
from tests.inspections import factories as inspecting
from tests.reports.made import put
from tests.reports.test_dashboard import rows_behind

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def measures(actor, where=""):
    response = as_client(actor).get(f"/dashboard/{where}")
    assert response.status_code == 200
    return response


def counts(response) -> dict[str, int]:
    return {stand.label: stand.cell.value for stand in response.context["stands"] if stand.cell.value}


def ordered(cast, by, days, **facts) -> SupervisionOrder:
    """An order over a major hazard that must be done in so many days (or should have been)."""
    (pk,) = put(cast, "rectifying", severity="major")
    today = timezone.localdate()
    order = supervised(Hazard.objects.get(pk=pk), by)
    SupervisionOrder.objects.filter(pk=order.pk).update(
        due_on=today + timedelta(days=days), plan_due_on=today - timedelta(days=99), **facts
    )
    return order


@pytest.fixture
def orders(today):
    """In the first county: late, due soon, far off and raised by the city; one in the next county of another city."""
    first = Cast()
    first.third = Cast(make_place(province=first.place.province))
    ordered(first, first.county, -1)
    ordered(first, first.county, 15)
    ordered(first, first.county, 16, next_report_on=today - timedelta(days=1))
    ordered(first, first.city, 40)
    ordered(first.third, first.third.county, -5)
    return first


def test_open_orders_are_told_apart_and_every_number_leads_to_its_hazards(orders, today):
    everything = {
        "督办中": 4,
        "其中市级挂牌": 1,
        "其中县级挂牌": 3,
        "15 天内到期": 1,
        "到期未摘牌": 1,
        "进展报告逾期": 1,
    }
    whole = everything | {"督办中": 5, "其中县级挂牌": 4, "到期未摘牌": 2}
    for actor, where, expected in (
        (orders.province, "measures/", whole),
        (orders.province, f"measures/?region={orders.place.county.code}", everything),
        (orders.city, "measures/", everything),
        (orders.county, "measures/", everything),
        (orders.county, f"institutions/{orders.home.pk}/measures/", everything),
        (orders.manager, f"institutions/{orders.home.pk}/measures/", everything),
        (orders.third.county, "measures/", {"督办中": 1, "其中县级挂牌": 1, "到期未摘牌": 1}),
    ):
        response = measures(actor, where)
        assert counts(response) == expected
        for stand in response.context["stands"]:
            assert not stand.cell.url or rows_behind(stand.cell.url, actor, today) == stand.cell.value


def test_a_lifted_order_is_no_longer_counted_and_an_accepted_one_waits(orders):
    first = SupervisionOrder.objects.filter(hazard__county=orders.place.county).earliest("id")
    Hazard.objects.filter(pk=first.hazard_id).update(
        status="awaiting_verification", submitted_at=timezone.now(), submitted_by=orders.manager.user
    )
    Hazard.objects.filter(pk=first.hazard_id).update(
        status="verified", verified_at=timezone.now(), verified_by=orders.county.user,
        closing_region_id=orders.place.city.pk,
    )  # fmt: skip
    assert counts(measures(orders.county, "measures/"))["验收后待摘牌"] == 1


def found_in(campaign, cast, count, status, **facts):
    """Hazards that a finished visit of the campaign found at the cast's home."""
    visit = inspecting.VisitFactory(institution=cast.home, created_by=cast.county.user)
    visit.campaigns.add(campaign)
    for pk in put(cast, status, count, **facts):
        inspecting.FindingFactory(visit=visit, hazard_id=pk)
    inspecting.finish(visit)


@pytest.fixture
def campaign(orders, today):
    made = inspecting.CampaignFactory(
        authority=orders.city.authority, name="百日行动", starts_on=today - timedelta(days=20),
        ends_on=today + timedelta(days=60), created_by=orders.city.user,
    )  # fmt: skip
    found_in(made, orders, 3, "closed")
    found_in(made, orders, 2, "rectifying", due_on=today - timedelta(days=1))
    found_in(made, orders, 1, "voided")
    return made


def lines(response) -> dict[str, list[int]]:
    return {line.name: [c.value for c in (*line.cells, line.of)] for _, line in response.context["campaigns"]}


def test_a_campaign_counts_what_its_visits_found_and_leads_to_it(orders, campaign, today):
    for actor, where in (
        (orders.province, "measures/"),
        (orders.province, f"measures/?region={orders.place.city.code}"),
        (orders.city, "measures/"),
        (orders.county, "measures/"),
        (orders.county, f"institutions/{orders.home.pk}/measures/"),
    ):
        response = measures(actor, where)
        assert lines(response) == {"百日行动": [2, 0, 2, 0, 0, 3, 5]}
        for _, line in response.context["campaigns"]:
            for cell in (*line.cells, line.of):
                assert not cell.url or rows_behind(cell.url, actor, today) == cell.value, cell.url
    assert lines(measures(orders.third.county, "measures/")) == {}
    assert lines(measures(orders.manager, f"institutions/{orders.home.pk}/measures/")) == {}


def test_campaigns_long_over_are_left_to_their_own_pages(orders, campaign, today):
    for days, expected in ((30, ["百日行动"]), (31, [])):
        campaign.starts_on, campaign.ends_on = today - timedelta(days=99), today - timedelta(days=days)
        campaign.save()
        assert list(lines(measures(orders.city, "measures/"))) == expected


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_however_much_is_counted(orders, today, count):
    for n in range(count):
        made = inspecting.CampaignFactory(
            authority=orders.city.authority, name=f"行动{n}", starts_on=today, ends_on=today, created_by=orders.city.user
        )  # fmt: skip
        found_in(made, orders, count, "closed")
    client = as_client(orders.province)
    client.get("/dashboard/measures/")
    # session, user, posts, read only, territory, orders, campaigns with their regions, counts, bell, banners (3)
    for headers, expected in (({}, 13), ({"HX-Request": "true"}, 9)):
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/dashboard/measures/", headers=headers).status_code == 200
        assert len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) == expected


def test_the_part_the_dashboard_fetches_is_the_page_without_its_frame(orders, campaign):
    client = as_client(orders.city)
    part = client.get("/dashboard/measures/", headers={"HX-Request": "true"}).content.decode().strip()
    assert part.startswith('<div id="measures"')
    assert part in client.get("/dashboard/measures/").content.decode()
    assert 'hx-get="/dashboard/measures/"' in client.get("/dashboard/").content.decode()
