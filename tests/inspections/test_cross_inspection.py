"""交叉检查: officials of another county, sent by a team of the city. What they reach, when, and who finishes it."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from hazards.enums import HazardStatus
from hazards.models import Hazard
from inspections import crossing
from inspections.actions import finishing, signing, visits
from inspections.models import Campaign, Finding, Visit
from tests.factories import Cast, as_client, hazard_in, make_actor, make_place, photos_of, register_hazard
from tests.inspections import factories as make
from tests.inspections.walking import checklist, drawing, facts_of, find, signed

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


class Crossing:
    """A city's running campaign whose team of two officials of the west county goes to the home in the east."""

    def __init__(self):
        self.east = Cast()
        self.city = self.east.city
        self.west = make_place(city=self.east.place.city)
        self.sent, self.sent2, self.stranger = (
            make_actor("county_official", self.west.county) for _ in range(3)
        )
        self.campaign = make.CampaignFactory(authority=self.city.authority, created_by=self.city.user)
        self.team = make.InspectionTeamFactory(
            campaign=self.campaign, authority=self.city.authority, leader=self.city.user
        )
        self.team.members.add(self.sent.user, self.sent2.user)
        self.team.institutions.add(self.east.home)
        self.other_home = self.east.place.institution()
        self.item = checklist(3).items.first()

    def open(self, by=None, **fields) -> Visit:
        facts = {
            "uid": uuid.uuid4(),
            "institution": self.east.home,
            "kind": "oversight",
            "team": self.team,
            "inspectors": [self.sent2.user],
            "checklist": self.item.checklist,
        }
        return visits.open_visit(by=by or self.sent, **facts | fields)

    def over(self, days: int = 1) -> None:
        """The campaign ended so many days ago (negative: it is still to begin)."""
        today = TODAY()
        starts, ends = (today - timedelta(days=60), today - timedelta(days=days))
        if days < 0:
            starts, ends = today - timedelta(days=days), today + timedelta(days=60)
        Campaign.objects.filter(pk=self.campaign.pk).update(starts_on=starts, ends_on=ends)


@pytest.fixture
def world():
    return Crossing()


def status(actor, name, *args, method="get", **data) -> int:
    return getattr(as_client(actor), method)(reverse(f"inspections:{name}", args=args), data).status_code


PAGES = ("visit", "print", "record", "sign", "finish", "finding_new", "cancel")


def reached(actor, visit) -> set[int]:
    """Statuses of all pages of one visit."""
    return {status(actor, name, visit.uid) for name in PAGES}


# --- before, during, after ------------------------------------------------------------------------------------


def test_while_the_campaign_runs_a_member_opens_a_visit_and_walks_it(world):
    client = as_client(world.sent)
    url = reverse("inspections:visit_new", args=[world.east.home.pk])
    page = client.get(url)
    form = page.context["form"]
    assert (page.status_code, [value for value, _ in form.fields["kind"].choices]) == (200, ["oversight"])
    assert set(form.fields["inspectors"].queryset) == {world.sent2.user, world.city.user}
    data = {
        "key": str(uuid.uuid4()), "kind": "oversight", "when": "now", "checklist": world.item.checklist_id,
        "inspectors": [world.sent2.user.pk],
    }  # fmt: skip
    assert client.post(url, data).status_code == 302
    visit = Visit.objects.get()
    assert (visit.is_crossing, visit.team, list(visit.campaigns.all())) == (
        True,
        world.team,
        [world.campaign],
    )
    assert reached(world.sent, visit) == reached(world.sent2, visit) - {403} == {200}


@pytest.mark.parametrize("days", [1, -1])
def test_before_and_after_the_campaign_nothing_is_there(world, days):
    visit = world.open()
    assert reached(world.sent, visit) == {200}
    world.over(days)
    assert reached(world.sent, visit) == {404}
    assert status(world.sent, "visit_new", world.east.home.pk) == 404
    with pytest.raises(PermissionDenied):
        world.open()
    with pytest.raises(PermissionDenied):
        find(visit, world.sent, world.item, due_on=None, handling="register")
    with pytest.raises(PermissionDenied):
        visits.check_in(visit, by=world.sent2)


def test_on_the_first_and_on_the_last_day_it_runs(world):
    today = TODAY()
    for dates in ({"starts_on": today}, {"starts_on": today - timedelta(days=9), "ends_on": today}):
        Campaign.objects.filter(pk=world.campaign.pk).update(**dates)
        assert status(world.sent, "visit_new", world.east.home.pk) == 200


def test_who_is_not_a_member_reaches_nothing(world):
    visit = world.open()
    assert reached(world.stranger, visit) == {404}
    assert status(world.stranger, "visit_new", world.east.home.pk) == 404
    world.team.members.remove(world.sent.user)
    assert reached(world.sent, visit) == {404}


def test_another_institution_of_the_same_county_is_not_there(world):
    assert status(world.sent, "visit_new", world.other_home.pk) == 404
    with pytest.raises(PermissionDenied):
        world.open(institution=world.other_home)
    visit = world.open()
    world.team.institutions.clear()
    assert reached(world.sent, visit) == {404}


def test_an_institution_that_moved_out_of_the_senders_region_is_not_there_any_more(world):
    far = make_place(province=world.east.place.province)
    home = far.institution()
    world.team.institutions.add(home)
    assert status(world.sent, "visit_new", home.pk) == 404


def test_a_member_in_another_post_is_not_sent(world):
    """The post counts, not the person: at a house, in another city, as an auditor, in a township."""
    visit = world.open()
    elsewhere = make_place(province=world.east.place.province)
    posts = (
        ("manager", world.west.institution()), ("county_official", elsewhere.county), ("auditor", world.west.county),
        ("township_patrol", world.west.township),
    )  # fmt: skip
    for role, place in posts:
        assert reached(make_actor(role, place, user=world.sent.user), visit) <= {404, 403}
        actor = make_actor(role, place, user=world.sent2.user)
        assert list(crossing.visits(actor, TODAY())) == []


def test_a_team_sends_only_below_its_own_region(world):
    """A county can't send another county's officials, nor can they be sent by a team of their own county."""
    world.team.authority = world.east.county.authority
    world.team.save()
    assert status(world.sent, "visit_new", world.east.home.pk) == 404
    world.team.authority = world.sent.authority
    world.team.save()
    assert status(world.sent, "visit_new", world.east.home.pk) == 404


def test_the_province_sends_across_cities(world):
    far = make_place(province=world.east.place.province)
    sent = make_actor("city_official", far.city)
    province = world.east.province
    campaign = make.CampaignFactory(authority=province.authority, created_by=province.user)
    team = make.InspectionTeamFactory(campaign=campaign, authority=province.authority, leader=province.user)
    team.members.add(sent.user)
    team.institutions.add(world.east.home)
    visit = world.open(by=sent, team=team, inspectors=[])
    assert (visit.is_crossing, status(sent, "visit", visit.uid)) == (True, 200)


# --- nothing else ---------------------------------------------------------------------------------------------


def test_everything_else_of_the_institution_stays_out_of_sight(world):
    hazard = register_hazard(world.east)
    world.open()
    client = as_client(world.sent)
    home = world.east.home.pk
    urls = [
        reverse("institutions:detail", args=[home]),
        reverse("hazards:detail", args=[hazard.pk]),
        reverse("hazards:register", args=[home]),
        reverse("hazards:of_institution", args=[home]),
        reverse("inspections:visits_of_institution", args=[home]),
        reverse("inspections:visits_of_hazard", args=[hazard.pk]),
        reverse("inspections:packet_new", args=[home]),
    ]
    assert [client.get(url).status_code for url in urls] == [404] * len(urls)
    kit = client.post(reverse("inspections:sync_prepare"), {"institution": home}, "application/json")
    assert kit.status_code == 404
    name = world.east.home.name
    lists = ("/ledger/", "/institutions/", "/inspections/visits/?tab=open", "/inspections/visits/new/", "/hazards/new/",
             "/inspections/plans/", "/dashboard/")  # fmt: skip
    assert [url for url in lists if name in client.get(url).text] == []


def test_a_phone_takes_no_cross_inspection_along(world):
    visit = world.open()
    answer = as_client(world.sent).post(
        reverse("inspections:sync_prepare"), {"visit": str(visit.uid)}, "application/json"
    )
    words = "交叉检查请在有信号时用网页办理，暂不能带到手机。"
    assert (answer.status_code, answer.json()) == (403, {"error": words})
    page = as_client(world.sent).get(reverse("inspections:visit", args=[visit.uid])).text
    assert "#take=" not in page


def test_the_visits_the_county_made_itself_are_not_there(world):
    own = visits.open_visit(
        by=world.east.county, uid=uuid.uuid4(), institution=world.east.home, kind="screening",
        inspectors=[world.east.county2.user],
    )  # fmt: skip
    assert reached(world.sent, own) == {404}


def test_the_team_page_leads_there_and_the_workbench_to_what_was_begun(world):
    page = as_client(world.sent).get(reverse("inspections:team", args=[world.team.pk])).text
    assert (world.east.home.name in page, "交叉检查" in page) == (True, True)
    assert f"/institutions/{world.east.home.pk}/" not in page
    visit = world.open()
    link = f"/inspections/visits/{visit.uid}/"
    assert link in as_client(world.sent).get(reverse("inspections:team", args=[world.team.pk])).text
    seen = [
        link in as_client(a).get("/inspections/visits/due/").text
        for a in (world.sent, world.city, world.stranger)
    ]
    assert seen == [True, True, False]
    world.over()
    assert link not in as_client(world.sent).get("/inspections/visits/due/").text


def test_the_form_of_a_finding_names_the_open_and_the_closed_ones_of_that_house_alone(world):
    there, closed = register_hazard(world.east), hazard_in(world.east, HazardStatus.CLOSED)
    register_hazard(Cast(world.east.place))
    visit = world.open()
    url = reverse("inspections:finding_new", args=[visit.uid])
    fields = as_client(world.sent).get(url).context["form"].fields
    assert list(fields["same_as"].queryset) == [there]
    assert list(fields["recurrence_of"].queryset) == [closed]
    assert "issue" not in dict(fields["handling"].choices)


# --- opening --------------------------------------------------------------------------------------------------


def test_only_people_of_the_team_are_taken_along(world):
    with pytest.raises(PermissionDenied):
        world.open(inspectors=[world.stranger.user])
    with pytest.raises(PermissionDenied):
        world.open(team=None)
    with pytest.raises(PermissionDenied):
        world.open(kind="screening")
    visit = world.open()
    form = as_client(world.sent).get(reverse("inspections:record", args=[visit.uid])).context["form"]
    people = {world.sent.user, world.sent2.user, world.city.user}
    assert set(form.fields["inspectors"].queryset) == people


def test_the_database_knows_no_cross_inspection_without_a_team(world):
    visit = world.open()
    with pytest.raises(IntegrityError, match="visit_crossing_by_team"), transaction.atomic():
        Visit.objects.filter(pk=visit.pk).update(team=None)


def test_officials_of_the_county_itself_look_on_and_do_not_join(world):
    visit = world.open()
    county = world.east.county
    assert status(county, "visit", visit.uid) == 200
    assert status(county, "check_in", visit.uid, method="post") == 403
    assert status(county, "finding_new", visit.uid) == 403
    assert status(county, "finish", visit.uid, method="post") == 403


def test_a_planned_one_is_begun_by_whoever_was_sent(world):
    visit = world.open(planned_on=TODAY(), inspectors=[])
    assert status(world.sent2, "check_in", visit.uid, method="post") == 302
    visit.refresh_from_db()
    assert (visit.status, set(visit.inspectors.all())) == ("open", {world.sent.user, world.sent2.user})


# --- the finish -----------------------------------------------------------------------------------------------


def ready(world, **finding):
    """A walked and signed visit of the two who were sent, with one problem."""
    visit = world.open()
    facts = {"handling": "register", "due_on": None, "responsible_person": ""} | finding
    find(visit, world.sent, world.item, **facts)
    for actor in (world.sent, world.sent2):
        signing.sign(visit, by=actor, uid=uuid.uuid4(), role="inspector", image=drawing(), user=actor.user)
    return signed(visit, world.sent)


def test_who_was_sent_cannot_finish_and_is_told_who_does(world):
    visit = ready(world)
    with pytest.raises(PermissionDenied):
        finishing.finish(visit, by=world.sent)
    page = as_client(world.sent).get(reverse("inspections:finish", args=[visit.uid]))
    assert (page.status_code, f"等待{world.city.authority.name}完成" in page.text) == (200, True)
    assert status(world.sent, "finish", visit.uid, method="post") == 403
    assert Hazard.objects.count() == 0


def test_the_sending_authority_finishes_and_the_hazard_goes_to_the_houses_own_county(world):
    visit = ready(world)
    record = as_client(world.city).get(reverse("inspections:visit", args=[visit.uid])).text
    assert "核对并完成检查" in record
    assert as_client(world.city).get(reverse("inspections:finish", args=[visit.uid])).context["lacks"] == []
    assert status(world.city, "finish", visit.uid, method="post") == 302
    visit.refresh_from_db()
    hazard = Hazard.objects.get()
    assert (visit.status, visit.finished_by, set(visit.inspectors.all())) == (
        "finished", world.city.user, {world.sent.user, world.sent2.user},
    )  # fmt: skip
    assert (hazard.supervising_authority, hazard.registered_by, hazard.source, hazard.status) == (
        world.east.home.authority, world.city.user, "oversight", HazardStatus.REGISTERED,
    )  # fmt: skip
    assert Finding.objects.get().found_by == world.sent.user
    assert status(world.sent, "visit", visit.uid) == 200
    assert as_client(world.sent).get(reverse("hazards:detail", args=[hazard.pk])).status_code == 404
    world.over()
    assert status(world.sent, "visit", visit.uid) == 404
    assert status(world.city, "visit", visit.uid) == 200


def test_after_the_campaign_the_sending_authority_still_finishes_what_was_walked(world):
    visit = ready(world)
    world.over()
    assert finishing.finish(visit, by=world.city).status == "finished"


def test_what_is_open_there_already_makes_no_second_hazard(world):
    there = register_hazard(world.east)
    visit = ready(world, handling="same", same_as=there)
    assert finishing.finish(visit, by=world.city).status == "finished"
    assert Hazard.objects.count() == 1


def test_what_was_mended_at_once_waits_for_the_county_to_verify(world):
    fixed = {"handling": "fixed", "measures": "当场清走", "responsible_person": "张三"}
    visit = ready(world)
    finding = Finding.objects.get()
    find(
        visit, world.sent, world.item, uid=finding.uid, due_on=None,
        found=list(finding.photos.values_list("file", flat=True)), rectified=photos_of(world.sent), **fixed,
    )  # fmt: skip
    finishing.finish(visit, by=world.city)
    assert Hazard.objects.get().status == HazardStatus.AWAITING_VERIFICATION


def test_a_major_one_is_judged_on_site(world):
    situation = make.MajorSituationFactory(item_codes=[world.item.code])
    visit = world.open()
    data = {k: v for k, v in facts_of(world.item).items() if v is not None and k != "item"}
    data |= {"key": str(uuid.uuid4()), "revision": "0", "handling": "register", "severity": "major",
             "judge-ground": str(situation.pk), "found": [str(pk) for pk in photos_of(world.sent)]}  # fmt: skip
    url = reverse("inspections:finding_new", args=[visit.uid]) + f"?item={world.item.pk}"
    assert as_client(world.sent).post(url, data).status_code == 302
    assert Finding.objects.get().judgement.situation == situation


def test_another_authority_above_does_not_finish_it(world):
    visit = ready(world)
    assert status(world.east.province, "finish", visit.uid, method="post") == 403


def test_a_house_is_at_home_in_its_own_checks(world):
    house = world.east.manager
    assert status(house, "visit_new", world.east.home.pk) == 200
    visit = visits.open_visit(by=house, uid=uuid.uuid4(), institution=world.east.home, kind="self_check")
    assert (visit.is_crossing, reached(house, visit)) == (False, {200})
    assert status(house, "visit_new", world.other_home.pk) == 404
