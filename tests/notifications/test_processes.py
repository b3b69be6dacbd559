"""Real worker, real broker, real SMTP: killed or frozen in the middle, nothing is lost and nobody waits long."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from notifications import waking
from notifications.delivery import sweep
from notifications.duties import DUTIES
from notifications.models import Delivery, Heartbeat, Notice
from tests.factories import UserFactory
from tests.notifications.conftest import let_leases_end, process_environment, tell

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


class Worker:
    """A real Celery worker with two processes, in a process group of its own."""

    def __init__(self, environment: dict[str, str]):
        command = "-m celery -A config worker -c 2 --loglevel WARNING --without-gossip --without-mingle"
        self.process = subprocess.Popen(
            [sys.executable, *command.split()],
            env=environment,
            cwd=settings.BASE_DIR,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out: no goodbye, no clean-up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running_worker(environment):
    worker = Worker(environment)
    try:
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.kill()


def wait_until(condition, seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        if condition():
            return True
        time.sleep(0.05)
    return False


def unsent() -> int:
    return Delivery.objects.filter(sent_at=None).count()


def timed(act) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def test_two_hundred_acts_while_worker_and_broker_are_killed_lose_nothing(broker, mail_server):
    people = [UserFactory(email=f"p{n}@example.com") for n in range(4)]
    environment = process_environment(broker, mail_server)
    mail_server.seconds_per_message = 0.02
    durations = []

    def act(numbers):
        for n in numbers:
            durations.append(timed(partial(tell, people[n % 4], topic=f"hazard:{n}")))
            time.sleep(0.01)

    with running_worker(environment) as worker:
        assert wait_until(Heartbeat.objects.exists, 20)  # a worker that starts sweeps at once
        act(range(80))
        assert wait_until(lambda: len(mail_server.taken) > 20, 20)
        worker.kill()
        act(range(80, 140))
        broker.kill()
        act(range(140, 200))
    assert unsent() > 0
    let_leases_end()  # instead of waiting for the minute to pass
    broker.restart()
    with running_worker(environment):
        assert wait_until(lambda: unsent() == 0, 30)

    assert Notice.objects.count() == 200
    expected = {f"<{key}@127.0.0.1>" for key in Delivery.objects.values_list("key", flat=True)}
    assert (len(expected), set(mail_server.message_ids)) == (200, expected)
    doubles = len(mail_server.message_ids) - 200
    assert doubles <= 2  # one for each sending process that was killed
    assert max(durations) < 3


def test_a_living_worker_is_woken_again_after_the_broker_was_killed_and_restarted(
    person, broker, mail_server, fresh_breaker
):
    with running_worker(process_environment(broker, mail_server)):
        assert wait_until(Heartbeat.objects.exists, 20)
        broker.kill()
        tell(person)
        broker.restart()
        fresh_breaker.open_until = 0.0
        tell(person)  # wakes the worker for both
        assert wait_until(lambda: unsent() == 0, 20)
    assert len(mail_server.taken) == 2


def test_a_hung_broker_delays_one_act_a_little_and_fails_none(person, broker, mail_server, fresh_breaker):
    tell(person)  # the connection is open and warm
    assert fresh_breaker.failures == 0
    broker.signal(signal.SIGSTOP)
    durations = [timed(lambda: tell(person)) for _ in range(5)]
    assert durations[0] < 3
    assert max(durations[1:]) < 0.2
    assert fresh_breaker.failures == 1
    assert sweep() == 6
    assert len(mail_server.taken) == 6


def test_a_hung_broker_met_by_eight_threads_at_once_holds_none_longer(broker, mail_server):
    people = [UserFactory(email=f"p{n}@example.com") for n in range(8)]
    broker.signal(signal.SIGSTOP)
    durations = []

    def work(person):
        durations.append(timed(lambda: tell(person)))
        connection.close()

    threads = [threading.Thread(target=work, args=[p]) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(durations) == 8
    assert max(durations) < 3
    assert sweep() == 8


def test_with_the_broker_down_the_sweep_delivers(person, broker, mail_server, fresh_breaker):
    broker.kill()
    assert timed(lambda: tell(person)) < 1
    assert fresh_breaker.failures == 1
    assert mail_server.taken == []
    assert sweep() == 1
    assert [address for address, _ in mail_server.taken] == [person.email]


def test_after_the_pause_publishing_is_tried_again(person, broker, mail_server, fresh_breaker):
    broker.kill()
    tell(person)
    tell(person)
    assert fresh_breaker.failures == 1
    broker.restart()
    fresh_breaker.open_until = 0.0
    tell(person)
    assert (fresh_breaker.failures, queued()) == (1, 1)


def test_a_wake_up_reaches_the_broker_from_any_thread(person, broker, mail_server):
    thread = threading.Thread(target=waking.wake)
    thread.start()
    thread.join()
    assert queued() == 1


def queued() -> int:
    with current_app.connection_for_read() as link:
        return link.default_channel.client.llen("celery")


def test_the_tick_command_sweeps_without_worker_or_broker(person, broker, mail_server):
    tell(person)
    broker.kill()
    environment = process_environment(broker, mail_server)
    done = subprocess.run(
        [sys.executable, "manage.py", "tick"],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().startswith("已处理：提醒 0，消息 1，统计变动 0，")
    assert len(mail_server.taken) == 1
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"sweep", *DUTIES}


def test_tickers_killed_in_mid_sentence_lose_nothing_and_double_at_most_one_message_each(broker, mail_server):
    tell(*[UserFactory(email=f"p{n}@example.com") for n in range(12)])
    mail_server.seconds_per_message = 0.05
    environment = process_environment(broker, mail_server)
    for kill in range(1, 4):
        ticker = subprocess.Popen(
            [sys.executable, "manage.py", "tick"], env=environment, cwd=settings.BASE_DIR
        )
        assert wait_until(lambda at_least=2 * kill: len(mail_server.taken) >= at_least, 20)
        ticker.kill()
        ticker.wait()
        let_leases_end()
    sweep()
    expected = {f"<{key}@127.0.0.1>" for key in Delivery.objects.values_list("key", flat=True)}
    assert set(mail_server.message_ids) == expected
    assert len(mail_server.message_ids) - len(expected) <= 3
    assert unsent() == 0
