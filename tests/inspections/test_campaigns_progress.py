"""How far a campaign has come: what each figure means, that lines add up, that nobody counts beyond their scope."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inspections import progress
from inspections.campaign_queries import territory_of
from inspections.models import Campaign
from inspections.progress import Figures
from tests.factories import as_client, make_actor
from tests.inspections import factories as make
from tests.inspections.campaigns_made import Land, visited, yesterday
from tests.reports.made import put

pytestmark = pytest.mark.django_db


@pytest.fixture
def land():
    return Land()


def parts_of(campaign, actor, code=""):
    """Name → figures of the lines somebody sees."""
    campaign = Campaign.objects.prefetch_related("regions").get(pk=campaign.pk)
    territory = territory_of(campaign, actor, code)
    return {
        part.name: part.figures for part in progress.parts(campaign, territory, actor, timezone.localdate())
    }


def total_of(campaign, actor, code="") -> Figures:
    return sum(parts_of(campaign, actor, code).values(), Figures())


def test_a_province_sees_cities_then_counties_then_institutions_and_every_level_adds_up(land):
    campaign, actor = land.campaign(), land.cast.province
    for key, count in (("east", 1), ("west", 2), ("south", 3), ("lone", 5), ("city", 7)):
        for home in land.homes[key][:count]:
            visited(home, campaign)
    south_city = land.south.parent
    assert parts_of(campaign, actor) == {
        land.city.name: Figures(institutions=2 + 3 + 11, visited=min(1, 2) + 2 + 7),
        south_city.name: Figures(institutions=5, visited=3),
        land.lone.name: Figures(institutions=7, visited=5),
    }
    assert parts_of(campaign, actor, land.city.code) == {
        land.east.name: Figures(institutions=2, visited=1),
        land.west.name: Figures(institutions=3, visited=2),
        "市本级": Figures(institutions=11, visited=7),
    }
    assert total_of(campaign, actor, land.city.code) == parts_of(campaign, actor)[land.city.name]
    for county, figures in ((land.west, (3, 2)), (land.lone, (7, 5))):
        assert total_of(campaign, actor, county.code) == Figures(*figures)
    assert total_of(campaign, actor) == Figures(institutions=28, visited=18)


def test_hazards_are_counted_by_where_they_stand(land):
    campaign, actor = land.campaign(), land.cast.province
    land.found_in("east", campaign, "rectifying", 2)
    land.found_in("east", campaign, "rectifying", 3, due_on=yesterday())
    land.found_in("east", campaign, "awaiting_verification", 5)
    land.found_in("east", campaign, "closed", 7)
    land.found_in("east", campaign, "voided", 11)
    found = total_of(campaign, actor)
    assert (found.found, found.open, found.overdue, found.closed) == (17, 10, 3, 7)
    assert found.closing_rate == 7 / 17
    assert found.visited == 1


def test_hazards_of_other_visits_do_not_count(land):
    campaign, actor = land.campaign(), land.cast.province
    put(land.cast, "rectifying", 3)
    land.found_in("east", land.campaign(), "rectifying", 5)
    visited(land.cast.home, hazards=put(land.cast, "rectifying", 7))
    assert total_of(campaign, actor) == Figures(institutions=28)


def test_a_visit_without_a_finding_counts_and_nothing_to_rate_is_no_hundred_percent(land):
    campaign, actor = land.campaign(), land.cast.province
    visited(land.cast.home, campaign)
    figures = total_of(campaign, actor)
    assert (figures.visited, figures.found, figures.closing_rate) == (1, 0, None)
    assert Figures().coverage is None


def test_only_finished_visits_by_officials_count(land):
    campaign, actor = land.campaign(), land.cast.province
    make.VisitFactory(institution=land.cast.home).campaigns.add(campaign)
    make.VisitFactory(institution=land.cast.home, planned=True).campaigns.add(campaign)
    visited(land.cast.home, campaign, kind="self_check", is_own=True)
    assert total_of(campaign, actor).visited == 0


def test_two_visits_to_one_institution_count_once_and_overlapping_campaigns_count_each_for_itself(land):
    first, second, actor = land.campaign(), land.campaign(), land.cast.province
    hazards = put(land.cast, "rectifying", 3)
    visited(land.cast.home, first, second, hazards=hazards)
    visited(land.cast.home, first)
    for campaign in (first, second):
        figures = total_of(campaign, actor)
        assert (figures.visited, figures.found) == (1, 3)


def test_visits_of_a_campaign_below_count_for_the_one_above_once_not_the_other_way(land):
    above = land.campaign()
    below = land.campaign(land.cast.county, parent=above)
    home, other = land.homes["east"]
    visited(home, below, above, hazards=put(land.cast, "rectifying", 3))
    visited(other, above)
    assert (total_of(above, land.cast.province).visited, total_of(above, land.cast.province).found) == (2, 3)
    assert total_of(below, land.cast.county).visited == 1


def test_kinds_and_regions_limit_whom_a_campaign_reaches(land):
    actor = land.cast.province
    child = land.homes["west"][0]
    child.kind = "child_welfare"
    child.save()
    assert total_of(land.campaign(kinds=["child_welfare"]), actor).institutions == 1
    campaign = land.campaign()
    campaign.regions.add(land.west, land.south.parent)
    assert total_of(campaign, actor).institutions == 3 + 5
    assert set(parts_of(campaign, actor)) == {land.city.name, land.south.parent.name}


def test_an_institution_closed_without_a_visit_is_out_and_one_closed_after_it_stays(land):
    campaign, actor = land.campaign(), land.cast.province
    visited(land.homes["west"][0], campaign)
    for home in land.homes["west"][:2]:
        home.is_active = False
        home.save()
    assert parts_of(campaign, actor, land.city.code)[land.west.name] == Figures(institutions=2, visited=1)


def test_a_county_sees_its_own_part_of_a_provinces_campaign_and_a_city_its_own(land):
    campaign = land.campaign()
    for key in land.homes:
        land.found_in(key, campaign, "rectifying", len(land.homes[key]))
    assert total_of(campaign, land.cast.county) == Figures(institutions=2, visited=1, found=2, open=2)
    assert total_of(campaign, land.cast.city) == Figures(institutions=16, visited=3, found=16, open=16)
    assert set(parts_of(campaign, land.cast.county)) == {home.name for home in land.homes["east"]}


def test_a_township_sees_its_own_institutions_alone(land):
    campaign, patrol = land.campaign(), land.cast.township
    home = land.homes["east"][1]
    home.township = land.cast.place.township
    home.save()
    assert set(parts_of(campaign, patrol)) == {home.name}


def test_the_lists_of_visited_and_not_yet_visited_are_the_figures(land):
    campaign, actor = land.campaign(), land.cast.city
    for home in land.homes["west"][:2]:
        visited(home, campaign)
    client, url = as_client(actor), reverse("inspections:campaign_institutions", args=[campaign.pk])
    page = client.get(url, {"region": land.west.code})
    assert [home.pk for home in page.context["page"]] == [land.homes["west"][2].pk]
    assert [count for _, _, count in page.context["tabs"]] == [1, 2]
    page = client.get(url, {"region": land.west.code, "state": "visited", "q": land.homes["west"][0].name})
    assert [home.pk for home in page.context["page"]] == [land.homes["west"][0].pk]


def test_the_way_to_open_a_visit_is_shown_while_the_campaign_runs_to_those_who_inspect(land):
    running, over = land.campaign(), land.campaign(ends_on=yesterday())
    auditor = make_actor("auditor", land.east)

    def links(actor, campaign):
        page = as_client(actor).get(reverse("inspections:campaign_institutions", args=[campaign.pk]))
        return page.content.decode().count(">去检查<")

    assert links(land.cast.county, running) == 2
    assert links(land.cast.county, over) == 0
    assert links(auditor, running) == 0


@pytest.mark.parametrize("which", ["foreign", "beside", "junk"])
def test_a_territory_out_of_sight_is_404(land, which):
    campaign = land.campaign()
    code = {"foreign": land.south.code, "beside": land.west.code, "junk": "%00"}[which]
    for name in ("campaign", "campaign_institutions"):
        url = reverse(f"inspections:{name}", args=[campaign.pk])
        assert as_client(land.cast.county).get(url, {"region": code}).status_code == 404


def statements(client, url, **parameters) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, parameters).status_code == 200
    return len(captured)


@pytest.mark.parametrize(("at", "expected"), [("province", 15), ("city", 15), ("county", 14)])
def test_the_page_costs_the_same_at_any_size(land, at, expected):
    campaign = land.campaign()
    client, url = as_client(land.cast.province), reverse("inspections:campaign", args=[campaign.pk])
    code = getattr(land, {"county": "west"}.get(at, at)).code
    client.get(url)
    land.found_in("west", campaign)
    before = statements(client, url, region=code)
    for key in land.homes:
        land.found_in(key, campaign, count=3)
    visited(land.homes["west"][1], campaign)
    assert (before, statements(client, url, region=code)) == (expected, expected)


@pytest.mark.parametrize(
    ("name", "expected"), [("campaigns", 9), ("campaign_institutions", 13), ("teams", 9), ("plans", 10)]
)
def test_the_lists_cost_the_same_at_any_length(land, name, expected):
    campaign = land.campaign()
    actor = land.cast.province
    client = as_client(actor)
    args = [campaign.pk] if name == "campaign_institutions" else []
    url = reverse(f"inspections:{name}", args=args)

    def more():
        team = make.InspectionTeamFactory(
            campaign=land.campaign(), authority=actor.authority, leader=actor.user
        )
        team.institutions.set(land.homes["west"])
        make.VisitPlanFactory(institution=land.homes["west"][0], kind="yearly", due_on=yesterday())
        visited(land.homes["south"][0], campaign)

    client.get(url)
    more()
    before = statements(client, url)
    make.VisitPlanFactory(institution=land.homes["west"][1], kind="yearly", due_on=yesterday())
    make.VisitPlanFactory(institution=land.homes["west"][2], kind="yearly", due_on=yesterday())
    team = make.InspectionTeamFactory(campaign=campaign, authority=actor.authority, leader=actor.user)
    team.members.add(land.cast.county.user)
    assert (before, statements(client, url)) == (expected, expected)
