"""数据接入, the pages: registering, reading what was agreed, and who finds the way there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.models import Access
from institutions.enums import Role
from tests.factories import AccessFactory, Cast, as_client, make_actor

pytestmark = pytest.mark.django_db

LIST, NEW = "/accesses/", "/accesses/new/"


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def admin(cast):
    return make_actor(Role.SYSTEM_ADMIN, cast.place.city)


def form(cast, **more):
    return {
        "authority": cast.county.authority.pk, "name": "市数据中台", "operator": "大数据局", "purpose": "汇入数据中台",
        "scopes": ["summary:read", "hazards:read"], "last_day": f"{timezone.localdate() + timedelta(days=90)}",
    } | more  # fmt: skip


def test_an_administrator_registers_and_the_page_says_who_must_issue(cast, admin):
    response = as_client(admin).post(NEW, form(cast), follow=True)
    access = Access.objects.get()
    assert response.redirect_chain == [(f"/accesses/{access.pk}/", 302)]
    assert (access.scopes, access.last_day) == (
        ["hazards:read", "summary:read"], timezone.localdate() + timedelta(days=90),
    )  # fmt: skip
    text = response.content.decode()
    assert f"等待{cast.county.place_name}的监管人员签发" in text
    assert "签发令牌</button>" not in text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"last_day": "2020-01-01"}, "有效期须在今天到一年以内。"),
        ({"push_url": "http://10.0.0.1/x"}, "只能填写以下来源的地址"),
        ({"scopes": ["everything:read"]}, "everything:read"),
        ({"name": ""}, "系统名称"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(cast, admin, typed, words):
    response = as_client(admin).post(NEW, form(cast, **typed))
    text = response.content.decode()
    assert (response.status_code, words in text, "汇入数据中台" in text) == (422, True, True)
    assert Access.objects.count() == 0


def test_only_civil_affairs_of_the_region_can_be_chosen(cast, admin):
    Cast()
    choices = as_client(admin).get(NEW).context["form"].fields["authority"].queryset
    assert [authority.region for authority in choices] == [cast.place.city, cast.place.county]


def test_the_list_shows_those_of_the_region_newest_first_in_as_many_statements_however_long(cast, admin):
    client = as_client(admin)

    def shown():
        with CaptureQueriesContext(connection) as asked:
            rows = client.get(LIST).context["rows"]
        return [access.pk for access, *_ in rows], len(asked)

    AccessFactory()  # of another county
    one = AccessFactory(authority=cast.county.authority)
    client.get(LIST)
    first, few = shown()
    two, three = (
        AccessFactory(authority=a, token=f"yh_{a.pk}") for a in (cast.city.authority, cast.county.authority)
    )
    second, many = shown()
    assert (first, second, many - few) == ([one.pk], [three.pk, two.pk, one.pk], 0)


def test_officials_find_the_way_by_their_own_page_and_administrators_by_the_navigation(cast, admin):
    seen = {who: f'href="{LIST}"' in as_client(actor).get("/me/").content.decode() for who, actor in (
        ("admin", admin), ("county", cast.county), ("auditor", cast.auditor), ("manager", cast.manager),
    )}  # fmt: skip
    assert seen == {"admin": True, "county": True, "auditor": True, "manager": False}


def test_the_document_can_be_taken_along(cast):
    assert as_client(cast.county).get("/accesses/openapi.json").json()["openapi"] == "3.1.0"
