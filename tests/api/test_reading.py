"""The read API: the rows and figures of the pages, for another system, and nothing of people."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openapi_spec_validator import validate

from api.enums import Scope
from hazards.models import Hazard
from institutions.enums import RegionLevel
from institutions.territories import territory_below
from reports.periods import ALL_TIME, read_period
from reports.rates import DEFINITIONS
from reports.statistics import statistics_of
from tests.api.asking import ask, everything, published
from tests.factories import (
    Cast,
    InstitutionFactory,
    RegionFactory,
    extension_asked,
    hazard_in,
    long_hazard,
    make_place,
    register_hazard,
    supervised,
    token_for,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def token(cast):
    return token_for(cast.place.county)


# --- the document ---------------------------------------------------------------------------------------


def test_the_document_is_openapi_3():
    document = json.loads(json.dumps(published()))
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert sorted(document["paths"]) == [
        "/api/v1/hazards", "/api/v1/hazards/changes", "/api/v1/hazards/{pk}", "/api/v1/institutions",
        "/api/v1/institutions/{pk}", "/api/v1/regions", "/api/v1/summary",
    ]  # fmt: skip
    assert {method for operations in document["paths"].values() for method in operations} == {"get"}


def test_the_document_is_served_to_whoever_has_a_token_and_to_nobody_else(token):
    client = Client()
    assert client.get("/api/v1/openapi.json").status_code == 401
    response = client.get("/api/v1/openapi.json", headers={"Authorization": f"Bearer {token}"})
    assert response.json() == json.loads(json.dumps(published()))


# --- hazards -----------------------------------------------------------------------------------------------


def test_a_hazard_is_read_with_its_acts_and_without_the_people(cast, token):
    hazard = hazard_in(cast, "closed")
    answer = ask(token, f"/hazards/{hazard.pk}")
    said = answer.said
    assert (said["number"], said["status"], said["version"]) == (hazard.number, "closed", hazard.event_count)
    assert said["institution"] == {"id": cast.home.pk, "name": cast.home.name}
    assert [
        (e["version"], e["action"], e["to_status"], e["by_role"], e["by_place"]) for e in said["events"]
    ] == [
        (1, "register", "registered", "county_official", cast.county.place_name),
        (2, "issue", "rectifying", "county_official", cast.county.place_name),
        (3, "submit", "awaiting_verification", "manager", cast.home.name),
        (4, "accept", "verified", "county_official", cast.county.place_name),
        (5, "close", "closed", "city_official", cast.city.place_name),
    ]
    people = [actor.user.name for actor in (cast.county, cast.manager, cast.city)] + ["张三"]
    assert [name for name in people if name in json.dumps(said, ensure_ascii=False)] == []
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_facts_beside_the_status_are_told(cast, token):
    hazard = extension_asked(cast, long_hazard(cast))
    major = long_hazard(cast, severity="major")
    supervised(major, cast.county)
    assert ask(token, f"/hazards/{hazard.pk}").said["is_extension_asked"] is True
    assert ask(token, f"/hazards/{major.pk}").said["supervised_by"] == cast.place.county.code


def test_pages_give_every_row_once_whatever_the_order(cast, token):
    today = timezone.localdate()
    made = [register_hazard(cast, found_on=today - timedelta(days=n % 3)).pk for n in range(5)]
    made.append(register_hazard(cast, issue_with=None).pk)  # without a deadline
    for order in ("-found", "found", "due"):
        rows = everything(token, "/hazards", order=order, limit=2)
        assert sorted(row["id"] for row in rows) == sorted(made)
    found = [(row["found_on"], row["id"]) for row in everything(token, "/hazards", limit=2)]
    assert found == sorted(found, reverse=True)


def test_filters_combine(cast, token):
    today = timezone.localdate()
    late = register_hazard(cast, severity="major", issue_with={"due_on": today + timedelta(days=1), "responsible_person": "张三"})  # fmt: skip
    Hazard.objects.filter(pk=late.pk).update(due_on=today - timedelta(days=2))
    register_hazard(cast)
    hazard_in(cast, "voided")

    def found(**asked) -> list[int]:
        return [row["id"] for row in ask(token, "/hazards", **asked).said["items"]]

    assert found(severity="major") == [late.pk]
    assert found(status=["rectifying"], due_to=today) == [late.pk]
    assert found(status=["voided", "registered"], severity="major") == []
    assert found(institution=cast.home.pk + 1) == []
    assert len(found(region=cast.place.county.code)) == 3
    assert [row["is_overdue"] for row in ask(token, "/hazards", severity="major").said["items"]] == [True]


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"limit": 501}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "open"}, "status"),
        ({"due_from": "2026-13-01"}, "due_from"),
        ({"after": "2026-11-01"}, "after"),
        ({"after": "1_2_3\x00"}, "after"),
        ({"order": "name"}, "order"),
        ({"institution": "9" * 30}, "institution"),
        ({"stauts": "closed"}, "stauts"),
    ],
)
def test_what_makes_no_sense_is_said_in_chinese_beside_its_parameter(token, parameters, parameter):
    answer = ask(token, "/hazards", **parameters)
    assert (answer.status, answer.said["status"], answer.said["title"]) == (422, 422, "参数有误")
    assert [error["parameter"] for error in answer.said["errors"]] == [parameter]
    assert all(ord(error["detail"][0]) > 0x4E00 for error in answer.said["errors"])


def test_only_reading_is_possible(cast, token):
    for method in ("post", "put", "patch", "delete"):
        response = getattr(Client(), method)("/api/v1/hazards", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, response["Allow"], response["Content-Type"]) == (
            405, "GET", "application/problem+json",
        )  # fmt: skip


# --- institutions, regions, figures -------------------------------------------------------------------------


def test_institutions_come_with_numbers_of_people_and_no_names(cast, token):
    row = ask(token, f"/institutions/{cast.home.pk}").said
    assert (row["name"], row["county"]["code"], row["authority"]) == (
        cast.home.name, cast.place.county.code, cast.county.place_name,
    )  # fmt: skip
    assert "张三" not in json.dumps(row, ensure_ascii=False)
    InstitutionFactory.create_batch(4, county=cast.place.county)
    rows = everything(token, "/institutions", limit=2)
    assert [r["id"] for r in rows] == sorted(r["id"] for r in rows)
    assert len(rows) == 5
    assert ask(token, "/institutions", kind="cemetery").said == {"items": [], "next": None}
    assert ask(token, "/institutions", is_active="false").said["items"] == []


def test_regions_are_those_of_the_scope_parents_first(cast, token):
    RegionFactory(parent=cast.place.county, level=RegionLevel.TOWNSHIP)
    rows = everything(token, "/regions", limit=1)
    assert [row["level"] for row in rows] == ["county", "township", "township"]
    assert rows[0]["parent"] == cast.place.city.code


def test_the_figures_equal_the_dashboards(cast):
    """Of a city with two counties, over all time and over this month, against what an official's page shows."""
    sibling = Cast(make_place(city=cast.place.city))
    for who, statuses in ((cast, ("closed", "rectifying", "voided")), (sibling, ("verified", "closed"))):
        for status in statuses:
            hazard_in(who, status)
    month, today = f"{timezone.localdate():%Y-%m}", timezone.localdate()
    token = token_for(cast.place.city)
    for parameters, period in (({}, ALL_TIME), ({"first": month, "last": month}, read_period("months", month, month, today))):  # fmt: skip
        for code in ("", sibling.place.county.code):
            territory = territory_below(cast.place.city, code)
            shown = statistics_of(cast.city, territory, today, period)
            said = ask(token, "/summary", region=code, **parameters).said
            assert said["figures"] == vars(shown.figures)
            assert said["rates"] == [
                {"key": r.key, "label": DEFINITIONS[r.key].label, "definition": DEFINITIONS[r.key].words,
                 "part": r.part, "whole": r.whole, "value": r.value}
                for r in shown.rates(period)
            ]  # fmt: skip
            assert [(m["month"], m["new"], m["closed"], m["stock"]) for m in said["months"]] == [
                (month, shown.new(shown.this_month), shown.closed(shown.this_month), shown.summary.stock_after(today.replace(day=1)))
            ]  # fmt: skip
    assert ask(token, "/summary").said["figures"]["valid"] == 4


@pytest.mark.parametrize(
    "parameters", [{"first": "2026-13"}, {"first": "2026-05", "last": "2026-04"}, {"last": "x"}]
)
def test_months_that_are_none_are_refused(token, parameters):
    assert ask(token, "/summary", **parameters).status == 422


# --- scopes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_reads_what_its_scopes_say(cast, scope):
    hazard = register_hazard(cast)
    token = token_for(cast.place.county, scope)
    paths = {
        "/hazards": Scope.HAZARDS, f"/hazards/{hazard.pk}": Scope.HAZARDS, "/institutions": Scope.INSTITUTIONS,
        f"/institutions/{cast.home.pk}": Scope.INSTITUTIONS, "/summary": Scope.SUMMARY, "/regions": scope,
    }  # fmt: skip
    assert {path: ask(token, path).status for path in paths} == {
        path: 200 if needed == scope else 403 for path, needed in paths.items()
    }


# --- how much it costs ----------------------------------------------------------------------------------------


def statements(token, path, **parameters) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert ask(token, path, **parameters).status == 200
    return len([q for q in asked if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "SET TRANSACTION", "BEGIN", "COMMIT"))])  # fmt: skip


def test_statements_are_constant_in_rows(cast, token):
    hazard = register_hazard(cast)
    # Two are the token: admitted, and the region of its authority.
    expected = {
        "/hazards": 4, f"/hazards/{hazard.pk}": 4, "/institutions": 3,
        f"/institutions/{cast.home.pk}": 3, "/regions": 3, "/summary": 4,
    }  # fmt: skip
    one = {path: statements(token, path) for path in expected}
    for _ in range(2):
        register_hazard(Cast(cast.place))
    three = {path: statements(token, path) for path in expected}
    assert (one, three) == (expected, expected)


def test_nothing_can_be_written_while_reading(cast, token, monkeypatch):
    monkeypatch.setattr("api.hazards.feed.settled", lambda: Hazard.objects.update(round=9))
    response = Client(raise_request_exception=False).get(
        "/api/v1/hazards", headers={"Authorization": f"Bearer {token}"}
    )
    assert response.status_code == 500
