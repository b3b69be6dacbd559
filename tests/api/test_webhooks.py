"""变更推送: told in the act's own transaction, signed, retried, within the scope, and shown when it fails."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.accesses import issue_token, request_access, revoke, try_push
from hazards.actions import extending, supervising, voiding
from hazards.actions.lifecycle import issue, reject
from institutions.actions.accounts import disable
from institutions.enums import Role
from notifications import health, waking
from notifications.delivery import deliver_all
from notifications.enums import Channel
from notifications.models import Delivery, Dispatch, Subscriber
from notifications.rules import MAX_ATTEMPTS
from notifications.signing import secret_of, signature
from tests.api.hub import Hub
from tests.factories import (
    Cast,
    as_client,
    extension_asked,
    hazard_in,
    long_hazard,
    make_actor,
    make_place,
    register_hazard,
    supervised,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """Nobody is woken: the tests deliver themselves."""
    monkeypatch.setattr(waking, "breaker", waking.Breaker())
    waking.breaker.trip()


@pytest.fixture
def hub(settings):
    hub = Hub()
    settings.SUBSCRIBER_ORIGINS = [hub.origin]
    yield hub
    hub.stop()


@pytest.fixture
def cast():
    return Cast()


def listening(official, hub: Hub):
    """An access of the official's authority that is told of changes at the hub."""
    admin = make_actor(Role.SYSTEM_ADMIN, official.authority)
    access = request_access(
        by=admin, authority=official.authority, name="数据中台", operator="大数据局", purpose="汇入", scopes=["hazards:read"],
        last_day=timezone.localdate() + timedelta(days=30), push_url=hub.url,
    )  # fmt: skip
    issued = issue_token(access, by=official, issue_count=0)
    hub.secrets[issued.key_id] = issued.secret
    return issued.access


def told(hub: Hub) -> list[str]:
    return [said["event"] for said in hub.heard.values()]


def let_all_be_due():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_delivery SET due_at = statement_timestamp() - interval '1 second', leased_until = NULL WHERE sent_at IS NULL AND dead_at IS NULL AND dropped_at IS NULL")  # fmt: skip
        cursor.execute("UPDATE notifications_subscriber SET rests_until = NULL")


# --- what is told -----------------------------------------------------------------------------------------


def test_every_act_is_told_in_ids_and_codes_with_a_signature_that_holds(cast, hub):
    listening(cast.county, hub)
    hazard = hazard_in(cast, "closed")
    deliver_all()
    assert (told(hub), hub.forged) == (["register", "issue", "submit", "accept", "close"], 0)
    said = list(hub.heard.values())[-1]
    delivery = Delivery.objects.filter(channel=Channel.WEBHOOK).latest("id")
    at = timezone.localtime(hazard.events.latest("seq").at).isoformat()
    assert said == {
        "delivery": str(delivery.key), "event": "close", "hazard": hazard.pk, "number": hazard.number,
        "institution": cast.home.pk, "region": cast.place.county.code, "from": "verified", "to": "closed",
        "at": at, "version": 5,
    }  # fmt: skip


def test_acts_beside_the_status_are_told_too(cast, hub):
    hazard = extension_asked(cast, long_hazard(cast))
    major = long_hazard(cast, severity="major")
    registered = register_hazard(cast, issue_with=None)
    awaiting = hazard_in(cast, "awaiting_verification")
    listening(cast.county, hub)
    extending.refuse_extension(hazard, by=cast.county, reason="期限足够，按期完成")
    order = supervised(major, cast.county)
    supervising.revoke_supervision(order.hazard, by=cast.county, reason="下错了对象，撤销")
    voiding.void(registered, by=cast.county, reason="现场核实属于误报")
    reject(awaiting, by=cast.county, reason="没有改到位", due_on=timezone.localdate() + timedelta(days=5))
    deliver_all()
    assert told(hub) == [
        "refuse_extension",
        "place_under_supervision",
        "revoke_supervision",
        "void",
        "reject",
    ]


def test_what_is_rolled_back_was_never_told(cast, hub):
    listening(cast.county, hub)
    with pytest.raises(RuntimeError), transaction.atomic():
        register_hazard(cast)
        raise RuntimeError
    deliver_all()
    assert (hub.tries, Dispatch.objects.count()) == ([], 0)


def test_a_forged_or_old_message_does_not_hold(cast, hub):
    access = listening(cast.county, hub)
    key, body, now = access.subscriber.key_id, b'{"delivery": "1"}', str(int(timezone.now().timestamp()))
    headers = {"Yinhuan-Key": key, "Yinhuan-Timestamp": now}
    good = f"sha256={signature(secret_of(key), now, body)}"
    assert hub.is_ours(headers | {"Yinhuan-Signature": good}, body)
    assert not hub.is_ours(headers | {"Yinhuan-Signature": good}, body + b" ")
    assert not hub.is_ours(
        headers | {"Yinhuan-Signature": good, "Yinhuan-Timestamp": str(int(now) - 1)}, body
    )
    old = str(int(now) - 600)
    assert not hub.is_ours({"Yinhuan-Key": key, "Yinhuan-Timestamp": old, "Yinhuan-Signature": f"sha256={signature(secret_of(key), old, body)}"}, body)  # fmt: skip


# --- to whom ------------------------------------------------------------------------------------------------


def test_each_hears_of_its_own_region_alone(cast, settings):
    sibling, foreign = Cast(make_place(city=cast.place.city)), Cast(make_place(province=cast.place.province))
    hubs = {name: Hub() for name in ("county", "sibling", "city", "province")}
    settings.SUBSCRIBER_ORIGINS = [hub.origin for hub in hubs.values()]
    officials = {
        "county": cast.county,
        "sibling": sibling.county,
        "city": cast.city,
        "province": cast.province,
    }
    for name, hub in hubs.items():
        listening(officials[name], hub)
    made = {
        name: register_hazard(who).pk
        for name, who in (("own", cast), ("sibling", sibling), ("foreign", foreign))
    }
    deliver_all()
    heard = {name: {said["hazard"] for said in hub.heard.values()} for name, hub in hubs.items()}
    for hub in hubs.values():
        hub.stop()
    assert heard == {
        "county": {made["own"]}, "sibling": {made["sibling"]}, "city": {made["own"], made["sibling"]},
        "province": set(made.values()),
    }  # fmt: skip


def revoked(cast, access):
    revoke(access, by=cast.system_admin)


def left(cast, access):
    disable(cast.county.user, by=make_actor(Role.SECURITY_ADMIN, cast.place.county))


def issued_anew(cast, access):
    issue_token(access, by=cast.county2, issue_count=1)


def expired(cast, access):
    Subscriber.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("end", [revoked, left, issued_anew, expired])
def test_when_the_access_ends_nothing_more_is_told_nor_what_waits(cast, hub, end):
    access = listening(cast.county, hub)
    register_hazard(cast, by=cast.county2)
    end(cast, access)
    register_hazard(cast, by=cast.county2)
    hub.secrets.update({s.key_id: secret_of(s.key_id) for s in Subscriber.objects.all()})
    deliver_all()
    events = ["register", "issue"] if end is issued_anew else []  # the new key hears what came after it
    assert (told(hub), Delivery.objects.filter(channel="webhook", sent_at=None, dropped_at=None).count()) == (
        events,
        0,
    )


def test_only_addresses_of_the_operators_list_are_taken_and_sent_to(cast, hub, settings):
    for url in (
        "http://127.0.0.1/x",
        f"{hub.origin}0/x",
        f"http://u@127.0.0.1:{hub.port}/",
        "http://169.254.169.254/",
    ):
        hub.url = url
        with pytest.raises(ValidationError, match="只能填写以下来源"):
            listening(cast.county, hub)
    hub.url = f"{hub.origin}/yinhuan"
    listening(cast.county, hub)
    register_hazard(cast)
    settings.SUBSCRIBER_ORIGINS = ["https://elsewhere.example.gov.cn"]  # taken off the list meanwhile
    deliver_all()
    assert (hub.tries, Subscriber.objects.get().failed_at is not None) == ([], True)


# --- what it costs --------------------------------------------------------------------------------------------


def statements_of_registering(cast) -> int:
    with CaptureQueriesContext(connection) as asked:
        register_hazard(cast, evidence=[], no_photo_reason="夜间")
    return len(asked)


def test_acts_cost_nothing_without_origins_and_one_statement_without_subscribers(cast, settings):
    settings.SUBSCRIBER_ORIGINS = []
    statements_of_registering(cast)  # what is read once
    without = statements_of_registering(cast)
    settings.SUBSCRIBER_ORIGINS = ["https://hub.example.gov.cn"]
    # Registered and issued: two acts.
    assert statements_of_registering(cast) - without == 2
    assert Dispatch.objects.count() == 0


# --- when it fails ------------------------------------------------------------------------------------------------


def test_a_system_that_is_away_is_tried_again_and_then_hears_everything_once(cast, settings):
    hub = Hub()
    settings.SUBSCRIBER_ORIGINS = [hub.origin]
    listening(cast.county, hub)
    hub.stop()
    register_hazard(cast)
    for _ in range(3):
        deliver_all()
        let_all_be_due()
    waiting = Delivery.objects.filter(channel="webhook")
    assert [d.attempts for d in waiting] == [0, 0]  # an outage is no attempt: no message dies of it
    assert "no connection" in waiting.order_by("id").first().last_error
    back = Hub(hub.port)
    back.secrets = hub.secrets
    deliver_all()
    back.stop()
    assert (told(back), len(back.tries)) == (["register", "issue"], 2)


def test_a_crash_between_sending_and_marking_sends_the_same_id_again(cast, hub):
    listening(cast.county, hub)
    register_hazard(cast, issue_with=None)
    deliver_all()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_delivery SET sent_at = NULL WHERE channel = 'webhook'")
    deliver_all()
    assert (len(hub.tries), len(set(hub.tries)), len(hub.heard)) == (2, 1, 1)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 500])
def test_a_refused_message_is_tried_eight_times_then_shown_and_alarms_nobody(cast, hub, status):
    access = listening(cast.county, hub)
    hub.instead, hub.answer_headers = [status] * 20, {"Location": f"{hub.origin}/elsewhere"}
    register_hazard(cast, issue_with=None)
    for _ in range(MAX_ATTEMPTS + 2):
        deliver_all()
        let_all_be_due()
    delivery = Delivery.objects.get(channel="webhook")
    assert (len(hub.tries), delivery.dead_at is not None, delivery.last_error) == (8, True, f"HTTP {status}")
    assert health.vitals().deaths == 0
    page = as_client(cast.system_admin).get(f"/accesses/{access.pk}/").content.decode()
    assert (f"HTTP {status}" in page, "没有送到的" in page) == (True, True)


def test_a_system_that_says_it_is_gone_is_told_nothing_until_a_trial_arrives(cast, hub):
    access = listening(cast.county, hub)
    hub.instead = [410]
    register_hazard(cast, issue_with=None)
    deliver_all()
    hazard = register_hazard(cast, issue_with=None)
    deliver_all()
    assert len(hub.tries) == 1
    assert "对方不接收推送" in as_client(cast.system_admin).get(f"/accesses/{access.pk}/").content.decode()
    try_push(access, by=cast.system_admin)
    deliver_all()
    issue(hazard, by=cast.county, due_on=timezone.localdate() + timedelta(days=7), responsible_person="张三")
    deliver_all()
    assert told(hub) == ["trial", "issue"]


def test_one_that_is_away_delays_no_other_and_no_health(cast, hub, settings):
    gone = Hub()
    settings.SUBSCRIBER_ORIGINS = [gone.origin, hub.origin]
    listening(cast.county, gone)
    gone.stop()
    listening(cast.county2, hub)
    register_hazard(cast)
    deliver_all()
    assert told(hub) == ["register", "issue"]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_delivery SET due_at = due_at - interval '1 hour' WHERE sent_at IS NULL"
        )
    assert health.vitals().oldest_due_age is None


def test_what_could_not_be_sent_for_three_days_is_given_up(cast, hub):
    listening(cast.county, hub)
    register_hazard(cast, issue_with=None)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_dispatch SET created_at = created_at - interval '73 hours'")
    deliver_all()
    assert (hub.tries, Delivery.objects.filter(channel="webhook", dead_at__isnull=False).count()) == ([], 1)


def test_only_one_trial_at_a_time_and_none_where_there_is_no_push(cast, hub):
    access = listening(cast.county, hub)
    try_push(access, by=cast.system_admin)
    with pytest.raises(ValidationError, match="上一条测试消息"):
        try_push(access, by=cast.system_admin)
    response = as_client(cast.system_admin).post(f"/accesses/{access.pk}/try/", follow=True)
    assert "上一条测试消息" in response.content.decode()
