"""Four deliverers on one backlog, killed at random: nothing lost, no more doubles than kills, and drained in time.

The full bar (3,000 messages, 25 kills, real leases) is run with FULL_BARS=1; the suite runs a small one.
"""

import os
import random
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection
from django.utils import timezone

from notifications.enums import Channel
from notifications.models import Delivery
from notifications.outbox import Message, notify_each
from notifications.rules import LEASE
from tests.factories import UserFactory
from tests.notifications.conftest import let_leases_end, process_environment
from tests.notifications.gateways import SmsGateway
from tests.notifications.smtp import StandInMailServer
from tests.reliability.processes import Ticker, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

IS_FULL = bool(os.environ.get("FULL_BARS"))
MESSAGES, KILLS = (3000, 25) if IS_FULL else (300, 5)
DELIVERERS = 4
DRAINED_WITHIN = 60  # seconds, but for what a killed deliverer had in hand
RECOVERED_WITHIN = 120  # seconds after the kill
EVERY = 30  # seconds between two sweeps of one ticker, as beat's


@contextmanager
def tickers(environment):
    running = [Ticker(environment, EVERY) for _ in range(DELIVERERS)]
    for ticker in running:
        ticker.start()
    try:
        yield running
    finally:
        for ticker in running:
            ticker.stop()


def backlog(count: int) -> None:
    """One short message to each of `count` people."""
    people = UserFactory._meta.model.objects.bulk_create(
        UserFactory.build(phone=f"138{n:08d}", password="!") for n in range(count)
    )
    notify_each(
        Message(
            recipient=person.pk, subject="今日待办", body="", url="/", topic="digest", channels=(Channel.SMS,)
        )
        for person in people
    )


def unsent():
    return Delivery.objects.filter(sent_at=None)


class Watch:
    """When each message that stayed in a dead hand was claimed, and when the deliverers were killed."""

    def __init__(self, running: list[Ticker]):
        self.running, self.random = running, random.Random(20261122)
        self.claimed: dict[int, datetime] = {}
        self.kills: list[datetime] = []

    def look(self) -> None:
        """Note what is in hand; called often enough to see every claim that outlives its deliverer."""
        for pk, until in unsent().exclude(leased_until=None).values_list("pk", "leased_until"):
            self.claimed.setdefault(pk, until - LEASE)

    def wait_until(self, condition, seconds: float) -> bool:
        return wait_until(lambda: self.look() or condition(), seconds)

    def strike(self) -> None:
        """SIGKILL to one of those at work."""
        at_work = [ticker for ticker in self.running if ticker.is_at_work()]
        self.random.choice(at_work).process.kill()
        self.kills.append(timezone.now())

    def recoveries(self) -> list[float]:
        """Seconds from the kill to the sending, of each message that was in hand."""
        again = Delivery.objects.filter(attempts__gt=1).values_list("pk", "sent_at")
        killed = {pk: min(k for k in self.kills if k > self.claimed[pk]) for pk, _ in again}
        return [(sent_at - killed[pk]).total_seconds() for pk, sent_at in again]


def test_nothing_is_lost_and_little_doubled_while_deliverers_are_killed(settings, capsys):
    gateway, mail_server = SmsGateway(), StandInMailServer()
    gateway.seconds_per_message = 0.02
    url = f"{gateway.origin}/send"
    settings.SMS_URL = url
    backlog(MESSAGES)
    assert unsent().count() == MESSAGES

    class NoBroker:
        url = "redis://127.0.0.1:1/0"

    environment = process_environment(NoBroker, mail_server) | {"SMS_URL": url, "EMAIL_URL": ""}
    connection.close()
    began = time.monotonic()
    with tickers(environment) as running:
        watch = Watch(running)
        for n in range(1, KILLS + 1):  # spread over the whole backlog
            went_out = n * MESSAGES // (KILLS + 2)
            assert watch.wait_until(lambda least=went_out: MESSAGES - unsent().count() >= least, 120)
            watch.strike()
        # What is left then lies in dead hands; not free before their leases end.
        assert watch.wait_until(lambda: not unsent().filter(leased_until=None).exists(), 120)
        drained = time.monotonic() - began
        if not IS_FULL:
            time.sleep(1)
            let_leases_end()
            for ticker in running:
                ticker.nudge.set()
        assert watch.wait_until(lambda: not unsent().exists(), LEASE.total_seconds() + EVERY + 30)

    keys = {str(key) for key in Delivery.objects.values_list("key", flat=True)}
    arrived, recoveries = Counter(gateway.keys), watch.recoveries()
    doubles = sum(arrived.values()) - len(arrived)
    gateway.stop()
    mail_server.stop()

    assert (len(keys), keys - set(arrived), set(arrived) - keys) == (MESSAGES, set(), set())
    assert doubles <= len(recoveries) <= KILLS
    assert drained <= DRAINED_WITHIN
    assert max(recoveries, default=0) <= RECOVERED_WITHIN
    with capsys.disabled():
        print(  # noqa: T201  (the measured figures are the point)
            f"\n{MESSAGES} messages, {DELIVERERS} deliverers, {KILLS} SIGKILLs: lost 0, twice {doubles}; drained in"
            f" {drained:.1f} s ({MESSAGES / drained:.0f}/s); {len(recoveries)} were in hand, recovered at most"
            f" {max(recoveries, default=0):.1f} s after the kill"
        )
