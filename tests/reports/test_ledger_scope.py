"""The ledger shows what its reader may know of, in words made for that reader."""

import re

import pytest

from institutions.enums import Role
from tests.factories import Cast, make_actor, make_place, register_hazard
from tests.reports.made import fragment, ids, ledger, put

pytestmark = pytest.mark.django_db

CANARY = "金丝雀"


@pytest.fixture
def two_counties():
    """A county of one city and a county of another, in one province; texts of the second carry the canary."""
    here = Cast()
    there = Cast(make_place(province=here.place.province), name=f"{CANARY}养老院")
    there.rows = put(there, "rectifying", 3, description=f"{CANARY}通道", location=f"{CANARY}楼")
    here.rows = put(here, "rectifying", 2)
    return here, there


def test_each_level_sees_its_own_rows_and_never_a_word_of_the_others(client, two_counties):
    here, there = two_counties
    for actor in (here.county, here.city, here.manager, here.safety):
        response = ledger(client, actor)
        assert sorted(ids(response)) == here.rows
        assert response.content.decode().count(CANARY) == 0
    for actor in (here.province, here.auditor):
        assert sorted(ids(ledger(client, actor))) == sorted(here.rows + there.rows)
    assert ids(ledger(client, here.township)) == []


def test_no_filter_leads_out_of_ones_scope(client, two_counties):
    here, there = two_counties
    for name, value in {
        "city": there.place.city.code,
        "county": there.place.county.code,
        "township": there.place.township.code,
        "institution": there.home.pk,
        "q": CANARY,
    }.items():
        for actor in (here.county, here.city, here.manager):
            response = ledger(client, actor, **{name: value})
            assert ids(response) == []
            assert response.content.decode().count(CANARY) == (2 if name == "q" else 0)  # field and chip


@pytest.mark.parametrize("name", ["city", "county", "township", "institution"])
def test_a_foreign_place_is_answered_exactly_like_one_that_does_not_exist(client, two_counties, name):
    here, there = two_counties
    foreign = {
        "city": there.place.city.code,
        "county": there.place.county.code,
        "township": there.place.township.code,
        "institution": str(there.home.pk),
    }[name]
    made_up = "987654321"[: len(foreign)] if name == "institution" else "777777"
    for actor in (here.county, here.city):
        answers = [
            re.sub(rf'(?<=[="]){value}(?=["&])', "…", fragment(client, actor, **{name: value}))
            for value in (foreign, made_up)
        ]
        assert answers[0] == answers[1]
        assert answers[0].count("没有这个选项，请重新选择。") == 1


def test_those_without_business_get_403(client, two_counties):
    here, _ = two_counties
    for actor in (here.system_admin, here.security_admin):
        assert ledger(client, actor).status_code == 403


def test_another_department_of_the_county_sees_an_empty_ledger(client, two_counties):
    here, _ = two_counties
    fire = here.place.county.authorities.create(name="消防救援大队", department="fire_rescue")
    assert ids(ledger(client, make_actor(Role.COUNTY_OFFICIAL, fire))) == []


def test_an_institution_reads_its_own_words_and_not_what_is_not_yet_issued(client):
    cast = Cast()
    put(cast, "registered")
    own = register_hazard(cast, by=cast.manager, issue_with=None)
    waiting = put(cast, "awaiting_verification")
    response = ledger(client, cast.manager)
    assert sorted(ids(response)) == sorted([own.pk, *waiting])
    assert {row["label"] for row in response.context["rows"]} == {
        "已登记，等待主管部门下发",
        "已提交，等待验收",
    }
    assert {row["label"] for row in ledger(client, cast.county).context["rows"]} == {"待下发", "待验收"}


def test_only_those_who_may_register_are_offered_it(client):
    cast = Cast()
    offered = {
        actor.role: 'href="/hazards/new/"' in ledger(client, actor).content.decode()
        for actor in (cast.county, cast.township, cast.safety, cast.auditor)
    }
    assert offered == {
        Role.COUNTY_OFFICIAL: True,
        Role.TOWNSHIP_PATROL: True,
        Role.SAFETY_OFFICER: True,
        Role.AUDITOR: False,
    }


def test_a_stranger_is_sent_to_the_login(client):
    response = client.get("/ledger/?state=open")
    assert (response.status_code, response.url) == (302, "/login/?next=/ledger/%3Fstate%3Dopen")
