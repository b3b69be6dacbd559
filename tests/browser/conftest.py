"""A real Chromium on the real product. Every page opened here is watched for CSP violations and script errors."""

import json
import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import sync_playwright

from ops.chromium import ARGS, ENVIRONMENT, find_chromium
from tests.browser.line import Line
from tests.factories import Cast

DESKTOP, PHONE = {"width": 1366, "height": 900}, {"width": 390, "height": 844}
ROOT = Path(__file__).resolve().parents[2]
# What Chromium itself reports of a line that was cut, and of answers that are part of a test.
CUT = re.compile(r"ERR_|status of (401|403|404|409|422|503)")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# What is right is not listed: that takes as long as finding what is wrong.
AXE_ASKS = json.dumps(
    {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
        "resultTypes": ["violations"],
        "iframes": False,
    }
)


@pytest.fixture(scope="session", autouse=True)
def _sync_playwright_runs_a_loop():
    """Playwright's own event loop runs in this thread; Django must not mistake the tests for async code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium():
    path = find_chromium()
    if path is None:
        pytest.fail("no Chromium found: apt install chromium chromium-l10n fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS, env=os.environ | ENVIRONMENT)
        yield browser
        browser.close()


class Watched:
    """One person's browser window; `faults` collects CSP violations, script errors and failed requests."""

    def __init__(self, browser, base_url, viewport, faults):
        is_phone = viewport["width"] < 500
        self.context = browser.new_context(
            base_url=base_url, viewport=viewport, locale="zh-CN", is_mobile=is_phone, has_touch=is_phone
        )
        self.page = self.context.new_page()
        self.page.on("console", lambda m: m.type == "error" and faults.append(f"{self.page.url}: {m.text}"))
        self.page.on("pageerror", lambda error: faults.append(f"{self.page.url}: {error}"))

    def log_in(self, actor):
        """Put a session of this actor's user and post into the browser, without the login page."""
        session = SessionStore()
        session[SESSION_KEY] = str(actor.user.pk)
        session[BACKEND_SESSION_KEY] = "institutions.backends.PersonBackend"
        session[HASH_SESSION_KEY] = actor.user.get_session_auth_hash()
        session["membership"] = actor.membership.pk
        session.save()
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key}
        self.context.add_cookies([cookie | {"domain": "localhost", "path": "/"}])
        return self.page


@pytest.fixture
def faults():
    found = []
    yield found
    assert found == []


@pytest.fixture
def window(chromium, live_server, faults):
    """`window(actor, viewport)`: that person's browser page, at the workbench's server."""
    opened = []

    def open_window(actor=None, viewport=DESKTOP):
        watched = Watched(chromium, live_server.url, viewport, faults)
        opened.append(watched)
        return watched.log_in(actor) if actor else watched.page

    yield open_window
    for watched in opened:
        watched.context.close()


@pytest.fixture
def cast():
    """A home and its people, by name."""
    cast = Cast(name="东湖区扬子洲镇中心敬老院")
    for actor, name in ((cast.county, "李秀英"), (cast.county2, "王建国"), (cast.manager, "刘芳")):
        actor.user.name = name
        actor.user.save()
    return cast


@pytest.fixture
def line(live_server):
    line = Line(int(live_server.url.rsplit(":", 1)[1]))
    yield line
    line.close()


@pytest.fixture
def phone(chromium, line, faults, media):
    """`phone(actor)`: that person's phone, whose only way to the server is the line."""
    opened = []

    def take(actor=None, viewport=PHONE):
        watched = Watched(chromium, line.url, viewport, faults)
        opened.append(watched)
        watched.page.log_in = lambda: watched.log_in(actor)
        return watched.log_in(actor) if actor else watched.page

    yield take
    for watched in opened:
        watched.context.close()
    faults[:] = [fault for fault in faults if not CUT.search(fault)]


def axe_violations(page) -> list[str]:
    """Ids and targets of what axe finds against wcag2a to wcag22aa."""
    page.wait_for_load_state()
    # Injected through the debugger, not as a script of the page: the CSP stays as it is.
    page.evaluate(AXE.read_text())
    result = page.evaluate(f"() => axe.run({AXE_ASKS})")
    return [f"{v['id']}: {v['nodes'][0]['target']}" for v in result["violations"]]


def overflow(page) -> int:
    """Pixels by which the page is wider than the screen (compare with the screen: is_mobile hides it)."""
    page.wait_for_load_state()  # a click does not wait for the next page and its styles
    return page.evaluate("() => Math.max(0, document.documentElement.scrollWidth - window.screen.width)")
