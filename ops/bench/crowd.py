"""Five people at once on dashboard, list and detail, at the real web server, against one person alone."""

import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from hazards.models import Hazard
from institutions.actor import Actor
from institutions.enums import Role
from ops.bench.cast import Browser, posts
from ops.bench.effort import Effort
from ops.bench.pages import DASHBOARD, LEDGER
from ops.bench.rows import Row
from ops.bench.timing import percentile
from ops.servers import free_port
from ops.supervise import end_group, spawn

_TO_ALONE = 3
_READING = (0.5, 1.5)  # seconds somebody in a hurry looks at a page before the next
_PEOPLE = (
    Role.PROVINCE_OFFICIAL,
    Role.CITY_OFFICIAL,
    Role.CITY_OFFICIAL,
    Role.COUNTY_OFFICIAL,
    Role.COUNTY_OFFICIAL,
)
# As the demo runs it (ops/demo.py), which is what this machine has processors for.
_SERVE = (
    "-m gunicorn config.wsgi --bind 127.0.0.1:{port} --worker-class gthread --workers 2 --threads 4 --timeout 60"
    " --graceful-timeout 2 --no-control-socket"
)
_STARTS_WITHIN = 60  # seconds
Spent = dict[str, list[float]]


class Person:
    """Somebody at a browser of their own, on one connection that is kept."""

    def __init__(self, actor: Actor, port: int):
        detail = Hazard.objects.visible_to(actor).order_by("-found_on", "-id").values_list("pk", flat=True)[0]
        self._headers = {"Cookie": Browser(actor).cookies}
        self._pages = {"统计": DASHBOARD, "台账": LEDGER, "详情": f"/hazards/{detail}/"}
        self._port = port

    def visit(self, rounds: int, spent: Spent, *, is_reading: bool) -> None:
        """Every page in turn, read for a moment or as fast as they come. Raises ValueError for anything but 200."""
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        for _ in range(rounds):
            for name, path in self._pages.items():
                if is_reading:
                    time.sleep(random.uniform(*_READING))
                began = time.perf_counter()
                link.request("GET", path, headers=self._headers)
                response = link.getresponse()
                response.read()
                spent[name].append((time.perf_counter() - began) * 1000)
                if response.status != 200:
                    raise ValueError(f"{path}: {response.status}")
        link.close()


def crowd(effort: Effort) -> list[Row]:
    """The 95th percentile of each page with five people, against its median with one at a time.

    As people read; and, to know what the machine has left, without a pause: then five ask two processors all the time.
    """
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "web.log"
        command = [sys.executable, *_SERVE.format(port=port).split()]
        web = spawn(command, environment=environment, log=log, cwd=settings.BASE_DIR)
        try:
            _wait(port, web, log)
            alone, reading, restless = _measure(port, effort.visits)
        finally:
            end_group(web, 4)
    return [
        Row(
            job, f"{name}，95% 在此以内", percentile(together[name], 0.95), base=statistics.median(alone[name]),
            against="一人时的中位数", limit=limit,
        )
        for job, together, limit in (("五人同时", reading, _TO_ALONE), ("五人不停地点", restless, None))
        for name in alone
    ]  # fmt: skip


def _wait(port: int, web: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and web.poll() is None:
        with suppress(OSError):
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            link.request("GET", "/healthz/ready")
            if link.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"no web server: {log.read_text()[-2000:]}")


def _nothing() -> Spent:
    return {"统计": [], "台账": [], "详情": []}


def _measure(port: int, rounds: int) -> tuple[Spent, Spent, Spent]:
    taken: dict[Role, int] = {}
    people = []
    for role in _PEOPLE:
        n = taken[role] = taken.get(role, -1) + 1
        post = posts(role)[n]
        people.append(Person(Actor(post.user, post), port))
    few, half = max(rounds // 4, 1), max(rounds // 2, 1)
    _all_at_once(people, few, _nothing())  # every process and thread has its templates and connection
    alone, reading, restless = _nothing(), _nothing(), _nothing()
    for _ in range(min(rounds, 2)):  # one, five, one, five
        for person in people:
            person.visit(few, alone, is_reading=False)
        _all_at_once(people, half, reading, is_reading=True)
        _all_at_once(people, half, restless)
    return alone, reading, restless


def _all_at_once(people: list[Person], rounds: int, spent: Spent, *, is_reading: bool = False) -> None:
    failures: list[Exception] = []

    def visit(person: Person) -> None:
        try:
            person.visit(rounds, spent, is_reading=is_reading)
        except Exception as error:  # said where it can be seen
            failures.append(error)

    threads = [threading.Thread(target=visit, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
