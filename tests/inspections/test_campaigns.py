"""专项行动 told as stories: who makes them, whom they reach, how they hang together, the countdown."""

import threading
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from common.http import Conflict
from inspections.actions import campaigns as actions
from inspections.models import Campaign
from inspections.plan_rules import countdown
from tests.factories import Cast, as_client, make_actor, make_place
from tests.inspections import factories as make

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def cast():
    return Cast()


def facts(**more) -> dict:
    said = {
        "name": "百日行动",
        "kind": "hundred_days",
        "starts_on": TODAY(),
        "ends_on": TODAY() + timedelta(days=100),
    }
    return said | more


def posted(client, **more):
    """What the browser sends, with the key of the page."""
    page = client.get(reverse("inspections:campaign_add"))
    key = page.context["form"]["key"].value()
    return {name: str(value) for name, value in facts().items()} | {"key": str(key)} | more


@pytest.mark.parametrize(("who", "level"), [("province", "province"), ("city", "city"), ("county", "county")])
def test_officials_of_each_level_make_campaigns_of_their_own_level_with_a_trace(cast, who, level):
    actor = getattr(cast, who)
    campaign = actions.create(by=actor, **facts(kinds=["cemetery", "nursing_home"]))
    assert (campaign.level, campaign.authority, campaign.created_by) == (level, actor.authority, actor.user)
    assert campaign.kinds == ["nursing_home", "cemetery"]
    event = campaign.events.get()
    assert (event.act, event.by, event.by_name, event.by_place) == (
        "created",
        actor.user,
        actor.user.name,
        actor.place_name,
    )
    assert event.data["changes"]["名称"] == [None, "百日行动"]


@pytest.mark.parametrize(
    "who", ["township", "manager", "safety", "auditor", "system_admin", "security_admin"]
)
def test_nobody_else_makes_one(cast, who):
    with pytest.raises(PermissionDenied):
        actions.create(by=getattr(cast, who), **facts())
    assert as_client(getattr(cast, who)).get(reverse("inspections:campaign_add")).status_code == 403
    assert not Campaign.objects.exists()


def test_an_official_of_another_department_makes_none(cast):
    cast.county.authority.department = "fire_rescue"
    cast.county.authority.save()
    with pytest.raises(PermissionDenied):
        actions.create(by=cast.county, **facts())


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"ends_on": date(2026, 1, 1), "starts_on": date(2026, 1, 2)}, "ends_on"),
        ({"ends_on": date(2036, 1, 1), "starts_on": date(2026, 1, 2)}, "ends_on"),
    ],
)
def test_dates_that_cannot_be_are_refused(cast, more, field):
    with pytest.raises(ValidationError) as refused:
        actions.create(by=cast.county, **facts(**more))
    assert list(refused.value.message_dict) == [field]


def test_regions_outside_ones_own_are_refused(cast):
    with pytest.raises(ValidationError) as refused:
        actions.create(by=cast.county, **facts(regions=[make_place().county]))
    assert list(refused.value.message_dict) == ["regions"]


def test_a_checklist_for_other_houses_or_of_another_region_is_refused(cast):
    cemetery = make.ChecklistFactory(kinds=["cemetery"], published=True)
    theirs = make.ChecklistFactory(scope=make_place().county, published=True)
    for checklist in (cemetery, theirs):
        with pytest.raises(ValidationError) as refused:
            actions.create(by=cast.county, **facts(kinds=["nursing_home"], checklist=checklist))
        assert list(refused.value.message_dict) == ["checklist"]
    assert actions.create(by=cast.county, **facts(checklist=cemetery)).checklist == cemetery


def test_small_campaigns_hang_under_big_ones_of_the_same_or_a_higher_level_in_two_levels(cast):
    big = actions.create(by=cast.province, **facts(name="三年行动"))
    small = actions.create(by=cast.county, **facts(parent=big))
    assert small.parent == big
    with pytest.raises(ValidationError):  # a third level
        actions.create(by=cast.county, **facts(parent=small))
    with pytest.raises(ValidationError):  # the other way round
        actions.edit(big, by=cast.province, parent=actions.create(by=cast.province, **facts()))
    with pytest.raises(ValidationError):  # under one's own inferior
        actions.create(by=cast.city, **facts(parent=actions.create(by=cast.county, **facts())))
    with pytest.raises(ValidationError):
        actions.edit(small, by=cast.county, parent=small)
    foreign = actions.create(by=make_actor("county_official", make_place().county), **facts())
    with pytest.raises(ValidationError):
        actions.create(by=cast.county, **facts(parent=foreign))


def test_only_the_authority_that_runs_it_changes_it_and_each_change_says_old_and_new(cast):
    campaign = actions.create(by=cast.city, **facts())
    for actor in (cast.county, cast.province, cast.auditor, cast.manager):
        with pytest.raises(PermissionDenied):
            actions.edit(campaign, by=actor, name="改名")
    actions.edit(campaign, by=cast.city2, name="春季行动", regions=[cast.place.county])
    campaign.refresh_from_db()
    assert (campaign.name, list(campaign.regions.all())) == ("春季行动", [cast.place.county])
    event = campaign.events.last()
    assert (event.act, event.by) == ("edited", cast.city2.user)
    assert event.data["changes"] == {"名称": ["百日行动", "春季行动"], "范围": ["", cast.place.county.name]}
    actions.edit(campaign, by=cast.city, name="春季行动")
    assert campaign.events.count() == 2


def test_an_edit_of_a_page_that_is_no_longer_true_is_a_conflict(cast):
    campaign = actions.create(by=cast.city, **facts())
    seen = actions.revision(campaign)
    actions.edit(campaign, by=cast.city2, revision=seen, name="春季行动")
    with pytest.raises(Conflict):
        actions.edit(campaign, by=cast.city, revision=seen, name="夏季行动")
    campaign.refresh_from_db()
    assert campaign.name == "春季行动"


def test_the_form_makes_a_campaign_once_however_often_it_is_sent(cast):
    client = as_client(cast.county)
    body = posted(client)
    first, second = (client.post(reverse("inspections:campaign_add"), body) for _ in range(2))
    campaign = Campaign.objects.get()
    assert first["Location"] == second["Location"] == reverse("inspections:campaign", args=[campaign.pk])


def test_what_the_action_refuses_stands_beside_its_field(cast):
    client = as_client(cast.county)
    answer = client.post(reverse("inspections:campaign_add"), posted(client, ends_on="2020-01-01"))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["ends_on"]


def test_the_edit_page_shows_what_is_and_saves_what_is_sent(cast):
    campaign = actions.create(by=cast.city, **facts(regions=[cast.place.county], kinds=["cemetery"]))
    client, url = as_client(cast.city), reverse("inspections:campaign_edit", args=[campaign.pk])
    form = client.get(url).context["form"]
    assert form.initial["regions"] == [cast.place.county.pk]
    body = posted(client, name="新名称", revision=form["revision"].value())
    assert client.post(url, body)["Location"] == reverse("inspections:campaign", args=[campaign.pk])
    campaign.refresh_from_db()
    assert (campaign.name, campaign.kinds, campaign.regions.count()) == ("新名称", [], 0)


def test_a_form_offers_only_places_checklists_and_parents_within_sight(cast):
    other = make_place()
    foreign = actions.create(by=make_actor("province_official", other.province), **facts())
    ours = actions.create(by=cast.province, **facts())
    over = actions.create(
        by=cast.province, **facts(starts_on=TODAY() - timedelta(9), ends_on=TODAY() - timedelta(1))
    )
    theirs = make.ChecklistFactory(scope=other.county, published=True)
    form = as_client(cast.city).get(reverse("inspections:campaign_add")).context["form"]
    assert set(form.fields["regions"].queryset) == {cast.place.county}
    assert set(form.fields["parent"].queryset) == {ours}
    assert set(form.fields["checklist"].queryset) == set()
    for name, value in (("regions", other.county.pk), ("parent", foreign.pk), ("checklist", theirs.pk)):
        client = as_client(cast.city)
        answer = client.post(reverse("inspections:campaign_add"), posted(client, **{name: value}))
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [name])
    assert over not in form.fields["parent"].queryset


def test_who_sees_which_campaign_and_404_for_the_rest(cast):
    beside = make_place(city=cast.place.city)
    by = {
        "province": actions.create(by=cast.province, **facts()),
        "city": actions.create(by=cast.city, **facts()),
        "county": actions.create(by=cast.county, **facts()),
        "beside": actions.create(by=make_actor("county_official", beside.county), **facts()),
        "elsewhere": actions.create(by=make_actor("province_official", make_place().province), **facts()),
        "cemeteries": actions.create(by=cast.province, **facts(kinds=["cemetery"])),
    }
    sees = {
        "province": {"province", "city", "county", "beside", "cemeteries"},
        "city": {"province", "city", "county", "beside", "cemeteries"},
        "county": {"province", "city", "county", "cemeteries"},
        "township": {"province", "city", "county", "cemeteries"},
        "manager": {"province", "city", "county"},
    }
    for who, expected in sees.items():
        client = as_client(getattr(cast, who))
        listed = {c.pk for c in client.get(reverse("inspections:campaigns")).context["page"]}
        assert listed == {by[name].pk for name in expected}, who
        for name, campaign in by.items():
            status = client.get(reverse("inspections:campaign", args=[campaign.pk])).status_code
            assert status == (200 if name in expected else 404), (who, name)


def test_an_institution_reads_what_a_campaign_is_about_and_nothing_of_who_was_visited_or_who_comes(cast):
    campaign = actions.create(by=cast.county, **facts(note="重点查消防通道"))
    team = make.InspectionTeamFactory(campaign=campaign, authority=cast.county.authority, name="突击一组")
    team.institutions.add(cast.home)
    client = as_client(cast.manager)
    page = client.get(reverse("inspections:campaign", args=[campaign.pk])).content.decode()
    assert "重点查消防通道" in page
    assert [word for word in ("突击一组", "未检查", "督导组", "办理记录", "覆盖率") if word in page] == []
    for name in ("campaign_institutions", "campaign_edit", "team_add"):
        assert client.get(reverse(f"inspections:{name}", args=[campaign.pk])).status_code == 403
    for name in ("teams", "plans", "due_plans"):
        assert client.get(reverse(f"inspections:{name}")).status_code == 403


def test_the_trace_is_shown_to_the_authority_and_its_superiors_only(cast):
    campaign = actions.create(by=cast.city, **facts())
    shown = {
        who: bool(
            as_client(getattr(cast, who))
            .get(reverse("inspections:campaign", args=[campaign.pk]))
            .context["events"]
        )
        for who in ("province", "city", "county", "township")
    }
    assert shown == {"province": True, "city": True, "county": False, "township": False}


def test_the_list_has_current_coming_and_ended_ones(cast):
    day = timedelta(days=1)
    for name, starts, ends in (
        ("当前", -day, day),
        ("今日止", -day, 0 * day),
        ("将来", day, day),
        ("过去", -2 * day, -day),
    ):
        actions.create(by=cast.county, **facts(name=name, starts_on=TODAY() + starts, ends_on=TODAY() + ends))
    client = as_client(cast.county)

    def named(state):
        page = client.get(reverse("inspections:campaigns"), {"state": state})
        return [(c.name, c.countdown) for c in page.context["page"]]

    assert named("current") == [("今日止", "今天是最后一天"), ("当前", "还剩 1 天")]
    assert named("coming") == [("将来", "距开始 1 天")]
    assert named("ended") == [("过去", "已结束")]
    assert named("junk") == named("current")


def test_the_countdown_counts_calendar_days():
    start, end = date(2026, 2, 18), date(2026, 5, 31)
    assert [countdown(start, end, day) for day in (date(2026, 2, 17), start, end, date(2026, 6, 1))] == [
        "距开始 1 天",
        "还剩 102 天",
        "今天是最后一天",
        "已结束",
    ]


@pytest.mark.django_db(transaction=True)
def test_two_campaigns_put_under_each_other_at_once_never_make_a_circle(cast):
    first, second = (actions.create(by=cast.county, **facts(name=name)) for name in "甲乙")
    start, refused = threading.Barrier(2), []

    def put(child, parent):
        start.wait()
        try:
            actions.edit(child, by=cast.county, parent=parent)
        except Exception as error:
            refused.append(error)
        connection.close()

    threads = [threading.Thread(target=put, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Campaign.objects.filter(parent__isnull=False).count() == 1
