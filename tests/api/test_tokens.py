"""Tokens: who asks, who issues, what is kept of them, and everything that ends one."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from api.accesses import issue_token, request_access, revoke
from api.models import Access, AccessEvent
from api.tokens import digest_of
from common.http import Conflict
from institutions.actions.accounts import disable
from institutions.actions.members import revoke as take_post
from institutions.enums import Role
from notifications.models import Notice
from tests.api.asking import ask
from tests.factories import AccessFactory, Cast, as_client, make_actor, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def admin(cast):
    return make_actor(Role.SYSTEM_ADMIN, cast.place.city)


def facts(cast, **more):
    wanted = {
        "authority": cast.county.authority, "name": "数据中台", "operator": "大数据局", "purpose": "汇入数据中台",
        "scopes": ["hazards:read"], "last_day": timezone.localdate() + timedelta(days=30),
    }  # fmt: skip
    return wanted | more


def issued(cast, admin, **more):
    access = request_access(by=admin, **facts(cast, **more))
    return issue_token(access, by=cast.county, issue_count=0)


# --- who ------------------------------------------------------------------------------------------------


def test_one_asks_another_issues_and_the_trace_says_so(cast, admin):
    made = issued(cast, admin)
    assert ask(made.token, "/hazards").status == 200
    assert list(AccessEvent.objects.order_by("id").values_list("by", "act", "detail")) == [
        (
            admin.user.pk,
            "requested",
            f"大数据局：隐患，有效期至 {timezone.localdate() + timedelta(days=30):%Y-%m-%d}",
        ),
        (cast.county.user.pk, "issued", f"令牌 {made.token[:9]}…"),
    ]


def test_the_officials_of_the_authority_are_told_until_it_is_issued(cast, admin):
    access = request_access(by=admin, **facts(cast))
    told = Notice.objects.filter(topic=f"access:{access.pk}")
    assert set(told.values_list("recipient", flat=True)) == {cast.county.user.pk, cast.county2.user.pk}
    issue_token(access, by=cast.county, issue_count=0)
    assert told.filter(settled_at=None).count() == 0


@pytest.mark.parametrize("who", ["county", "city", "province", "manager", "auditor", "security_admin"])
def test_nobody_but_the_system_administrator_asks(cast, who):
    with pytest.raises(PermissionDenied):
        request_access(by=getattr(cast, who), **facts(cast))


def test_not_for_an_authority_elsewhere_nor_for_another_department(cast):
    elsewhere = make_actor(Role.SYSTEM_ADMIN, Cast().place.county)
    firemen = make_actor(Role.SYSTEM_ADMIN, cast.liaison.authority)
    for by, authority in ((elsewhere, cast.county.authority), (firemen, cast.county.authority),
                          (make_actor(Role.SYSTEM_ADMIN, cast.place.county), cast.liaison.authority)):  # fmt: skip
        with pytest.raises(PermissionDenied):
            request_access(by=by, **facts(cast, authority=authority))


@pytest.mark.parametrize("who", ["city", "province", "manager", "auditor", "system_admin", "security_admin"])
def test_nobody_but_an_official_of_the_very_authority_issues(cast, admin, who):
    """Not the administrator, who may see no data; not those above, whose data it is not."""
    access = request_access(by=admin, **facts(cast))
    with pytest.raises(PermissionDenied):
        issue_token(access, by=getattr(cast, who), issue_count=0)


@pytest.mark.parametrize("days", [-1, 366])
def test_a_token_lives_a_year_at_most(cast, admin, days):
    with pytest.raises(ValidationError):
        request_access(by=admin, **facts(cast, last_day=timezone.localdate() + timedelta(days=days)))
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessFactory(expires_at=timezone.now() + timedelta(days=400))


# --- what is kept ---------------------------------------------------------------------------------------------


def test_the_token_is_random_shown_once_and_kept_as_a_hash(cast, admin):
    access = request_access(by=admin, **facts(cast))
    client = as_client(cast.county)
    shown = client.post(f"/accesses/{access.pk}/issue/", {"issue_count": "0"})
    token = shown.context["issued"].token
    assert (len(token), shown.content.decode().count(token), "no-store" in shown["Cache-Control"]) == (
        46,
        1,
        True,
    )
    pages = [client.get(f"/accesses/{access.pk}/"), client.get("/accesses/"), client.get("/notices/")]
    assert [token in page.content.decode() for page in pages] == [False] * 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT a::text FROM api_access a UNION ALL SELECT e::text FROM api_accessevent e")
        kept = str(cursor.fetchall())
    assert (token in kept, digest_of(token) in kept) == (False, True)


def test_the_trace_cannot_be_rewritten(cast, admin):
    issued(cast, admin)
    for act in (lambda: AccessEvent.objects.update(detail=""), lambda: AccessEvent.objects.all().delete()):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            act()


# --- what ends it ------------------------------------------------------------------------------------------------


def refused(token) -> bool:
    answer = ask(token, "/hazards")
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    return answer.status == 401


def test_nothing_opens_before_it_is_issued_or_with_something_like_a_token(cast, admin):
    request_access(by=admin, **facts(cast))
    made = issued(cast, admin)
    for token in (
        "",
        "yh_",
        "yh_" + "a" * 43,
        made.token[:-1],
        made.token + "a",
        made.access.digest,
        "yh_" + "x" * 9000,
    ):
        assert refused(token)
    for header in (f"Token {made.token}", f"Basic {made.token}", made.token):
        assert Client().get("/api/v1/hazards", headers={"Authorization": header}).status_code == 401
    assert Client().get("/api/v1/hazards", {"token": made.token}).status_code == 401


def test_a_persons_session_is_no_token(cast):
    assert as_client(cast.province).get("/api/v1/hazards").status_code == 401


@pytest.mark.parametrize("who", ["county2", "city", "province", "system_admin"])
def test_revoked_it_is_dead_at_once_and_for_good(cast, admin, who):
    made = issued(cast, admin)
    revoke(made.access, by=getattr(cast, who))
    assert refused(made.token)
    with pytest.raises(Conflict):
        issue_token(made.access, by=cast.county, issue_count=1)


def test_who_may_not_revoke(cast, admin):
    made = issued(cast, admin)
    for actor in (cast.auditor, cast.manager, cast.security_admin):
        with pytest.raises(PermissionDenied):
            revoke(made.access, by=actor)
    assert as_client(Cast().county).post(f"/accesses/{made.access.pk}/revoke/").status_code == 404


def test_it_ends_with_its_last_day(cast, admin, time_machine):
    made = issued(cast, admin, last_day=timezone.localdate())
    assert not refused(made.token)
    # The clock is the database's: as if the day were over.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE api_access SET expires_at = statement_timestamp()")
    assert refused(made.token)


def test_it_dies_with_the_post_of_who_issued_it_and_another_official_may_issue_anew(cast, admin):
    made = issued(cast, admin)
    security = make_actor(Role.SECURITY_ADMIN, cast.place.county)
    take_post(cast.county.membership, by=security)
    assert refused(made.token)
    assert "签发人已离岗" in as_client(admin).get(f"/accesses/{made.access.pk}/").content.decode()
    anew = issue_token(made.access, by=cast.county2, issue_count=1)
    assert (refused(made.token), refused(anew.token)) == (True, False)


def test_it_dies_with_the_account_of_who_issued_it(cast, admin):
    made = issued(cast, admin)
    disable(cast.county.user, by=make_actor(Role.SECURITY_ADMIN, cast.place.county))
    assert refused(made.token)


def test_a_new_token_replaces_the_old_one(cast, admin):
    made = issued(cast, admin)
    anew = issue_token(made.access, by=cast.county2, issue_count=1)
    assert (refused(made.token), refused(anew.token)) == (True, False)


def test_a_page_that_is_out_of_date_issues_nothing(cast, admin):
    made = issued(cast, admin)
    response = as_client(cast.county2).post(f"/accesses/{made.access.pk}/issue/", {"issue_count": "0"})
    assert (response.status_code, refused(made.token)) == (409, False)


# --- how often --------------------------------------------------------------------------------------------------


def test_a_token_has_so_many_requests_and_is_told_when_to_come_again(cast, settings):
    settings.API_BURST, settings.API_REQUESTS_PER_MINUTE = 3, 6
    token, other = token_for(cast.place.county), token_for(cast.place.county)
    answers = [ask(token, "/regions") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
    assert ask(other, "/regions").status == 200
    with connection.cursor() as cursor:
        cursor.execute("UPDATE api_access SET busy_until = busy_until - interval '11 seconds'")
    assert [ask(token, "/regions").status for _ in range(2)] == [200, 429]


def test_each_use_is_noted(cast):
    token = token_for(cast.place.county)
    ask(token, "/regions")
    assert timezone.now() - Access.objects.get().last_used_at < timedelta(seconds=30)
