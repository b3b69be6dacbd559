"""The rows of the ledger and the counts on its tabs: plain strings, ready to show."""

from dataclasses import dataclass
from datetime import date

from common.templatetags.house import due_class, due_words, zh_date
from hazards.enums import HazardStatus, Severity
from hazards.models.hazard import HazardQuerySet
from institutions.actor import Actor
from institutions.models import User
from reports import words
from reports.chosen_rows import DRAWN
from reports.links import hazard_url
from reports.paging import Page, Sort, page_of
from reports.states import TABS, State
from reports.tab_counts import COUNTED, capped_counts

COLUMNS = (
    "id", "found_on", "description", "location", "domain", "severity", "status", "due_on", "status_changed_at",
    "institution__name", "institution__kind", "city__name", "county__name", "township__name",
    "void_requested_at", "recurrence_of_id", "extension_region_id", "supervised_region_id", "awaits_department",
)  # fmt: skip


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
    counts = capped_counts(hazards, today)
    rows = (
        state.narrow(hazards, today)
        .annotate(counts=counts)
        .values(*{*COLUMNS, *view.plain}, "counts", **view.made)
    )
    page = page_of(rows, sort, after=after, before=before)
    counted = page.rows[0] if page.rows else User.objects.filter(pk=actor.user.pk).values(counts=counts).get()
    by_state = dict(zip(COUNTED, counted["counts"], strict=True))
    shown = [row_shown(row, actor, today) | view.shown(row, actor, today) for row in page.rows]
    return Ledger(
        Page(shown, page.before, page.after), {tab.value: tab.count(by_state) for tab in {*TABS, state}}
    )


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
