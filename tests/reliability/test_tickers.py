"""Both tickers really stopped: deep health and the pages of staff say so, and stop saying so when one is back.

beat with its worker, and `manage.py tick` in a loop as the systemd timer runs it; all killed by pid. With FULL_BARS=1
the five minutes are really waited for (about 20 minutes in all); the suite sets the signs of life back instead.
"""

import os
import time

import pytest
from django.db import connection
from django.db.models import F

from notifications.models import Heartbeat
from notifications.rules import SWEEP_SILENT_AFTER
from tests.clocks.made import seed
from tests.reliability.people import Person
from tests.reliability.processes import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

IS_FULL = bool(os.environ.get("FULL_BARS"))
NOTICED_WITHIN, CLEARED_WITHIN = 300, 120  # seconds
EVERY = 0.5 if IS_FULL else 0.05  # seconds from look to look
STOPPED = "已停止"


def pass_silence() -> float:
    """The moment from which nobody gives a sign of life; but for the full bar it lies the limit back already."""
    began = time.monotonic()
    if not IS_FULL:
        Heartbeat.objects.update(beat_at=F("beat_at") - SWEEP_SILENT_AFTER)
    return began


def kill_celery(house) -> None:
    house.beat.kill()
    house.worker.kill()


def stays_well(house, sees_banner) -> set:
    """What health and the page said while one ticker was dead for longer than the limit."""
    said, stop_at = set(), pass_silence() + (SWEEP_SILENT_AFTER.total_seconds() + 45 if IS_FULL else 0)
    if not IS_FULL:  # its minute comes now
        house.tick.nudge.set()
        assert wait_until(lambda: house.health() == 200, 30)
    while not said or time.monotonic() < stop_at:
        said.add((house.health(), sees_banner()))
        time.sleep(2 if IS_FULL else 0)
    return said


def test_only_when_both_tickers_are_dead_is_it_said_and_only_until_one_is_back(house, cast, capsys):
    seed()
    house.web.start()
    page = Person(house.web.url, cast.county)
    connection.close()

    def sees_banner() -> bool:
        return STOPPED in page.get("/").text

    def is_told() -> bool:
        return house.health() == 503 and sees_banner()

    def is_clear() -> bool:
        return house.health() == 200 and not sees_banner()

    house.beat.start()
    house.start_worker()
    house.start_tick()
    assert wait_until(house.tick.is_at_work, 30)
    assert wait_until(is_clear, 30)

    kill_celery(house)
    without_celery = stays_well(house, sees_banner)

    house.tick.stop()
    killed_at = pass_silence()
    assert wait_until(is_told, NOTICED_WITHIN + 30, EVERY)
    noticed = time.monotonic() - killed_at

    started_at = time.monotonic()
    for program in (house.worker, house.beat):
        program.start()
    assert wait_until(is_clear, CLEARED_WITHIN + 30, EVERY), house.worker.words
    cleared_by_celery = time.monotonic() - started_at
    without_tick = stays_well(house, sees_banner) if IS_FULL else {(200, False)}

    kill_celery(house)
    pass_silence()
    assert wait_until(is_told, NOTICED_WITHIN + 30, EVERY)
    started_at = time.monotonic()
    house.start_tick()
    assert wait_until(is_clear, CLEARED_WITHIN + 30, EVERY)
    cleared_by_tick = time.monotonic() - started_at
    page.close()

    assert (without_celery, without_tick) == ({(200, False)}, {(200, False)})
    assert noticed <= NOTICED_WITHIN
    assert max(cleared_by_celery, cleared_by_tick) <= CLEARED_WITHIN
    with capsys.disabled():
        print(  # noqa: T201  (the measured figures are the point)
            f"\nboth tickers killed: 503 and banner {noticed:.0f} s later; clear {cleared_by_celery:.0f} s after beat and"
            f" worker, {cleared_by_tick:.0f} s after tick; one alone: {sorted(without_celery | without_tick)};"
            f" load {os.getloadavg()[0]:.1f}"
        )
