"""An extension or a close racing the sweep: nothing for the old date is left to be said once both have committed.

12 races here, 200 with CLOCKS_BARS=full.
"""

import os
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from clocks import running
from clocks.models import Clock, Digest, Draft, PendingLine
from clocks.sweep import sweep
from notifications.delivery import deliver_due
from notifications.enums import Channel
from notifications.models import Notice
from tests.clocks.made import DUE, at, major, seed, start_clock
from tests.factories import Cast
from tests.notifications.conftest import let_back_offs_end

RACES = 200 if os.environ.get("CLOCKS_BARS") == "full" else 12
LATER = DUE + timedelta(days=90)


def at_once(*acts) -> None:
    """Run each act in a thread of its own, all let go at the same moment. Raises what one of them raised."""
    gate, faults = threading.Barrier(len(acts)), []

    def run(act):
        try:
            gate.wait()
            act()
        except Exception as fault:  # told to the test below
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


@pytest.fixture
def cast(transactional_db, settings):
    settings.EMAIL_ENABLED = True
    seed()
    cast = Cast()
    for actor in (cast.manager, cast.county, cast.city):
        actor.user.email = f"{actor.user.username}@example.com"
        actor.user.save(update_fields=["email"])
    return cast


def extend(clock):
    start_clock(
        clock.institution, subject_id=clock.subject_id, due_on=LATER, started_on=DUE, ladder_key=clock.ladder_key,
        is_major=clock.is_major,
    )  # fmt: skip


def close(clock):
    with transaction.atomic():
        running.stop(kind=clock.kind, subject_id=clock.subject_id)


def deliver_now(moment) -> int:
    """Sweep once more, let everything be due, deliver; how many messages left."""
    mail.outbox = []
    sweep(moment)
    let_back_offs_end()
    deliver_due(Channel.EMAIL)
    return len(mail.outbox)


def test_after_an_extension_or_a_close_nothing_is_said_of_the_old_date(cast):
    late, wrong = at(DUE + timedelta(days=8)), []
    for race in range(RACES):
        act, make = (extend, close)[race % 2], (start_clock, major)[race // 2 % 2]
        clock = make(cast.home)
        Digest.objects.all().delete()
        Notice.objects.update(dedupe_key="")
        at_once(lambda: sweep(late), lambda clock=clock, act=act: act(clock))
        deliver_now(late)
        clock.refresh_from_db()
        owed = (
            Notice.objects.filter(topic=clock.topic).unread().count(),
            PendingLine.objects.filter(clock=clock).count(),
            Draft.objects.waiting().filter(clock=clock).count(),
            len(mail.outbox),
        )
        if owed != (0, 0, 0, 0):
            wrong.append((race, owed))
    assert wrong == []
    assert Clock.objects.exclude(kind="drill").count() == RACES
    Digest.objects.all().delete()
    Notice.objects.filter(dedupe_key__startswith="digest:").update(dedupe_key="")
    start_clock(cast.home)
    assert deliver_now(late) == 3  # and what still stands does leave the house


def test_two_sweeps_at_once_tell_each_person_once(cast):
    for make in (start_clock, major):
        make(cast.home)
    late = at(DUE + timedelta(days=1))
    at_once(*[lambda: sweep(late)] * 4)
    assert Digest.objects.count() == 4
    assert Notice.objects.filter(recipient=cast.manager.user).count() == 2
