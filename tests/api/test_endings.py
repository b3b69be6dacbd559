"""A token that ends: told 14 and 3 days before, once each, whatever runs how often; the page says so all the time."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from api.accesses import end_of_day, revoke
from api.endings import tell_of_endings
from api.models import Access
from api.tokens import new_token
from institutions.enums import Role
from institutions.models import Membership
from notifications.models import Notice
from tests.factories import AccessFactory, Cast, as_client, make_actor

pytestmark = pytest.mark.django_db(transaction=True)


class Scene:
    """An access issued today by the county, asked for by the city's administrator, that ends in `days`."""

    def __init__(self, days: int):
        self.cast = Cast()
        self.admin = make_actor(Role.SYSTEM_ADMIN, self.cast.place.city)
        self.last_day = timezone.localdate() + timedelta(days=days)
        self.access = AccessFactory(
            name="数据中台", authority=self.cast.county.authority, requested_by=self.admin.user,
            issued_as=self.cast.county.membership, token=new_token(), expires_at=end_of_day(self.last_day),
        )  # fmt: skip

    def told_on(self, days_before: int, hour: int = 9) -> list[tuple[str, int]]:
        """What is new after a look on that day before the last one: subject and how many were told."""
        known = set(Notice.objects.values_list("pk", flat=True))
        moment = end_of_day(self.last_day - timedelta(days=days_before + 1)) + timedelta(hours=hour)
        with time_machine.travel(moment, tick=False):
            tell_of_endings()
        found = list(Notice.objects.exclude(pk__in=known).order_by("id").values_list("subject", flat=True))
        return [(subject, found.count(subject)) for subject in sorted(set(found))]


def test_who_asked_and_who_issued_hear_of_it_twice_and_no_more():
    scene = Scene(days=90)
    assert scene.told_on(15, hour=23) == []
    assert scene.told_on(14, hour=0) == [("数据接入还有 14 天到期：数据中台", 2)]
    assert [scene.told_on(days) for days in (14, 13, 4)] == [[], [], []]
    assert scene.told_on(3) == [("数据接入还有 3 天到期：数据中台", 2)]
    assert [scene.told_on(days) for days in (3, 1, 0, -1)] == [[], [], [], []]
    told = set(Notice.objects.values_list("recipient", "url", "settled_at"))
    assert {recipient for recipient, *_ in told} == {scene.admin.user.pk, scene.cast.county.user.pk}
    # The earlier word is over once the later one is there.
    assert Notice.objects.filter(settled_at=None).count() == 2
    assert {url for _, url, _ in told} == {f"/accesses/{scene.access.pk}/"}


def test_days_of_silence_are_made_up_for_by_the_nearest_word_alone():
    scene = Scene(days=90)
    assert scene.told_on(2) == [("数据接入还有 2 天到期：数据中台", 2)]
    assert scene.told_on(1) == []


def test_what_was_issued_for_a_few_days_is_told_of_once():
    scene = Scene(days=10)
    assert [scene.told_on(10), scene.told_on(4)] == [[], []]
    assert scene.told_on(3) == [("数据接入还有 3 天到期：数据中台", 2)]


def test_what_opens_nothing_any_more_ends_without_a_word():
    revoked, left = Scene(days=90), Scene(days=90)
    revoke(revoked.access, by=revoked.cast.county)
    Membership.objects.filter(pk=left.cast.county.membership.pk).update(is_active=False)
    AccessFactory(expires_at=end_of_day(timezone.localdate() + timedelta(days=90)))  # never issued
    assert (revoked.told_on(14), left.told_on(3)) == ([], [])


def test_whoever_has_left_is_told_nothing():
    scene = Scene(days=90)
    Membership.objects.filter(pk=scene.admin.membership.pk).update(is_active=False)
    assert scene.told_on(14) == [("数据接入还有 14 天到期：数据中台", 1)]
    assert Notice.objects.get().recipient == scene.cast.county.user


def test_revoking_ends_the_warning_too():
    scene = Scene(days=90)
    scene.told_on(14)
    revoke(Access.objects.get(pk=scene.access.pk), by=scene.cast.county)
    assert Notice.objects.filter(settled_at=None).count() == 0


def test_looks_at_once_tell_once():
    scene, start = Scene(days=90), threading.Barrier(4)
    moment = end_of_day(scene.last_day - timedelta(days=15)) + timedelta(hours=9)

    def look():
        start.wait()
        tell_of_endings(moment)
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Notice.objects.count() == 2


@pytest.mark.parametrize(
    ("days", "word", "heading"),
    [(15, "有效", ""), (14, "14 天后到期", "还有 14 天到期"), (0, "今天到期", "<h2>今天到期</h2>")],
)
def test_the_pages_say_when_it_ends_soon(days, word, heading):
    scene = Scene(days=days)
    for actor in (scene.admin, scene.cast.county):
        client = as_client(actor)
        assert [row[1] for row in client.get("/accesses/").context["rows"]] == [word]
        page = client.get(f"/accesses/{scene.access.pk}/").content.decode()
        assert (heading in page, "令牌失效，对方不能再读取" in page) == (True, bool(heading))
    page = as_client(scene.cast.county).get(f"/accesses/{scene.access.pk}/").content.decode()
    assert 'href="/accesses/new/"' not in page  # registering is the administrator's
