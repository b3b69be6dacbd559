"""A past day as it was, and what moved since: from the events, whatever the rows say today."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from hazards.actions import lifecycle, voiding
from hazards.models import Hazard
from institutions.enums import Role
from institutions.territories import territory_below
from reports import past
from tests.factories import CONFIRMED, Cast, hazard_in, make_actor, photos_of, register_hazard

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.get_current_timezone())


def at(day: int):
    return time_machine.travel(BEGAN + timedelta(days=day), tick=False)


def day(number: int):
    return (BEGAN + timedelta(days=number)).date()


@pytest.fixture
def story():
    """Day 0: two issued (due on day 7), one only registered. Day 3: one submitted. Day 5: accepted. Day 9: closed, the
    registered one voided. Day 10: a new one."""
    with at(0):
        cast = Cast()
        first, second = register_hazard(cast), register_hazard(cast)
        third = register_hazard(cast, issue_with=None, severity="major")
    with at(3):
        lifecycle.submit(first, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    with at(5):
        lifecycle.accept(first, by=cast.county, opinion="属实", **CONFIRMED)
    with at(9):
        lifecycle.close(first, by=cast.city, opinion="同意")
        voiding.request_void(third, by=cast.county, reason="误报")
        voiding.void(third, by=cast.county2, reason="现场核实属于误报")
    with at(10):
        cast.new = register_hazard(cast)
    cast.first, cast.second, cast.third = first, second, third
    return cast


def on(cast, number, actor=None):
    actor = actor or cast.county
    figures = past.figures_on(actor, territory_below(actor.authority.region, ""), day(number))
    return {key: count for key, count in figures.items() if count}


def moves(cast, first, second, measure="open", **chosen):
    territory = territory_below(cast.county.authority.region, "")
    return past.moves_between(cast.county, territory, measure, day(first), day(second), **chosen)


def test_each_day_is_as_it_was(story):
    assert on(story, -1) == {}
    assert on(story, 0) == {"open": 3, "major": 1, "registered": 1, "rectifying": 2}
    assert on(story, 3) == {
        "open": 3,
        "major": 1,
        "registered": 1,
        "rectifying": 1,
        "awaiting_verification": 1,
    }
    assert on(story, 5) == {"open": 3, "major": 1, "registered": 1, "rectifying": 1, "verified": 1}
    assert on(story, 7) == on(story, 5)  # the deadline itself is still in time
    assert on(story, 8) == on(story, 5) | {"overdue": 1}
    assert on(story, 9) == {"open": 1, "rectifying": 1, "overdue": 1}
    assert on(story, 10) == {"open": 2, "rectifying": 2, "overdue": 1}


def test_today_is_what_the_rows_say(story):
    with at(10):
        visible = Hazard.objects.visible_to(story.county)
        assert (
            on(story, 10)["open"] == visible.open().count() == visible.filter(past.open_on(day(10))).count()
        )
        assert on(story, 10)["overdue"] == visible.overdue(day(10)).count()


def test_a_new_deadline_counts_from_the_day_it_was_set(story):
    with at(20):
        lifecycle.submit(story.second, by=story.manager, measures="已清理", evidence=photos_of(story.manager))
    with at(21):
        lifecycle.reject(story.second, by=story.county, reason="整改不彻底，重来", due_on=day(30))
    assert [on(story, n).get("overdue", 0) for n in (17, 18, 19, 20, 21, 30, 31)] == [1, 2, 2, 1, 1, 1, 2]


def test_what_moved_adds_up_and_says_who_and_why(story):
    found = moves(story, 8, 10)
    assert (on(story, 8)["open"], found.came, found.went, on(story, 10)["open"]) == (3, 1, 2, 2)
    assert {(r.came, r.label, r.count) for r in found.reasons} == {
        (True, "登记隐患", 1), (False, "销号", 1), (False, "作废", 1),
    }  # fmt: skip
    listed = {move.pk: (move.reason.label, move.who, move.comment) for move in found.page}
    city = f"{story.city.user.name}（{story.city.place_name}）"
    assert listed[story.first.pk] == ("销号", city, "同意")
    assert listed[story.third.pk][0] == "作废"
    only = moves(story, 8, 10, came=False, action="close")
    assert ([move.pk for move in only.page], only.reasons) == ([story.first.pk], found.reasons)


def test_a_deadline_that_passed_is_nobodys_act(story):
    found = moves(story, 7, 8, "overdue")
    assert [(r.came, r.action, r.label, r.count) for r in found.reasons] == [(True, "", "期限已过", 1)]
    assert [(move.pk, move.who) for move in found.page] == [(story.second.pk, "")]


def test_the_page_shows_the_sum_and_every_reason_leads_to_its_rows(client, story):
    client.force_login(story.county.user)
    with at(10):
        client.force_login(story.county.user)
        response = client.get("/dashboard/past/", {"from": day(8).isoformat(), "to": day(10).isoformat()})
        assert "3 ＋ 增加 1 － 减少 2 ＝ 2" in response.content.decode()
        for reason, url in response.context["reasons"]:
            page = client.get(url)
            assert len(page.context["moves"].page) == reason.count


def test_nobody_sees_another_countys_past(client, story):
    other = Cast()
    hazard_in(other, "registered")
    assert on(story, 10, other.county) == {}
    fire = story.place.county.authorities.create(name="消防救援大队", department="fire_rescue")
    assert on(story, 10, make_actor(Role.COUNTY_OFFICIAL, fire)) == {}
    client.force_login(story.county.user)
    assert client.get("/dashboard/past/", {"region": other.place.county.code}).status_code == 404


@pytest.mark.parametrize("junk", ["", "x", "0001-01-01", "9999-12-31", "2026-02-30", "\x00"])
def test_any_parameters_get_a_page(client, story, junk):
    client.force_login(story.county.user)
    names = ("from", "to", "figure", "way", "why", "page")
    assert client.get("/dashboard/past/", dict.fromkeys(names, junk)).status_code == 200
    assert client.get("/dashboard/past/", {"way": "came", "why": junk, "page": junk}).status_code == 200
    for path in ("/dashboard/", f"/dashboard/institutions/{story.home.pk}/"):
        assert client.get(path, {"period": "months", "first": junk, "last": junk}).status_code == 200
    for name in ("figure", "on", "first", "institution", "region", "after"):
        assert client.get("/dashboard/rows/", {"figure": "valid"} | {name: junk}).status_code in (200, 404)
