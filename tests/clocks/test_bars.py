"""The bars of reliability: small here, at full size with CLOCKS_BARS=full (figures in docs/adr/0021)."""

import os
import time
from datetime import date, timedelta

import pytest
from django.db.models import Count
from django.utils import timezone

from clocks import schedule
from clocks.models import Clock, Digest, PendingLine, Reminder
from clocks.sweep import record_due, sweep
from notifications.models import Heartbeat, Notice
from tests.clocks.made import at, seed
from tests.clocks.sweepers import in_processes
from tests.clocks.volume import make_clocks, make_people
from tests.notifications.conftest import Broker, process_environment
from tests.notifications.smtp import StandInMailServer
from tests.reliability.processes import Beat, Worker, wait_until

IS_FULL = os.environ.get("CLOCKS_BARS") == "full"
TODAY = date(2026, 11, 23)

pytestmark = pytest.mark.processes


@pytest.fixture
def province(transactional_db, request):
    seed()
    make_people(100 if IS_FULL else 5)


def say(capsys, words: str) -> None:
    if IS_FULL:
        with capsys.disabled():
            print(f"\n    {words}")  # noqa: T201  (the measured figures are the point)


def test_ten_days_without_a_ticker_record_every_rung_and_tell_everybody_once(province, capsys):
    count = 60_000 if IS_FULL else 1_500
    make_clocks(
        count,
        first_due=TODAY - timedelta(days=20),
        days=40,
        started=date(2026, 10, 1),
        look=date(2026, 10, 1),
    )
    while record_due(TODAY - timedelta(days=10), at(TODAY - timedelta(days=10)))[0]:
        pass
    PendingLine.objects.all().delete()
    before, notices = Reminder.objects.count(), Notice.objects.count()
    began = time.monotonic()
    while sweep(at(TODAY)):
        pass
    took = time.monotonic() - began
    late = Reminder.objects.filter(rung_on__gt=TODAY - timedelta(days=10))
    say(
        capsys,
        f"{count} clocks, 10 days: {Reminder.objects.count() - before} rungs, {Notice.objects.count() - notices} notices, "
        f"{Digest.objects.count()} digests in {took:.1f} s",
    )
    told = late.exclude(outcome="superseded").values("clock", "audience").annotate(n=Count("pk"))
    assert told.filter(n__gt=1).count() == 0
    assert Clock.objects.filter(next_look_on__lte=TODAY).count() == 0
    assert owed_and_unrecorded() == 0
    assert Digest.objects.values("recipient").annotate(n=Count("pk")).filter(n__gt=1).count() == 0
    assert Digest.objects.count() > 0
    assert PendingLine.objects.count() == 0
    assert took <= (15 if IS_FULL else 5)


def owed_and_unrecorded(today: date = TODAY) -> int:
    """Rungs whose day has come and that stand nowhere: computed without next looks, batches or locks."""
    clocks = Clock.objects.values_list("id", "ladder_key", "due_on", "started_on")
    moments = schedule.moments({(key, due) for _, key, due, _ in clocks})
    owed = {
        (pk, m.code)
        for pk, key, due, started in clocks
        for m in moments[key, due]
        if started < m.rung_on <= today
    }
    return len(owed ^ set(Reminder.objects.values_list("clock_id", "rung_code")))


def test_six_sweepers_at_once_twenty_times_record_each_rung_once(province, capsys):
    count, rounds = (200_000, 20) if IS_FULL else (2_000, 3)
    make_clocks(count, first_due=TODAY - timedelta(days=10), days=60, started=date(2026, 10, 1), look=TODAY)
    took = in_processes(6, [at(TODAY + timedelta(days=n)) for n in range(rounds)])
    last = TODAY + timedelta(days=rounds - 1)
    total = Reminder.objects.count()
    distinct = Reminder.objects.values("clock", "rung_code", "due_on").distinct().count()
    times = []
    for _ in range(5):
        began = time.monotonic()
        sweep(at(last))
        times.append(time.monotonic() - began)
    steady = sorted(times)[2]
    say(
        capsys,
        f"{count} clocks, 6 sweepers × {rounds}: {total} rungs, {distinct} distinct; slowest round {max(took):.1f} s; "
        f"steady sweeps {[round(t * 1000) for t in times]} ms",
    )
    assert (total, Clock.objects.filter(next_look_on__lte=last).count()) == (distinct, 0)
    assert steady <= 0.5


@pytest.fixture
def two_beats(tmp_path, transactional_db):
    """Two real beats that ask every second, and the worker that sweeps for them."""
    broker, mail_server = Broker(tmp_path / "valkey"), StandInMailServer()
    environment = process_environment(broker, mail_server)
    worker = Worker(environment, tmp_path / "worker.log")
    beats = [Beat(environment, tmp_path / f"beat{n}.log", "tests.clocks.quick_beat") for n in (1, 2)]
    yield lambda: [program.start() for program in (worker, *beats)]
    for program in (*beats, worker):
        program.stop()
    broker.stop()
    mail_server.stop()


def test_four_sweepers_and_two_beats_at_once_record_each_rung_once(province, two_beats, capsys):
    """Each round brings new clocks that owe something this very day, so that beats and sweepers meet in all of them."""
    (share, rounds), today = (10_000, 20) if IS_FULL else (500, 2), timezone.localdate()
    facts = {
        "first_due": today - timedelta(days=10),
        "days": 60,
        "started": today - timedelta(days=60),
        "look": today,
    }
    two_beats()
    assert wait_until(Heartbeat.objects.filter(name="clocks").exists, 60)

    def bring_more(number: int) -> None:
        latest = Heartbeat.objects.get(name="clocks").beat_at  # the sweepers rest: this one was a beat's
        assert wait_until(Heartbeat.objects.filter(name="clocks", beat_at__gt=latest).exists, 30)
        make_clocks(share, first_id=number * share + 1, **facts)

    took = in_processes(4, [at(today, 12)] * rounds, before_each=bring_more)
    assert wait_until(lambda: not Clock.objects.filter(next_look_on__lte=today).exists(), 60)
    total = Reminder.objects.count()
    distinct = Reminder.objects.values("clock", "rung_code", "due_on").distinct().count()
    times = []
    for _ in range(5):
        began = time.monotonic()
        sweep(at(today, 12))
        times.append(time.monotonic() - began)
    steady = sorted(times)[2]
    say(
        capsys,
        f"{rounds} × {share} clocks, 4 sweepers and 2 beats: {total} rungs, {distinct} distinct; slowest round "
        f"{max(took):.1f} s; steady sweeps {[round(t * 1000) for t in times]} ms; load {os.getloadavg()[0]:.1f}",
    )
    of_hazards = Clock.objects.filter(kind="hazard").count()  # each house has one of its drills, too
    assert (of_hazards, total, owed_and_unrecorded(today)) == (rounds * share, distinct, 0)
    assert steady <= 0.5
