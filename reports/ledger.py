"""The rows of the ledger and the counts on its tabs: plain strings, ready to show."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import count

from django.db.models import F, OuterRef, QuerySet, Subquery

from common.shapes import Statement, shape_of, with_stand_ins
from common.templatetags.house import due_class, due_words, zh_date
from hazards.enums import HazardStatus, Severity
from hazards.models.hazard import HazardQuerySet
from institutions.actor import Actor
from institutions.models import Institution, Region, User
from reports import words
from reports.chosen_rows import DRAWN, RowView
from reports.links import hazard_url
from reports.paging import Page, Place, Sort, page_read
from reports.states import TABS, State
from reports.tab_counts import COUNTED, capped_counts


def _name_of(model, column: str) -> Subquery:
    return Subquery(model.objects.filter(pk=OuterRef(column)).order_by().values("name"))


COLUMNS = (
    "id", "found_on", "description", "location", "domain", "severity", "status", "due_on", "status_changed_at",
    "void_requested_at", "recurrence_of_id", "extension_region_id", "supervised_region_id", "awaits_department",
)  # fmt: skip
# Looked up for the rows shown, after their order is known; joins are planned for longer than all of it takes.
NAMES = {
    "institution__name": _name_of(Institution, "institution_id"),
    "institution__kind": F("institution_kind"),
    **{f"{level}__name": _name_of(Region, f"{level}_id") for level in ("city", "county", "township")},
}


@dataclass(frozen=True)
class Ledger:
    """A page of rows, ready to show, and the number on each tab by the tab's value."""

    page: Page
    counts: dict[str, int]


def ledger_page(
    hazards: HazardQuerySet,
    state: State,
    sort: Sort,
    *,
    actor: Actor,
    today: date,
    after="",
    before="",
    view=DRAWN,
) -> Ledger:
    """One page of `hazards` (scoped and filtered) in `state`, with the counts of all tabs and the columns of `view`.

    One statement: the counts ride along with the rows; a page without rows asks for them on their own.
    Raises paging.BadCursor.
    """
    page = page_read(
        lambda place: _rows_at(place, hazards, state, today, view), sort, after=after, before=before
    )
    counted = page.rows[0] if page.rows else _counts_alone(hazards, actor, today)
    by_state = dict(zip(COUNTED, counted["counts"], strict=True))
    shown = [row_shown(row, actor, today) | view.shown(row, actor, today) for row in page.rows]
    return Ledger(
        Page(shown, page.before, page.after), {tab.value: tab.count(by_state) for tab in {*TABS, state}}
    )


def _rows(hazards: HazardQuerySet, state: State, today: date, view: RowView) -> QuerySet:
    return (
        state.narrow(hazards, today)
        .annotate(counts=capped_counts(hazards, today))
        .values(*({*COLUMNS, *view.plain} - NAMES.keys()), "counts", **NAMES, **view.made)
    )


def _counts_alone(hazards: HazardQuerySet, actor: Actor, today: date) -> dict:
    return User.objects.filter(pk=actor.user.pk).values(counts=capped_counts(hazards, today)).get()


_VALUE, _PK, _FILTERS = range(3)  # where each value of a page stands; the filters' from the last on


@dataclass(frozen=True)
class _Asked:
    """What the SQL of a page depends on; beside it the rows and values it is asked for first.

    The day is written out: with another in its place PostgreSQL could not tell how many are overdue.
    """

    shape: tuple
    state: State
    today: date
    place: Place
    view: RowView
    hazards: HazardQuerySet = field(compare=False)
    values: tuple = field(compare=False)


def _rows_at(place: Place, hazards: HazardQuerySet, state: State, today: date, view: RowView) -> list[dict]:
    """The rows of one place of the ledger, by a statement that is written once for all values."""
    shape = shape_of(hazards, today)
    if shape is None:
        return list(place.find(_rows(hazards, state, today, view)))
    values = (place.value, place.pk, *shape.values)
    asked = _Asked(shape.key, state, today, place.standing_in(_VALUE, _PK), view, hazards, values)
    return _statement(asked).read(values, is_planned=shape.is_of_keys)


@lru_cache(maxsize=256)
def _statement(asked: _Asked) -> Statement:
    hazards = with_stand_ins(asked.hazards, count(_FILTERS), asked.today)
    rows = _rows(hazards, asked.state, asked.today, asked.view)
    return Statement(asked.place.find(rows), asked.values)


def row_shown(row: dict, actor: Actor, today: date) -> dict:
    """The strings one row shows to `actor`; an institution reads its own words for a status."""
    status, severity = HazardStatus(row["status"]), Severity(row["severity"])
    runs = words.clock_runs(row, today)
    return {
        "id": row["id"],
        "url": hazard_url(row["id"]),
        "number": words.number(row),
        "description": row["description"],
        "domain": words.domain(row),
        "location": row["location"],
        "institution": row["institution__name"],
        "kind": words.kind(row),
        "place": words.place(row, actor),
        "severity": severity,
        "is_major": severity == Severity.MAJOR,
        "status": status,
        "label": words.status(row, actor),
        "found_on": zh_date(row["found_on"]),
        "due_on": zh_date(row["due_on"]) if row["due_on"] else "",
        "due_words": due_words(row["due_on"], today) if runs else "",
        "due_class": due_class(row["due_on"], today) if runs else "",
        "is_recurring": row["recurrence_of_id"] is not None,
        "is_void_requested": row["void_requested_at"] is not None and status in _MAY_BE_VOIDED,
        **{name: row[name] for name in ("extension_region_id", "supervised_region_id", "awaits_department")},
    }


_MAY_BE_VOIDED = {HazardStatus.REGISTERED, HazardStatus.RECTIFYING}
