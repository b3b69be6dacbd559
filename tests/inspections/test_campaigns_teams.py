"""督导组: who is in them, where they go, how far they are, who sees them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from inspections import progress
from inspections.actions import campaigns, teams
from inspections.models import InspectionTeam
from tests.factories import UserFactory, as_client, make_actor
from tests.inspections import factories as make
from tests.inspections.campaigns_made import Land, visited, yesterday

pytestmark = pytest.mark.django_db


@pytest.fixture
def land():
    return Land()


@pytest.fixture
def campaign(land):
    today = timezone.localdate()
    return campaigns.create(
        by=land.cast.city, name="专项行动", kind="special", starts_on=today, ends_on=today + timedelta(days=9)
    )


@pytest.fixture
def team(land, campaign):
    team = teams.create(campaign, by=land.cast.city, name="第一督导组", leader=land.cast.city.user)
    teams.change_members(team, by=land.cast.city, add=[land.cast.county.user])
    return teams.change_institutions(team, by=land.cast.city, add=land.homes["west"] + land.homes["east"])


def test_a_team_is_made_filled_and_changed_with_words_in_the_trace(land, campaign, team):
    teams.change_institutions(team, by=land.cast.city, remove=land.homes["east"])
    teams.edit(team, by=land.cast.city, name="暗访组", leader=land.cast.city2.user)
    city, county = land.cast.city.user.name, land.cast.county.user.name
    east = "、".join(home.name for home in land.homes["east"])
    said = [event.comment for event in campaign.events.filter(act="team")]
    assert said[0] == f"成立第一督导组，组长{city}"
    assert said[1] == f"第一督导组：增加组员{county}"
    assert said[3] == f"第一督导组：减少被检查机构{east}"
    assert said[4] == f"第一督导组，组长{city} → 暗访组，组长{land.cast.city2.user.name}"
    assert set(team.institutions.all()) == set(land.homes["west"])


def test_the_same_again_changes_and_records_nothing(land, campaign, team):
    before = campaign.events.count()
    teams.change_members(team, by=land.cast.city, add=[land.cast.county.user, land.cast.city.user])
    teams.change_institutions(team, by=land.cast.city, add=land.homes["west"], remove=land.homes["south"])
    teams.edit(team, by=land.cast.city, name="第一督导组", leader=land.cast.city.user)
    assert campaign.events.count() == before
    assert set(team.members.all()) == {land.cast.county.user}


def test_people_without_an_inspecting_post_in_the_region_are_refused(land, team):
    other_city = make_actor("city_official", land.south.parent)
    former = make_actor("county_official", land.east)
    former.membership.is_active = False
    former.membership.save()
    for user in (land.cast.manager.user, land.cast.auditor.user, other_city.user, former.user, UserFactory()):
        with pytest.raises(ValidationError):
            teams.change_members(team, by=land.cast.city, add=[user])
        with pytest.raises(ValidationError):
            teams.edit(team, by=land.cast.city, name="组", leader=user)
    teams.change_members(team, by=land.cast.city, add=[land.cast.township.user])


def test_institutions_out_of_the_campaigns_reach_or_closed_are_refused(land, campaign, team):
    closed = land.homes["city"][0]
    closed.is_active = False
    closed.save()
    for home in (land.homes["south"][0], closed):
        with pytest.raises(ValidationError):
            teams.change_institutions(team, by=land.cast.city, add=[home])
    campaigns.edit(campaign, by=land.cast.city, kinds=["cemetery"])
    with pytest.raises(ValidationError):
        teams.change_institutions(team, by=land.cast.city, add=[land.homes["city"][1]])


def test_only_those_who_run_the_campaign_touch_its_teams(land, campaign, team):
    for actor in (land.cast.province, land.cast.county, land.cast.auditor, land.cast.manager):
        for act in (
            lambda by: teams.create(campaign, by=by, name="组", leader=by.user),
            lambda by: teams.edit(team, by=by, name="组", leader=by.user),
            lambda by: teams.change_members(team, by=by, remove=[land.cast.county.user]),
            lambda by: teams.change_institutions(team, by=by, remove=land.homes["west"]),
        ):
            with pytest.raises(PermissionDenied):
                act(actor)


def test_the_pages_that_change_a_team_are_404_out_of_sight_and_403_for_others_than_its_managers(land, team):
    sees = {"province": 403, "city": 200, "county": 403, "township": 404}  # the county official is a member
    for who, expected in sees.items():
        client = as_client(getattr(land.cast, who))
        for name in ("team_edit", "team_members", "team_institutions"):
            assert client.get(reverse(f"inspections:{name}", args=[team.pk])).status_code == expected, who
        shown = client.get(reverse("inspections:team", args=[team.pk])).status_code
        assert shown == (404 if expected == 404 else 200)
    beside = as_client(make_actor("county_official", land.west))
    assert beside.get(reverse("inspections:team", args=[team.pk])).status_code == 404


def test_a_list_is_ticked_off_by_the_teams_visits_and_by_any_other_of_the_campaign(land, campaign, team):
    other = land.campaign(land.cast.city)
    below = land.campaign(land.cast.county, parent=campaign)
    west, east = land.homes["west"], land.homes["east"]
    visited(west[0], campaign)
    visited(west[1], team=team)
    visited(west[2], other)
    visited(east[0], below)
    visited(east[1], campaign, is_own=True, kind="self_check")
    counted = progress.of_teams([team], land.cast.city, timezone.localdate())[team.pk]
    assert (counted.institutions, counted.visited, counted.unvisited, counted.elsewhere) == (5, 3, 2, 0)
    todo = [
        home.pk
        for home in progress.of_team(team, land.cast.city, timezone.localdate())
        if home.visited_at is None
    ]
    assert todo == [home.pk for home in sorted([west[2], east[1]], key=lambda h: (h.county.path, h.name))]


def test_a_member_sees_the_whole_list_while_the_campaign_runs(land, team):
    client = as_client(land.cast.county)
    found = client.get(reverse("inspections:teams")).context["teams"]
    assert [(t.pk, t.progress.institutions, t.progress.elsewhere) for t in found] == [(team.pk, 5, 0)]
    page = client.get(reverse("inspections:team", args=[team.pk]))
    assert {home.pk for home in page.context["page"]} == {
        h.pk for h in land.homes["east"] + land.homes["west"]
    }
    assert page.text.count(">去检查<") == 5
    # Beyond the own county the names lead nowhere: only the visit is lent.
    assert [h.pk for h in land.homes["west"] if f"/institutions/{h.pk}/" in page.text] == []


def test_before_it_begins_a_member_sees_of_the_list_what_lies_in_the_own_region(land, campaign, team):
    campaign.starts_on = timezone.localdate() + timedelta(days=3)
    campaign.save()
    client = as_client(land.cast.county)
    found = client.get(reverse("inspections:teams")).context["teams"]
    assert [(t.pk, t.progress.institutions, t.progress.elsewhere) for t in found] == [(team.pk, 2, 3)]
    page = client.get(reverse("inspections:team", args=[team.pk]))
    assert {home.pk for home in page.context["page"]} == {home.pk for home in land.homes["east"]}
    text = page.content.decode()
    assert [home.name for home in land.homes["west"] if home.name in text] == []
    assert "另有 3 家不在您的辖区" in text
    assert text.count(">去检查<") == 0


def test_my_teams_are_those_of_campaigns_not_yet_over(land, team):
    over = make.InspectionTeamFactory(
        campaign=land.campaign(land.cast.city, ends_on=yesterday()),
        authority=land.cast.city.authority,
        leader=land.cast.city.user,
    )
    found = as_client(land.cast.city).get(reverse("inspections:teams")).context["teams"]
    assert [t.pk for t in found] == [team.pk]
    assert as_client(land.cast.city2).get(reverse("inspections:teams")).context["teams"] == []
    assert over.pk != team.pk


def test_ticking_on_the_pages_adds_and_takes_away(land, campaign, team):
    client = as_client(land.cast.city)
    url = reverse("inspections:team_members", args=[team.pk])
    page = client.get(url, {"q": land.cast.township.user.name})
    assert [user.pk for user in page.context["page"]] == [land.cast.township.user.pk]
    body = {"add": [land.cast.township.user.pk]}
    assert client.post(url, body)["Location"] == url
    client.post(url, {"remove": [land.cast.county.user.pk]})
    assert set(team.members.all()) == {land.cast.township.user}
    url = reverse("inspections:team_institutions", args=[team.pk])
    offered = {home.pk for home in client.get(url).context["page"]}
    assert offered == {home.pk for home in land.homes["city"]}
    client.post(url, {"add": [land.homes["city"][0].pk]})
    assert team.institutions.count() == 6


def test_ids_that_were_not_offered_are_refused_and_nothing_changes(land, team):
    client = as_client(land.cast.city)
    for name, value in (
        ("members", land.cast.manager.user.pk),
        ("institutions", land.homes["south"][0].pk),
        ("members", "x"),
        ("institutions", "9" * 30),
    ):
        answer = client.post(reverse(f"inspections:team_{name}", args=[team.pk]), {"add": [value]})
        assert answer.status_code == 422
    assert client.post(reverse("inspections:team_members", args=[team.pk])).status_code == 422
    assert (team.members.count(), team.institutions.count()) == (1, 5)


def test_the_form_makes_a_team_once_with_a_leader_of_ones_own_authority(land, campaign):
    client, url = as_client(land.cast.city), reverse("inspections:team_add", args=[campaign.pk])
    form = client.get(url).context["form"]
    assert set(form.fields["leader"].queryset) == {land.cast.city.user, land.cast.city2.user}
    body = {"key": form["key"].value(), "name": "二组", "leader": land.cast.city2.user.pk}
    first, second = (client.post(url, body) for _ in range(2))
    team = InspectionTeam.objects.get()
    assert first["Location"] == second["Location"] == reverse("inspections:team", args=[team.pk])
    answer = client.post(url, body | {"leader": land.cast.county.user.pk, "key": ""})
    assert answer.status_code == 422
