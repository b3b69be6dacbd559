"""What a page costs: bytes as they travel (brotli), requests, thumbnails, and how far things jump while loading.

How fast it feels depends on the machine that measures: that is `python -m ops.measure_pages`, not a test.
"""

import re
from itertools import islice
from urllib.parse import urlsplit

import brotli
import pytest

from tests.browser.conftest import PHONE
from tests.browser.test_walk import pages
from tests.browser.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KB = 1024
AT_ONCE = 4  # windows: most of the time a page is waited for, not made
CSS, JS, PAGE, REQUESTS, THUMBNAIL, SHIFT = 12 * KB, 25 * KB, 60 * KB, 12, 25 * KB, 0.05
# The two pages with charts, and what their library may cost.
STATISTICS, CHARTS = re.compile(r"/dashboard/(institutions/\d+/)?$"), 165 * KB
BUILT: dict[str, int] = {}  # bytes of our files by address
TEXT = re.compile(r"text/|javascript|json|svg")

# What jumped, from the first moment of the page to its end, where the lazy pictures are.
SHIFTED = """async () => {
  let shifted = 0;
  const add = (entries) => { for (const e of entries) if (!e.hadRecentInput) shifted += e.value; };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({type: "layout-shift", buffered: true});
  await new Promise((done) => setTimeout(done, 200));
  scrollTo(0, document.documentElement.scrollHeight);
  await new Promise((done) => setTimeout(done, 100));
  add(observer.takeRecords());
  return shifted;
}"""


class Visit:
    """One page opened with an empty cache: what it fetched, and how far it jumped while it did, once it is `settled`."""

    def __init__(self, window, actor, url: str):
        self.url, self._page, self._answers = url, window(actor, PHONE), []
        self._page.on("response", lambda answer: self._answers.append(answer))
        self._page.goto(url, wait_until="commit")

    def settled(self) -> "Visit":
        self._page.wait_for_load_state("networkidle")
        self.shifted = self._page.evaluate(SHIFTED)
        self.parts = [(urlsplit(a.url).path, a.request.resource_type, travelled(a)) for a in self._answers]
        self._page.context.close()
        return self

    def size(self, kind: str = "") -> int:
        return sum(size for _, of, size in self.parts if kind in ("", of))

    @property
    def photos(self) -> list[int]:
        return [
            size
            for path, _, size in self.parts
            if path.startswith(("/hazards/photo/", "/inspections/photos/", "/files/"))
        ]

    def over_budget(self) -> list[str]:
        """Words for each budget of the house that this page breaks; photos come on top of a page's own bytes."""
        charts = CHARTS if STATISTICS.search(self.url) else 0
        spent = {
            "CSS": (self.size("stylesheet"), CSS),
            "JS": (self.size("script"), JS + charts),
            "page": (self.size() - sum(self.photos), PAGE + charts),
            "requests": (len(self.parts) - len(self.photos), REQUESTS),
            "largest photo": (max(self.photos, default=0), THUMBNAIL),
            "layout shift": (self.shifted, SHIFT),
        }
        return [
            f"{self.url}: {what} {value} of {limit}"
            for what, (value, limit) in spent.items()
            if value > limit
        ]


def travelled(answer) -> int:
    """Bytes of an answer's body: text through brotli, pictures as they are."""
    if "/static/" in answer.url:  # compressed once, when it is built; each page brings the same
        if answer.url not in BUILT:
            BUILT[answer.url] = _travelled(answer, quality=11)
        return BUILT[answer.url]
    return _travelled(answer, quality=5)  # while the page is waited for


def _travelled(answer, quality: int) -> int:
    body = answer.body()
    is_text = TEXT.search(answer.headers.get("content-type", ""))
    return len(brotli.compress(body, quality=quality)) if is_text else len(body)


@pytest.mark.parametrize("reader", ["county", "security_admin"])
def test_every_page_keeps_to_its_budgets(window, media, reader):
    world = World()
    # One of each kind: what a page loads does not depend on which hazard it shows.
    kinds = {re.sub(r"\d+", "n", url): url for url in pages(world, reader)}
    addresses, visits = iter(kinds.values()), []
    while some := [Visit(window, getattr(world.cast, reader), url) for url in islice(addresses, AT_ONCE)]:
        visits += [visit.settled() for visit in some]
    assert [words for visit in visits for words in visit.over_budget()] == []


def test_a_page_that_jumps_is_noticed(window):
    page = window(None, PHONE)
    page.goto("/login/", wait_until="networkidle")
    page.evaluate(
        "() => { for (let n = 0; n < 9; n++) document.body.prepend(document.createElement('h1'), 'x'); }"
    )
    assert page.evaluate(SHIFTED) > 0


def test_the_field_page_keeps_to_its_budgets(window, cast):
    assert Visit(window, cast.county, "/inspections/field/").settled().over_budget() == []
