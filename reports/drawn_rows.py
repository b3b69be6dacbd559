"""The rows of a table of hazards as HTML. By a template, thirty rows cost more than the rest of the page.

Every value passes through common.markup.escaped; the words around them are written here and nowhere else.
"""

from collections.abc import Callable, Iterable

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from common.markup import escaped
from reports.chosen_rows import RowView

_MARKED = ("extension_region_id", "supervised_region_id", "awaits_department")


def draw_rows(rows: Iterable[dict], view: RowView, *, for_institution: bool, is_bulk: bool) -> SafeString:
    """The <tr> of `rows` (reports.ledger.row_shown) with the columns of `view`; with boxes to pick when `is_bulk`.

    Who works at an institution reads no name of it and no place.
    """
    drawn = (
        "\n    ".join((_title(row, for_institution, is_bulk), *_cells(row, view, for_institution)))
        for row in rows
    )
    return mark_safe("".join(f"<tr>\n    {cells}\n  </tr>" for cells in drawn))


def _cells(row: dict, view: RowView, for_institution: bool) -> list[str]:
    if not view.choices:
        return [(_location if for_institution else _institution)(row), *(cell(row) for cell in _AFTER)]
    return [
        f'<td class="cell-wide">{escaped(words)}</td>' if words else _BY_NAME[name](row, hide)
        for name, words, hide in row["cells"]
    ]


def _title(row: dict, for_institution: bool, is_bulk: bool) -> str:
    number = escaped(row["number"])
    pick = (
        f'<label class="pick"><input type="checkbox" name="pick" value="{row["id"]}" form="bulk">'
        f'<span class="sr-only">选中 {number}</span></label>'
    )
    where = "" if for_institution else f" · {escaped(row['location'])}"
    return (
        f'<td class="cell-title">{pick if is_bulk else ""}<a class="row-link" href="{escaped(row["url"])}">'
        f"{escaped(row['description'])}</a>"
        f'<span class="sub">{number} · {escaped(row["domain"])}{where}</span></td>'
    )


def _institution(row: dict, hide: str = "") -> str:
    place = f"{escaped(row['place'])} · " if row["place"] else ""
    return (
        f'<td class="cell-line cell-name{hide}">{escaped(row["institution"])}'
        f'<span class="sub">{place}{escaped(row["kind"])}</span></td>'
    )


def _location(row: dict, hide: str = "") -> str:
    return f'<td class="cell-line{hide}">{escaped(row["location"])}</td>'


def _severity(row: dict, hide: str = "") -> str:
    severity = row["severity"]
    again = ' <span class="tag tag-plain tag-red">反弹</span>' if row["is_recurring"] else ""
    return (
        f'<td class="cell-tag{hide}"><span class="chip chip-{escaped(severity.value)}">'
        f"{escaped(severity.label)}</span>{again}</td>"
    )


def _due(row: dict, hide: str = "") -> str:
    if not row["due_on"]:
        return f'<td class="cell-due{hide}"><span class="due-date">—</span></td>'
    words = f'<span class="sub">{escaped(row["due_words"])}</span>' if row["due_words"] else ""
    return (
        f'<td class="cell-due{hide}"><span class="due {escaped(row["due_class"])}">'
        f'<span class="due-date">{escaped(row["due_on"])}</span>{words}</span></td>'
    )


def _status(row: dict, hide: str = "") -> str:
    voided = ' <span class="tag tag-plain tag-amber">已申请作废</span>' if row["is_void_requested"] else ""
    has_marks = any(row[name] for name in _MARKED)
    marks = f" {render_to_string('hazards/marks.html', {'hazard': row}).strip()}" if has_marks else ""
    return (
        f'<td class="cell-tag{hide}"><span class="tag tag-{escaped(row["status"].value)}">'
        f"{escaped(row['label'])}</span>{voided}{marks}</td>"
    )


def _found(row: dict, hide: str = "") -> str:
    return f'<td class="cell-small{hide}" data-label="发现">{escaped(row["found_on"])}</td>'


_AFTER: tuple[Callable[[dict], str], ...] = (_severity, _due, _status, _found)
_BY_NAME: dict[str, Callable[[dict, str], str]] = {
    "institution": _institution,
    "location": _location,
    "severity": _severity,
    "due": _due,
    "status": _status,
    "found": _found,
}
