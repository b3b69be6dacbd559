"""The ledger, its search, and how many statements pages cost."""

import re
from collections import Counter
from datetime import timedelta

from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.models import Hazard
from inspections.models import Campaign
from institutions.actor import Actor
from institutions.enums import Role
from ops.bench.cast import SCOPES, Browser, actor_of, answer, busiest_county
from ops.bench.effort import Effort
from ops.bench.rows import Row, compared
from ops.bench.timing import interleaved, median, medians, percentile
from ops.bench.urls import bare_for
from reports.paging import PAGE_SIZE, SORTS

LEDGER, DASHBOARD, BARE = "/ledger/", "/dashboard/", "/bare/ledger/"
_DEEP = 2000
_BOUNDS = ("BEGIN", "COMMIT", "SET TRANSACTION")
_TO_BARE, _P99, _DEEPER, _RARE, _STATEMENTS = 2, 2, 1.5, 3, {"ledger": 8, "dashboard": 10}


def _year_ago() -> str:
    return (timezone.localdate() - timedelta(days=365)).isoformat()


def questions(actor: Actor) -> dict[str, dict[str, str]]:
    """What people ask the ledger for: orders, and two conditions at a time; those of a place only where it is below."""
    county = busiest_county()
    asked = {
        "最近变动在前": {"sort": "-changed"},
        "期限近的在前": {"sort": "due"},
        "类别+来源": {"domain": "fire", "source": "screening"},
        "类别+等级": {"domain": "fire", "severity": "major"},
        "状态+机构类型": {"state": "rectifying", "kind": "nursing_home"},
        "状态+等级": {"state": "closed", "severity": "major"},
        "逾期+类别": {"overdue": "1", "domain": "fire"},
        "发现日期+等级": {"found_from": _year_ago(), "severity": "major"},
        "状态+最近变动": {"state": "open", "sort": "-changed"},
    }
    if actor.membership.role == Role.PROVINCE_OFFICIAL:
        asked["市+状态"] = {"city": county.parent.code, "state": "open"}
        if campaign := Campaign.objects.visible_to(actor).order_by("-pk").first():
            asked["专项行动+等级"] = {"campaign": str(campaign.pk), "severity": "general"}
    if actor.membership.role != Role.COUNTY_OFFICIAL:
        asked["县+类别"] = {"county": county.code, "domain": "fire"}
    return asked


def ledger(effort: Effort) -> list[Row]:
    """Page 1 of each scope and question against the bare page of the scope; page 2,000 against page 1."""
    rows = []
    for words, role in SCOPES.items():
        actor = actor_of(role)
        browser, stranger = Browser(actor), Browser()
        bare_for(actor)
        works = {"page": lambda b=browser: b.get(LEDGER), "bare": lambda s=stranger: s.get(BARE)}
        spent = interleaved(works, effort.many)
        page, bare = (median(spent[name]) for name in works)
        rows.append(compared("台账", f"{words} 第 1 页", page, bare, "裸页", _TO_BARE))
        p99 = percentile((one.wall for one in spent["page"]), 0.99)
        rows.append(Row("台账", f"{words} 第 1 页 p99", p99, base=page.wall, against="p50", limit=_P99))
        for name, query in questions(actor).items():
            works["page"] = lambda b=browser, q=query: b.get(LEDGER, **q)
            found = medians(works, effort.times)
            rows.append(compared("台账", f"{words} {name}", found["page"], found["bare"], "裸页", _TO_BARE))
        rows += _deep(words, actor, browser, effort)
    return rows


def _deep(words: str, actor: Actor, browser: Browser, effort: Effort) -> list[Row]:
    rows = Hazard.objects.visible_to(actor).order_by("-found_on", "-id").values("id", "found_on")
    count = rows.count()
    page = min(_DEEP, count // PAGE_SIZE)
    if page < 2:
        return []
    cursor = SORTS[""].cursor(rows[(page - 1) * PAGE_SIZE - 1])
    works = {"deep": lambda: browser.get(LEDGER, after=cursor), "first": lambda: browser.get(LEDGER)}
    found = medians(works, effort.times)
    what = f"{words} 第 {page:,} 页"
    return [compared("台账", what, found["deep"], found["first"], "第 1 页", _DEEPER)]


def words_said() -> list[tuple[str, int]]:
    """The rarest and the commonest two characters of what is said to be wrong and where, each with its number of hazards."""
    counts: Counter[str] = Counter()
    names = "".join(name for (name,) in answer("SELECT DISTINCT name FROM institutions_region"))
    said = "SELECT description || ' ' || location, count(*) FROM hazards_hazard GROUP BY 1"
    for text, count in answer(said):
        runs = re.findall(r"[\u4e00-\u9fff]{2,}", text)
        for pair in {run[n : n + 2] for run in runs for n in range(len(run) - 1)}:
            counts[pair] += count
    known = [(count, pair) for pair, count in counts.items() if pair not in names]
    return [(pair, count) for count, pair in (min(known), max(known))]


def search(effort: Effort) -> list[Row]:
    """A rare and a common word over the whole province, in the ledger and in the quick search."""
    actor = actor_of(Role.PROVINCE_OFFICIAL)
    browser, rows = Browser(actor), []
    for kind, (word, hits) in zip(("少见", "常见"), words_said(), strict=True):
        works = {
            "ledger": lambda w=word: browser.get(LEDGER, q=w),
            "quick": lambda w=word: browser.get("/search/", q=w),
            "first": lambda: browser.get(LEDGER),
        }
        found = medians(works, effort.times)
        limit = _RARE if kind == "少见" else None
        what = f"全省 {kind}的“{word}”（{hits:,} 条）"
        rows.append(compared("查找", what, found["ledger"], found["first"], "台账第 1 页", limit))
        rows.append(compared("查找", f"{what} 快速查找", found["quick"], found["first"], "台账第 1 页"))
    return rows


def statements(effort: Effort) -> list[Row]:
    """Statements of the ledger and the dashboard, and how many more the ledger costs with many rows than with few."""
    house, rows = _smallest_house(), []
    for words, role in SCOPES.items():
        browser = Browser(actor_of(role))
        many, few = _count(browser, LEDGER), _count(browser, LEDGER, institution=house)
        rows.append(Row("语句数", f"{words} 台账（不计事务起止）", many, "", limit=_STATEMENTS["ledger"]))
        rows.append(Row("语句数", f"{words} 台账 行多行少相差", abs(many - few), "", limit=0))
        rows.append(
            Row(
                "语句数",
                f"{words} 统计（不计事务起止）",
                _count(browser, DASHBOARD),
                "",
                limit=_STATEMENTS["dashboard"],
            )
        )
    return rows


def _smallest_house() -> str:
    """The institution with the fewest hazards, but one, of the busiest county: its page of the ledger is short."""
    here = Hazard.objects.filter(county=busiest_county()).order_by().values("institution")
    return str(here.annotate(n=Count("pk")).order_by("n", "institution")[0]["institution"])


def _count(browser: Browser, path: str, **query) -> int:
    browser.get(path, **query)
    with CaptureQueriesContext(connection) as captured:
        browser.get(path, **query)
    return sum(not query["sql"].startswith(_BOUNDS) for query in captured)
