"""Rows of a search with the hit marked, ready to show."""

from institutions.marks import Marker

_NAMES = ("institution", "place")
_TEXTS = ("description", "location")


def mark_rows(rows: list[dict], typed: str) -> list[dict]:
    """`rows` of the ledger with <mark> around what was typed; as they are when nothing was. At most one statement."""
    if not typed.strip() or not rows:
        return rows
    marker = Marker(typed, (row[name] for row in rows for name in (*_TEXTS, *_NAMES)))
    return [
        row
        | {name: marker.mark(row[name]) for name in _TEXTS}
        | {name: marker.mark(row[name], is_name=True) for name in _NAMES}
        for row in rows
    ]


def mark_institutions(rows: list[dict], typed: str) -> list[dict]:
    """The same for institutions: `name`, `place` and `address`."""
    marker = Marker(typed, (row[name] for row in rows for name in ("name", "place", "address")))
    return [
        row
        | {name: marker.mark(row[name], is_name=True) for name in ("name", "place")}
        | {"address": marker.mark(row["address"])}
        for row in rows
    ]
