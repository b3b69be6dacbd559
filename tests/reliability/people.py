"""People at their browsers, as the server sees them: a session, a CSRF cookie, a kept-alive connection each."""

import http.client
import re
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

TOKEN = "a" * 32  # the CSRF secret: what counts is that cookie and form say the same
KEPT_ALIVE = 1.0  # seconds; gunicorn closes an idle connection after two


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took (seconds)."""

    status: int
    location: str
    text: str
    seconds: float

    @property
    def headings(self) -> list[str]:
        return re.findall(r"<h1>(.*?)</h1>", self.text)


def open_session(actor) -> str:
    """The key of a new session of the actor's user in the actor's post, as the login page would make it."""
    now, session = int(time.time()), SessionStore()
    session.update(
        {
            SESSION_KEY: str(actor.user.pk),
            BACKEND_SESSION_KEY: "institutions.backends.PersonBackend",
            HASH_SESSION_KEY: actor.user.get_session_auth_hash(),
            "membership": actor.membership.pk,
            "started_at": now,
            "seen_at": now,
            "epoch": actor.user.session_epoch,
        }
    )
    session.save()
    return session.session_key


class Person:
    """One browser window of `actor` at the server of `url`."""

    def __init__(self, url: str, actor, session: str = ""):
        self.url, self.actor, self.session = url, actor, session or open_session(actor)
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self._used_at = 0.0

    def another_window(self) -> "Person":
        """A window of the same browser: the same session over a connection of its own."""
        return Person(self.url, self.actor, self.session)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, fields: dict) -> Answer:
        return self._ask("POST", path, urlencode(fields | {"csrfmiddlewaretoken": TOKEN}, doseq=True))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.session}; csrftoken={TOKEN}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        if started - self._used_at > KEPT_ALIVE:
            self.close()  # before the server does
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            text = response.read().decode()
        except BaseException:
            self.close()  # the next request opens a new connection
            raise
        self._used_at = time.perf_counter()
        return Answer(
            response.status, response.getheader("Location", ""), text, time.perf_counter() - started
        )

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()


def at_once(*acts) -> list:
    """Run all `acts` in threads that leave the gate together; their results in order, the first error raised."""
    gate, results, errors = threading.Barrier(len(acts)), [None] * len(acts), []

    def run(place, act):
        gate.wait()
        try:
            results[place] = act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def form(version: int | None = None, **fields) -> dict:
    """The fields of a form fresh from its page: a key of its own, and the version that was seen."""
    seen = {} if version is None else {"version": version}
    return {"key": str(uuid.uuid4())} | seen | fields


def today_plus(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def registration(photos, **changes) -> dict:
    """The form 登记隐患 of an official who issues at once."""
    facts = {
        "location": "二楼东侧",
        "description": "疏散通道堆放杂物",
        "evidence": [str(pk) for pk in photos],
        "domain": "fire",
        "severity": "general",
        "source": "screening",
        "found_on": today_plus(0),
        "next_step": "issue",
        "due_on": today_plus(7),
        "responsible_person": "张三",
    }
    return form(**(facts | changes))


def submission(version: int, photos, measures="已清理通道") -> dict:
    return form(version, measures=measures, evidence=[str(pk) for pk in photos])


def acceptance(version: int) -> dict:
    return form(version, opinion="现场属实", is_cause_found="on", is_rectified="on", is_satisfactory="on")


def rejection(version: int, reason="走廊西侧没有改到位") -> dict:
    return form(version, reason=reason, due_on=today_plus(3))
