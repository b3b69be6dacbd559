"""The rows Python draws: what anybody typed stays text, in the ledger's own columns and in chosen ones."""

from hazards.enums import HazardStatus, Severity
from reports.chosen import CHOICES
from reports.chosen_rows import DRAWN, RowView
from reports.dashboard import Cell, Line
from reports.drawn_rows import draw_rows

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"
SAFE = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;"
TYPED = ("number", "description", "domain", "location", "institution", "kind", "place", "label", "found_on")
DUE = ("due_on", "due_words", "due_class")
ROW = {
    "id": 7,
    "url": "/hazards/7/",
    "severity": Severity.MAJOR,
    "status": HazardStatus.RECTIFYING,
    "is_recurring": True,
    "is_void_requested": True,
    "extension_region_id": 1,
    "supervised_region_id": 2,
    "awaits_department": True,
    **dict.fromkeys((*TYPED, *DUE), EVIL),
}
NAMES = ("institution", "location", "severity", "due", "status", "found")


def test_what_was_typed_is_text_wherever_a_row_shows_it():
    drawn = draw_rows([ROW], DRAWN, for_institution=False, is_bulk=True)
    inside = draw_rows([ROW], DRAWN, for_institution=True, is_bulk=False)
    chosen = RowView(tuple(CHOICES[name] for name in NAMES))
    cells = [*((name, "", " only-phone") for name in NAMES), ("source", EVIL, "")]
    wide = draw_rows([ROW | {"cells": cells}], chosen, for_institution=False, is_bulk=False)
    assert [html.count(SAFE) for html in (drawn, inside, wide)] == [13, 9, 14]
    assert [
        (html.count("<script"), html.count("<img"), html.count("'")) for html in (drawn, inside, wide)
    ] == [(0, 0, 0)] * 3


def test_a_line_of_a_dashboard_keeps_its_name_and_addresses_as_text():
    evil = Line(EVIL, EVIL, [Cell(3, EVIL, is_bad=True)] * 2, 0.5, Cell(3, EVIL))
    assert (evil.drawn.count(SAFE), evil.drawn.count("<script"), evil.drawn.count("<img")) == (6, 0, 0)


def test_a_row_is_drawn_to_the_letter():
    plain = ROW | dict.fromkeys(TYPED, "甲") | dict.fromkeys(DUE, "")
    quiet = dict.fromkeys(
        ("is_recurring", "is_void_requested", "extension_region_id", "supervised_region_id")
    )
    drawn = draw_rows([plain | quiet], DRAWN, for_institution=False, is_bulk=False)
    assert drawn == (
        "<tr>\n"
        '    <td class="cell-title"><a class="row-link" href="/hazards/7/">甲</a><span class="sub">甲 · 甲 · 甲</span></td>\n'
        '    <td class="cell-line cell-name">甲<span class="sub">甲 · 甲</span></td>\n'
        '    <td class="cell-tag"><span class="chip chip-major">重大</span></td>\n'
        '    <td class="cell-due"><span class="due-date">—</span></td>\n'
        '    <td class="cell-tag"><span class="tag tag-rectifying">甲</span> <span class="tag tag-plain tag-amber">待部门</span></td>\n'
        '    <td class="cell-small" data-label="发现">甲</td>\n'
        "  </tr>"
    )
