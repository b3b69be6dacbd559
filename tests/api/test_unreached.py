"""Below /api/ every refusal is JSON, also where there is nothing; elsewhere it stays a page for people."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory

from api import unreached
from api.enums import Scope
from tests.factories import Cast, as_client, token_for

pytestmark = pytest.mark.django_db

NOWHERE = [
    "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/hazards", "/api/v1/nothing", "/api/v1/hazards/", "/api/v1/hazards/abc",
    "/api/v1/hazards/1/photos", "/api/v1/危险", "/api/docs",
]  # fmt: skip
URN = "urn:yinhuan:problem:"


def answered(response) -> tuple[int, str, str]:
    """Status, media type and kind of problem."""
    said = response.json()
    assert said["status"] == response.status_code
    assert said["title"]
    assert said["detail"]
    return response.status_code, response["Content-Type"], said["type"].removeprefix(URN)


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_is_not_there_is_a_problem_and_not_a_page(path, method):
    cast = Cast()
    strict = Client(enforce_csrf_checks=True)
    token = {"Authorization": f"Bearer {token_for(cast.place.county)}", "Accept": "text/html"}
    for client, headers in ((strict, {}), (strict, token), (as_client(cast.county), {})):
        response = client.generic(method, path, headers=headers)
        assert answered(response) == (404, "application/problem+json", "not-found")
        assert response["Cache-Control"] == "private, no-store"


def test_who_is_not_let_in_reads_a_problem_whatever_they_would_rather_have(settings):
    cast = Cast()
    settings.API_BURST, settings.API_REQUESTS_PER_MINUTE = 1, 1
    narrow = token_for(cast.place.county, Scope.SUMMARY)
    html = {"Accept": "text/html"}
    bearer = {"Authorization": f"Bearer {narrow}", **html}
    said = [
        answered(Client().get("/api/v1/hazards", headers=html)),
        answered(as_client(cast.county).get("/api/v1/hazards", headers=html)),
        answered(Client().get("/api/v1/hazards", headers=html | {"Authorization": "Bearer yh_wrong"})),
        answered(Client().get("/api/v1/hazards", headers=bearer)),
        answered(Client().get("/api/v1/hazards", headers=bearer)),
        answered(Client().post("/api/v1/hazards", headers=bearer)),
    ]
    problem = "application/problem+json"
    assert said == [
        (401, problem, "token"), (401, problem, "token"), (401, problem, "token"), (403, problem, "scope"),
        (429, problem, "too-many"), (405, problem, "read-only"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("view", "raised", "status"),
    [
        (unreached.bad_request, SuspiciousOperation(), 400),
        (unreached.forbidden, PermissionDenied(), 403),
        (unreached.broken, None, 500),
    ],
)
def test_what_fails_before_the_library_is_asked_is_a_problem_too(view, raised, status):
    given = () if raised is None else (raised,)
    here = view(RequestFactory().get("/api/v1/hazards"), *given)
    assert (here.status_code, here["Content-Type"]) == (status, "application/problem+json")
    elsewhere = view(RequestFactory().get("/apis/v1/"), *given)
    assert (elsewhere.status_code, elsewhere["Content-Type"].split(";")[0]) == (status, "text/html")


def test_a_browser_that_still_has_to_change_its_password_is_not_sent_there_from_the_api():
    cast = Cast()
    cast.county.user.must_change_password = True
    cast.county.user.save()
    assert answered(as_client(cast.county).get("/api/v1/hazards"))[0] == 401


def test_people_still_get_their_pages():
    response = as_client(Cast().county).get("/hazards/999999999/")
    assert (response.status_code, "没有找到这个页面" in response.content.decode()) == (404, True)
    assert Client().get("/apiary/")["Content-Type"].startswith("text/html")
