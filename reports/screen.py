"""The ledger's screen around its rows: tabs, what is chosen, links to the neighbouring pages."""

from datetime import date
from urllib.parse import urlencode

from institutions.actor import Actor
from reports.asked import filter_words
from reports.bulk import bulk_in
from reports.chosen_rows import view_for
from reports.drawn_rows import draw_rows
from reports.filters import LedgerFilter
from reports.hits import mark_rows
from reports.ledger import Ledger, ledger_page
from reports.links import ledger_url
from reports.paging import SORTS, BadCursor, Page
from reports.states import ALL, STATES, TABS
from reports.tab_counts import count_words

# Dropping a place drops those below it, which would bring it back.
_BELOW = {
    "city": ("county", "township", "institution"),
    "county": ("township", "institution"),
    "township": (),
}
# What stands in the first row of the filter; the rest waits under 更多条件.
_IN_FRONT = ("city", "county", "domain", "severity")


def ledger_screen(query, filters: LedgerFilter, actor: Actor, today: date) -> dict:
    """Context of the ledger. A wrong parameter shows its message and no rows: never rows that weren't asked for."""
    notices, view = list(filters.places.notices), view_for(actor)
    if filters.is_valid():
        state = STATES[filters.form.cleaned_data["state"] or ""]
        sort = SORTS[filters.form.cleaned_data["sort"] or ""]
        ledger, is_turned_back = _page(query, filters, state, sort, actor, today, view)
        if is_turned_back:
            notices.append("翻页位置已失效，已回到第一页。")
    else:
        state, ledger = STATES.get(filters.data.get("state", ""), ALL), Ledger(Page([]), {})
    chosen = filters.values
    rows, bulk = mark_rows(ledger.page.rows, chosen.get("q", "")), bulk_in(state, chosen, actor)
    asked = {name: value for name, value in {"state": state.value, **chosen}.items() if value}
    return {
        "filters": filters,
        "view": view,
        "bulk": bulk,
        "fields": _fields(filters),
        "notices": notices,
        "tabs": _tabs(state, ledger, chosen),
        "state": state,
        "rows": rows,
        "drawn": draw_rows(rows, view, for_institution=bool(actor.institution), is_bulk=bool(bulk)),
        "count": count_words(ledger.counts[state.value]) if ledger.counts else "",
        "chips": _chips(filters, state.value) if filters.is_valid() else [],
        "before_url": _neighbour(chosen, state.value, before=ledger.page.before),
        "after_url": _neighbour(chosen, state.value, after=ledger.page.after),
        "first_url": ledger_url(state=state.value, **chosen),
        "clear_url": ledger_url(state=state.value),
        "asked": urlencode(asked),
        "listed": urlencode({name: value for name, value in chosen.items() if name != "sort"}),
        "asked_pairs": asked.items(),
        "is_first_page": not ledger.page.before,
    }


def _page(query, filters, state, sort, actor, today, view) -> tuple[Ledger, bool]:
    """The page asked for, or the first and True when the cursor leads nowhere."""
    cursors = {name: query.get(name, "") for name in ("after", "before")}
    try:
        return ledger_page(filters.qs, state, sort, actor=actor, today=today, view=view, **cursors), False
    except BadCursor:
        return ledger_page(filters.qs, state, sort, actor=actor, today=today, view=view), True


def _fields(filters: LedgerFilter) -> dict:
    """The fields by where they stand, and whether the hidden ones need to be seen."""
    fields = [f for f in filters.form.visible_fields() if f.name not in ("q", "overdue")]
    more = [f for f in fields if f.name not in _IN_FRONT]
    return {
        "q": filters.form["q"],
        "overdue": filters.form["overdue"],
        "front": [f for f in fields if f.name in _IN_FRONT],
        "more": more,
        "is_open": any(f.name in filters.data or f.errors for f in more),
        "hidden": [f for f in filters.form.hidden_fields() if f.name != "state"],
        "errors": [error for f in filters.form.hidden_fields() for error in f.errors],
        "has_errors": not filters.is_valid(),
    }


def _tabs(current, ledger: Ledger, chosen: dict) -> list[dict]:
    tabs = TABS if current in TABS else (*TABS, current)
    return [
        {
            "label": tab.label,
            "url": ledger_url(state=tab.value, **chosen),
            "count": count_words(ledger.counts[tab.value]) if ledger.counts else "",
            "is_current": tab is current,
        }
        for tab in tabs
    ]


def _chips(filters: LedgerFilter, state: str) -> list[dict]:
    """What narrows the rows, in words, each with the address without it."""
    chosen, chips = filters.values, []
    for name, words in filter_words(filters):
        without = {n: v for n, v in chosen.items() if n != name and n not in _BELOW.get(name, ())}
        chips.append({"words": words, "url": ledger_url(state=state, **without)})
    return chips


def _neighbour(chosen: dict, state: str, **cursor: str) -> str:
    return ledger_url(state=state, **chosen, **cursor) if any(cursor.values()) else ""
