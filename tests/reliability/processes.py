"""The real web server and the real worker on the test's database, to be killed in the middle."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from ops import servers
from ops.supervise import end_group, spawn

GUNICORN = (
    "gunicorn config.wsgi --worker-class gthread --workers 2 --threads 4 --timeout 60 --no-control-socket"
)
CELERY = "celery -A config worker -c 2 --loglevel WARNING --without-gossip --without-mingle"


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        if condition():
            return True
        time.sleep(0.05)
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
