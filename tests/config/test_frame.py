"""What the frame around every page costs, and that it never says what was true a request ago."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import frame
from institutions.models import Membership, User
from notifications.duties import DUTIES
from notifications.heartbeat import SWEEP, beat
from notifications.models import Heartbeat
from notifications.outbox import notify
from tests.factories import Cast, UserFactory, as_client
from tests.workdays.made import seed_calendar

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def statements(client, url: str) -> list[str]:
    """What a page asks the database when it is opened again: the first time notes that the session was seen."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_a_page_that_asks_nothing_costs_four_statements(cast):
    for actor in (cast.county, cast.province, cast.manager, cast.system_admin, cast.liaison):
        session, person, read_only, around = statements(as_client(actor), "/me/")
        assert ("django_session" in session, "institutions_membership" in person) == (True, True)
        assert (read_only, "notifications_notice" in around) == ("SET TRANSACTION READ ONLY", True)


def test_somebody_without_a_post_costs_one_more(client):
    client.force_login(UserFactory(must_change_password=False))
    assert len(statements(client, "/me/")) == 5


def test_staff_see_the_machine_and_the_calendar_and_institutions_their_bell(cast):
    seed_calendar()
    for actor in (cast.county, cast.manager):
        notify(recipients=[actor.user.pk], subject="甲", body="", url="/", topic="甲:1")
    today = date(2026, 11, 22)
    seen = frame.look(cast.county.user, cast.county, today)
    assert (seen.unread, [banner["tone"] for banner in seen.banners][-2:]) == (1, ["danger", "warning"])
    assert frame.look(cast.manager.user, cast.manager, today) == (1, [])
    assert frame.look(cast.liaison.user, cast.liaison, today) == (0, [])


def test_a_banner_is_gone_with_the_next_page(cast):
    client = as_client(cast.county)
    assert "后台定时任务还没有运行过" in client.get("/me/").text
    for duty in (SWEEP, *DUTIES):
        beat(duty)
    assert 'class="banner banner-danger"' not in client.get("/me/").text
    Heartbeat.objects.filter(name="clocks").update(beat_at=timezone.now() - timezone.timedelta(minutes=6))
    assert "期限提醒已停止 6 分钟" in client.get("/me/").text


def test_what_was_revoked_or_closed_holds_with_the_next_page(cast):
    client, post = as_client(cast.county), cast.county.membership
    assert client.get("/ledger/").status_code == 200
    Membership.objects.filter(pk=post.pk).update(is_active=False)
    assert client.get("/ledger/").status_code == 403
    Membership.objects.filter(pk=post.pk).update(is_active=True)
    assert client.get("/ledger/").status_code == 200
    User.objects.filter(pk=cast.county.user.pk).update(is_active=False)
    assert client.get("/ledger/").status_code == 302


def test_a_changed_password_ends_a_session_although_the_person_is_read_with_the_posts(cast):
    client = as_client(cast.county)
    cast.county.user.set_password("Andere-2026-Wort")
    cast.county.user.save(update_fields=["password"])
    assert client.get("/ledger/").status_code == 302
