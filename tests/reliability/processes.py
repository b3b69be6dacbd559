"""The real programs of the product on the test's database, to be killed in the middle."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from notifications.models import Heartbeat
from ops import servers
from ops.supervise import end_group, spawn
from tests.notifications.conftest import Broker, process_environment
from tests.notifications.smtp import StandInMailServer

GUNICORN = (
    "gunicorn config.wsgi --worker-class gthread --workers 2 --threads 4 --timeout 60 --no-control-socket"
)
CELERY = "celery -A config worker -c 2 --loglevel WARNING --without-gossip --without-mingle"


def wait_until(condition: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Whether `condition` came true within `seconds`; asked `every` so many."""
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        if condition():
            return True
        time.sleep(every)
    return False


class Running:
    """A program of the product in a process group of its own; `log` has what it said, over all its lives."""

    def __init__(self, command: str, environment: dict[str, str], log: Path):
        self.command, self.environment, self.log = command, environment, log
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", *self.command.split()]
        self.process = spawn(words, environment=self.environment, log=self.log, cwd=settings.BASE_DIR)

    def kill(self) -> None:
        """SIGKILL to the whole group: no goodbye, no clean-up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            end_group(self.process, 3)

    @property
    def words(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


class Web(Running):
    """gunicorn as it is deployed; `start` returns once it answers."""

    def __init__(self, environment: dict[str, str], log: Path):
        port = servers.free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(f"{GUNICORN} --bind 127.0.0.1:{port}", environment, log)

    def start(self) -> None:
        super().start()
        assert wait_until(self._answers, 30), self.words

    def _answers(self) -> bool:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with suppress(OSError), direct.open(f"{self.url}/healthz/live", timeout=2) as response:
            return response.status == 200
        return False

    @property
    def errors(self) -> list[str]:
        """Log lines of level ERROR: what a person saw as a 500."""
        return re.findall(r'.*"level": "ERROR".*', self.words)


class Worker(Running):
    """The Celery worker; it sweeps as soon as it is ready."""

    def __init__(self, environment: dict[str, str], log: Path):
        super().__init__(CELERY, environment, log)


class Beat(Running):
    """celery beat; `app` with another schedule than the product's, when a test cannot wait for it."""

    def __init__(self, environment: dict[str, str], log: Path, app: str = "config"):
        super().__init__(f"celery -A {app} beat -s {log.with_suffix('.schedule')}", environment, log)


class Ticker(threading.Thread):
    """`manage.py tick` again and again: at once after it was killed, else every so many seconds, or when nudged."""

    def __init__(self, environment: dict[str, str], every: float):
        super().__init__(daemon=True)
        self.environment, self.every = environment, every
        self.process: subprocess.Popen | None = None
        self.nudge, self.is_over = threading.Event(), False

    def run(self):
        while not self.is_over:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "tick"],
                env=self.environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if self.process.wait() == 0:
                self.nudge.wait(self.every)
                self.nudge.clear()

    def is_at_work(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """SIGKILL, and never again."""
        self.is_over = True
        self.nudge.set()
        while self.is_alive():
            if self.is_at_work():
                self.process.kill()
            self.join(0.1)


class House:
    """Everything that runs: web, broker, mail server; the worker with beat, and the second ticker."""

    TICK_EVERY = 60  # seconds, as hazards-tick.timer

    def __init__(self, folder: Path, static_root: Path):
        self.broker, self.mail_server = Broker(folder / "valkey"), StandInMailServer()
        self.environment = process_environment(self.broker, self.mail_server) | {
            "STATIC_ROOT": str(static_root)
        }
        self.web = Web(self.environment, folder / "web.log")
        self.worker = Worker(self.environment, folder / "worker.log")
        self.beat = Beat(self.environment, folder / "beat.log")
        self.tick: Ticker | None = None

    def start_worker(self) -> None:
        """Start the worker and wait for its first sweeps."""
        Heartbeat.objects.all().delete()
        self.worker.start()
        assert wait_until(self._is_swept, 30), self.worker.words

    def _is_swept(self) -> bool:
        return set(Heartbeat.objects.values_list("name", flat=True)) >= {"sweep", "clocks"}

    def start_tick(self) -> None:
        self.tick = Ticker(self.environment, self.TICK_EVERY)
        self.tick.start()

    def health(self) -> int:
        """What deep health answers."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"{self.web.url}/healthz/deep", timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def stop(self) -> None:
        if self.tick:
            self.tick.stop()
        for program in (self.beat, self.worker, self.web):
            program.stop()
        self.broker.stop()
        self.mail_server.stop()
