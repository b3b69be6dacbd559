"""The broker wiped and the broker hung, during acts and with the clocks running: it carries wake-ups, never facts.

Beat, worker, `manage.py tick` and web server are the real ones. FULL_BARS=1 for 500 acts and a minute of silence.
"""

import os
import signal
import time
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

from clocks import running
from clocks.models import Clock, Reminder
from notifications.models import Delivery, Notice
from tests.clocks.made import seed
from tests.reliability.acts import OF_A_STORY
from tests.reliability.processes import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

IS_FULL = bool(os.environ.get("FULL_BARS"))
STORIES, HUNG_SECONDS, REMINDERS = (20, 60, 50) if IS_FULL else (4, 2, 5)
P95 = 3.0  # seconds, while the broker hangs
_subjects = count(1_000_000)  # far from the hazards of the acts


def fall_due(cast, number: int) -> None:
    """Major matters that were due yesterday: from the next sweep on, the house and the county must hear of each."""
    today = timezone.localdate()
    running.start_many(
        Clock(
            kind="hazard", subject_id=next(_subjects), institution=cast.home, ladder_key="hazard_major", is_major=True,
            due_on=today - timedelta(days=1), started_on=today - timedelta(days=2), next_look_on=today,
            title="疏散通道堆放杂物", url="/hazards/1/",
        )
        for _ in range(number)
    )  # fmt: skip


def told_of_clocks() -> Counter:
    """How often each person was told of each clock."""
    return Counter(Notice.objects.filter(topic__startswith="clock:").values_list("recipient", "topic"))


def is_all_out() -> bool:
    owed = Clock.objects.filter(next_look_on__lte=timezone.localdate())
    return not owed.exists() and not Delivery.objects.filter(sent_at=None).exists()


@pytest.fixture
def ladders(transactional_db):
    seed()


def test_a_broker_wiped_and_hung_during_acts_costs_no_act_and_no_reminder(ladders, house, cast, acts, capsys):
    broker = house.broker
    fall_due(cast, 1)
    house.beat.start()
    house.start_tick()
    assert wait_until(lambda: Reminder.objects.count() == 2, 90)
    hear = {person for person, _ in told_of_clocks()}

    def wipe(before):
        acts.reached(before + OF_A_STORY)
        fall_due(cast, REMINDERS)
        broker.wipe()

    def hang(before):
        fall_due(cast, REMINDERS)
        broker.signal(signal.SIGSTOP)

    acts.play(STORIES)
    acts.play(STORIES, wipe)
    hung_at, before = time.monotonic(), len(acts.answers)
    acts.play(2 * STORIES, hang)
    time.sleep(max(0, HUNG_SECONDS - (time.monotonic() - hung_at)))
    hung_for = time.monotonic() - hung_at
    broker.signal(signal.SIGCONT)
    fall_due(cast, REMINDERS)
    acts.play(STORIES)
    ended = time.monotonic()
    if not IS_FULL:
        house.tick.nudge.set()
    assert wait_until(is_all_out, 150)
    drained = time.monotonic() - ended

    in_frost = sorted(answer.seconds for answer in acts.answers[before : before + 2 * STORIES * OF_A_STORY])
    p95 = in_frost[int(len(in_frost) * 0.95)]
    statuses, sent = Counter(answer.status for answer in acts.answers), house.mail_server.message_ids
    clocks = list(Clock.objects.filter(subject_id__gte=1_000_000))
    of_acts = Counter(
        Notice.objects.filter(topic__startswith="hazard:").values_list("recipient", "dedupe_key")
    )
    assert statuses == {302: 5 * STORIES * OF_A_STORY}
    assert house.web.errors == []
    assert of_acts == Counter(dict.fromkeys(acts.must_be_told, 1))
    assert told_of_clocks() == {(person, clock.topic): 1 for person in hear for clock in clocks}
    assert (len(clocks), Reminder.objects.count()) == (1 + 3 * REMINDERS, 2 * (1 + 3 * REMINDERS))
    assert sorted(sent) == sorted(
        f"<{key}@127.0.0.1>" for key in Delivery.objects.values_list("key", flat=True)
    )
    assert p95 <= P95
    with capsys.disabled():
        print(  # noqa: T201  (the measured figures are the point)
            f"\n{len(acts.answers)} acts, broker wiped and hung {hung_for:.0f} s: {dict(statuses)}; while hung p95"
            f" {p95:.2f} s, slowest {in_frost[-1]:.2f} s; {len(clocks)} clocks told of, {len(sent)} mails once each, all"
            f" out {drained:.0f} s after the last act; load {os.getloadavg()[0]:.1f}"
        )
