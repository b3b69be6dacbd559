"""Telling people: written with the act, once, to those it may concern, and never the reason for an error."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from notifications import waking
from notifications.models import Delivery, Notice
from notifications.outbox import notify, settle
from notifications.queries import unread_count
from notifications.rules import is_site_path
from tests.factories import UserFactory
from tests.notifications.conftest import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(monkeypatch):
    """Counts wake-ups instead of publishing them: the broker is the outside world."""
    calls = []

    def wake():
        calls.append(1)

    monkeypatch.setattr(waking, "wake", wake)
    return calls


def tell_and_fail(person):
    with transaction.atomic():
        notify(recipients=[person], subject="x", body="", url="/", topic="lost")
        raise DatabaseError("refused")


def test_each_recipient_gets_one_notice_with_what_happened_where():
    one, other = UserFactory(), UserFactory()
    assert (
        tell(
            one,
            other.pk,
            one,
            subject="隐患已下发\n整改",
            body=" 请整改 ",
            topic="hazard:7",
            url="/hazards/7/",
        )
        == 2
    )
    assert list(
        Notice.objects.order_by("recipient_id").values_list("recipient", "subject", "body", "topic", "url")
    ) == [(u.pk, "隐患已下发 整改", "请整改", "hazard:7", "/hazards/7/") for u in (one, other)]


def test_a_disabled_user_is_not_told():
    assert tell(UserFactory(is_active=False)) == 0
    assert Notice.objects.count() == 0


def test_nobody_to_tell_is_no_error():
    assert tell() == 0


def test_telling_costs_one_statement_for_any_number_of_people(django_assert_num_queries):
    people = UserFactory.create_batch(5)
    for some in (people[:1], people):
        with django_assert_num_queries(1):
            notify(recipients=some, subject="x", body="", url="/", topic="t")


def test_without_email_settings_nothing_leaves_the_house(person):
    tell(person)
    assert Delivery.objects.count() == 0


def test_those_with_an_address_get_an_email_row_as_well(person, with_email):
    tell(person, UserFactory(email=""))
    assert list(Delivery.objects.values_list("notice__recipient", "address", "channel", "attempts")) == [
        (person.pk, "person@example.com", "email", 0)
    ]


def test_the_same_dedupe_key_tells_a_person_once(person, with_email):
    other = UserFactory()
    assert tell(person, dedupe_key="hazard:1:issued") == 1
    assert tell(person, other, dedupe_key="hazard:1:issued") == 1
    assert tell(person, dedupe_key="hazard:2:issued") == 1
    assert Notice.objects.of(person).count() == 2
    assert Delivery.objects.count() == 2


def test_without_a_dedupe_key_every_call_tells(person):
    assert [tell(person), tell(person)] == [1, 1]


def test_an_act_that_is_rolled_back_leaves_nothing(
    person, with_email, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(DatabaseError, match="refused"):
        tell_and_fail(person)
    assert (Notice.objects.count(), Delivery.objects.count(), published) == (0, 0, [])


def test_one_transaction_wakes_the_deliverer_once(
    person, with_email, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for n in range(3):
            notify(recipients=[person], subject="x", body="", url="/", topic=f"hazard:{n}")
    assert published == [1]


def test_nobody_is_woken_when_nothing_has_to_leave_the_house(
    person, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        tell(person)
    assert published == []


def test_a_part_that_was_rolled_back_does_not_take_the_wake_up_with_it(
    person, with_email, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        with pytest.raises(DatabaseError, match="refused"):
            tell_and_fail(person)
        notify(recipients=[person], subject="x", body="", url="/", topic="kept")
    assert published == [1]
    assert list(Delivery.objects.values_list("notice__topic", flat=True)) == ["kept"]


def test_settling_clears_the_matter_and_nothing_else(person):
    other = UserFactory()
    tell(person, other, topic="hazard:1")
    tell(person, topic="hazard:12")
    assert settle("hazard:1") == 2
    assert settle("hazard:1") == 0
    assert [unread_count(u) for u in (person, other)] == [1, 0]


def test_what_is_told_after_settling_asks_for_attention_again(person):
    tell(person)
    settle("hazard:1")
    tell(person, subject="隐患已销号")
    assert [n.subject for n in Notice.objects.of(person).unread()] == ["隐患已销号"]


HOSTILE = [
    "", "https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "javascript:alert(1)",
    "/\t/evil.example", "/ok\r\nLocation: //evil.example", " /x", "hazards/1/", "/a b", "/a\x00", "/x\n",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_an_address_outside_this_site_is_refused(url, person):
    with pytest.raises(ValueError, match="not a path within this site"):
        tell(person, url=url)


@pytest.mark.parametrize("url", [u for u in HOSTILE if "\x00" not in u])
def test_the_database_refuses_such_an_address_too(url, person):
    with pytest.raises(IntegrityError, match="notice_url_within_site"):
        Notice.objects.create(recipient=person, topic="t", subject="x", url=url)


@pytest.mark.parametrize("url", ["/", "/hazards/1/", "/ledger/?q=%E6%B6%88%E9%98%B2&page=2#row-7", "/搜索/"])
def test_an_address_within_this_site_is_taken_by_both(url, person):
    assert is_site_path(url)
    Notice.objects.create(recipient=person, topic="t", subject="x", url=url)


def test_a_delivery_ends_in_one_way_only(person, with_email):
    tell(person)
    with pytest.raises(IntegrityError, match="delivery_ends_one_way"), connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_delivery SET sent_at = now(), dead_at = now()")
