"""Logging in, being locked out, first password, posts, limits."""

import threading
import time

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.test import Client
from django.urls import reverse

from institutions.actions import accounts, members
from institutions.demo_accounts import DEMO_PASSWORD
from institutions.enums import Role
from institutions.models import MembershipEvent
from tests.factories import PASSWORD, MembershipFactory, UserFactory, make_actor, make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def county(place):
    return make_actor(Role.COUNTY_OFFICIAL, place.county)


def log_in(client, username, password=PASSWORD, **more):
    return client.post(reverse("login"), {"username": username, "password": password, **more})


def test_somebody_logs_in_and_lands_where_they_wanted(client, county):
    asked = client.get("/me/")
    assert asked.url == "/login/?next=/me/"
    answer = log_in(client, county.user.username, next="/me/")
    assert (answer.status_code, answer.url) == (302, "/me/")
    assert client.get("/me/").status_code == 200


def test_the_session_key_changes_at_login(client, county):
    client.get(reverse("login"))
    client.session["before"] = 1
    client.session.save()
    before = client.session.session_key
    log_in(client, county.user.username)
    assert client.session.session_key != before
    assert client.session["epoch"] == county.user.session_epoch


def test_a_foreign_page_is_not_followed_after_login(client, county):
    assert log_in(client, county.user.username, next="https://evil.example/").url == "/"
    assert log_in(Client(), county.user.username, next="//evil.example/").url == "/"


def test_a_wrong_password_and_an_unknown_name_read_the_same(client, county):
    wrong = log_in(client, county.user.username, "Wrong-password-1")
    unknown = log_in(Client(), "nobody-at-all", "Wrong-password-1")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert "登录名或密码不正确" in wrong.content.decode()


def test_a_closed_account_cannot_log_in(client):
    user = UserFactory(is_active=False)
    assert log_in(client, user.username).status_code == 422


def test_the_fifth_failure_locks_the_name_and_says_until_when(client, county):
    statuses = [log_in(client, county.user.username, f"Wrong-{n}").status_code for n in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    page = log_in(client, county.user.username)
    assert page.status_code == 429
    assert int(page["Retry-After"]) <= 900
    assert "15 分钟" in page.content.decode()
    assert client.get("/me/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_forty_wrong_attempts_at_once_get_at_most_five_real_checks(monkeypatch):
    user = UserFactory()
    checks, verify = [], MD5PasswordHasher.verify

    def counted(self, password, encoded):
        checks.append(password)
        time.sleep(0.02)
        return verify(self, password, encoded)

    monkeypatch.setattr(MD5PasswordHasher, "verify", counted)
    statuses, gate = [], threading.Barrier(40)

    def attempt(number):
        gate.wait()
        try:
            statuses.append(log_in(Client(), user.username, f"Wrong-{number}").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(checks) <= 5
    assert (len(statuses), set(statuses)) == (40, {422, 429})


def test_an_administrator_unlocks_a_name_at_once(client, browse, place, county):
    for n in range(5):
        log_in(client, county.user.username, f"Wrong-{n}")
    system = browse(make_actor(Role.SYSTEM_ADMIN, place.province))
    assert county.user.username in system.get(reverse("members:system")).content.decode()
    assert system.post(reverse("members:unlock", args=[county.user.pk])).status_code == 302
    assert log_in(client, county.user.username).status_code == 302


def test_logging_out_takes_a_post(browse, county):
    client = browse(county)
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == reverse("login")
    assert client.get("/me/").url == "/login/?next=/me/"


def test_the_first_password_must_be_changed_before_anything_else(client, place):
    user = UserFactory(must_change_password=True)
    MembershipFactory(user=user, authority=place.county.authorities.get())
    log_in(client, user.username)
    assert client.get("/me/").url == reverse("password_change")
    fragment = client.get("/institutions/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, reverse("password_change"))
    assert client.get(reverse("password_change")).status_code == 200
    changed = client.post(
        reverse("password_change"),
        {"old_password": PASSWORD, "new_password1": "Xin-mima-2027", "new_password2": "Xin-mima-2027"},
    )
    assert changed.status_code == 302
    assert client.get("/me/").status_code == 200
    assert MembershipEvent.objects.get().act == "修改密码"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong", "Xin-mima-2027", "旧密码"),
        (PASSWORD, "Xin-1", "10"),
        (PASSWORD, "xinmimaxinmima", "至少三种"),
        (PASSWORD, PASSWORD, "不能与原密码相同"),
    ],
)
def test_a_poor_new_password_is_refused_in_words(browse, county, old, new, words):
    client = browse(county)
    answer = client.post(
        reverse("password_change"), {"old_password": old, "new_password1": new, "new_password2": new}
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_changing_the_password_ends_other_sessions_and_keeps_this_one(county):
    here, there = Client(), Client()
    log_in(here, county.user.username)
    log_in(there, county.user.username)
    here.post(
        reverse("password_change"),
        {"old_password": PASSWORD, "new_password1": "Xin-mima-2027", "new_password2": "Xin-mima-2027"},
    )
    assert here.get("/me/").status_code == 200
    assert there.get("/me/").status_code == 302


@pytest.mark.parametrize("change", ["grant", "revoke", "disable", "reset"])
def test_a_change_of_role_or_account_ends_the_session(change, place, county):
    admin = make_actor(Role.SECURITY_ADMIN, place.province)
    client = Client()
    log_in(client, county.user.username)
    assert client.get("/me/").status_code == 200
    if change == "grant":
        authority = place.city.authorities.get()
        members.grant(county.user, by=admin, role=Role.CITY_OFFICIAL, place=authority)
    elif change == "revoke":
        members.revoke(county.membership, by=admin)
    elif change == "disable":
        accounts.disable(county.user, by=admin)
    else:
        accounts.reset_password(county.user, by=admin)
    assert client.get("/me/").url == "/login/?next=/me/"


def test_a_session_ends_after_half_an_hour_idle_and_after_twelve_hours_in_any_case(county):
    def aged(**seconds_ago):
        client = Client()
        log_in(client, county.user.username)
        session = client.session
        session.update({name: int(time.time()) - ago for name, ago in seconds_ago.items()})
        session.save()
        return client.get("/me/").status_code

    assert aged(seen_at=29 * 60) == 200
    assert aged(seen_at=31 * 60) == 302
    assert aged(started_at=12 * 3600 - 60) == 200
    assert aged(started_at=12 * 3600 + 60) == 302


def test_somebody_with_two_posts_acts_in_one_at_a_time(browse, place, county):
    city = make_actor(Role.CITY_OFFICIAL, place.city, user=county.user)
    client = browse(county)
    assert client.get("/me/").context["actor"].membership == county.membership
    assert client.post(reverse("post_switch"), {"membership": city.membership.pk}).url == reverse("workbench")
    assert client.get("/me/").context["actor"].membership == city.membership


@pytest.mark.parametrize("wanted", ["", "x", "0", "-1", "9" * 40, "1 OR 1=1"])
def test_nobody_takes_a_post_that_is_not_theirs(browse, place, county, wanted):
    other = make_actor(Role.PROVINCE_OFFICIAL, place.province)
    revoked = MembershipFactory(
        user=county.user, authority=other.authority, role=Role.AUDITOR, is_active=False
    )
    client = browse(county)
    for membership in (wanted, other.membership.pk, revoked.pk):
        assert client.post(reverse("post_switch"), {"membership": membership}).status_code == 404
    assert client.get("/me/").context["actor"].membership == county.membership


def test_large_type_is_kept_in_the_profile(browse, county):
    client = browse(county)
    answer = client.post(reverse("display_size"), {"size": "large", "next": "/me/"})
    assert answer.url == "/me/"
    assert 'data-size="large"' in client.get("/me/").content.decode()
    client.post(reverse("display_size"), {"size": "normal", "next": "//evil.example/"})
    county.user.refresh_from_db()
    assert county.user.has_large_text is False


def test_somebody_without_a_post_sees_whom_to_ask(client):
    user = UserFactory()
    log_in(client, user.username)
    assert "请联系安全管理员" in client.get("/me/").content.decode()
    assert client.get(reverse("institutions:list")).status_code == 403


def test_the_demo_accounts_are_listed_in_the_demo_only(client, settings):
    assert "演示账号" not in client.get(reverse("login")).content.decode()
    settings.IS_DEMO = True
    page = client.get(reverse("login")).content.decode()
    assert "演示账号" in page
    assert "county_other" in page
    assert DEMO_PASSWORD in page
