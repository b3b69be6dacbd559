"""四个清单 on the screen: the same columns and words as in their files, a page at a time."""

from dataclasses import dataclass

from django.urls import reverse

from reports import columns as c
from reports.asked import Asked
from reports.chosen_rows import cell_words
from reports.columns import Reader
from reports.layout import Layout
from reports.layouts import PROBLEMS, RESULTS, RISKS, TASKS
from reports.links import ledger_url
from reports.paging import page_of
from reports.risks import NAME

PAGE_SIZE = 100
LISTS = {layout.value: layout for layout in (RISKS, PROBLEMS, TASKS, RESULTS)}
# Work by its deadline, the rest by the day it was found, unless somebody asked otherwise: what an index orders.
SORTED_BY = {TASKS.value: "due"}


@dataclass(frozen=True)
class ListPage:
    """Lines ready to show; `before` and `after` are parameters of the neighbouring pages."""

    heads: list[str]
    lines: list[dict]
    before: dict
    after: dict


def list_page(layout: Layout, asked: Asked, query) -> ListPage:
    """One page of a list; one statement. Raises paging.BadCursor."""
    if layout is RISKS:
        return _risks(asked, query.get("page", ""))
    after, before = query.get("after", ""), query.get("before", "")
    page = page_of(layout.rows(asked), asked.sort, after=after, before=before, size=PAGE_SIZE)
    lines = [_line(layout, row, asked, reverse("hazards:detail", args=[row["id"]])) for row in page.rows]
    around = [{name: at} if at else {} for name, at in (("before", page.before), ("after", page.after))]
    return ListPage(_heads(layout), lines, *around)


def _risks(asked: Asked, typed: str) -> ListPage:
    """Institutions are hundreds, not hundreds of thousands: their pages are numbered."""
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
    first = number * PAGE_SIZE
    rows = list(RISKS.rows(asked)[first : first + PAGE_SIZE + 1])
    kept = {
        name: value for name, value in asked.query.items() if name not in ("state", "institution", "sort")
    }
    lines = [
        _line(RISKS, row, asked, ledger_url(**(kept | {"state": "open", "institution": str(row["id"])})))
        for row in rows[:PAGE_SIZE]
    ]
    before = {"page": str(number - 1)} if number else {}
    return ListPage(_heads(RISKS), lines, before, {"page": str(number + 1)} if len(rows) > PAGE_SIZE else {})


def _heads(layout: Layout) -> list[str]:
    return [column.label for column in layout.columns]


def _line(layout: Layout, row: dict, asked: Asked, url: str) -> dict:
    """Cells in the order of the file; the one that names the row is the link."""
    reader, name = Reader(asked.actor, asked.today), NAME if layout is RISKS else c.DESCRIPTION
    cells = [
        (column.label, cell_words(column.says(row, reader)), column is name) for column in layout.columns
    ]
    return {"url": url, "cells": cells}
