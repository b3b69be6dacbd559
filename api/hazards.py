"""The hazards a guest may read, as plain rows: the same rows the ledger shows, without people."""

from datetime import date

from django.db.models import QuerySet

from api import asked
from api.places import within
from hazards import feed
from hazards.enums import HazardStatus
from hazards.models import Hazard, HazardEvent
from hazards.numbers import number_of
from institutions.actor import Actor
from reports.paging import SORTS, Sort, page_of

_PLAIN = (
    "id", "status", "severity", "domain", "source", "description", "location", "basis", "found_on", "due_on", "round",
    "is_self_reported", "is_fixed_on_the_spot", "awaits_department", "registered_at", "issued_at", "submitted_at",
    "verified_at", "closed_at", "voided_at", "status_changed_at",
)  # fmt: skip
_COLUMNS = (
    *_PLAIN, "event_count", "institution_id", "institution__name", "institution__kind", "county__code", "county__name",
    "city__code", "city__name", "recurrence_of_id", "extension_region_id", "supervised_region__code",
)  # fmt: skip
_SORTS = {"-found": SORTS[""], "found": SORTS["found"], "due": SORTS["due"]}


def hazards_page(actor: Actor, wanted: asked.Hazards, today: date) -> dict:
    """One page of the hazards in scope that fit, where the next begins, and the position to read changes from.

    The position is read before the rows: whatever happens while the pages are read is found by reading on from the
    one on the first page. Two statements, three with a region. Raises BadCursor, Http404 for a region out of scope.
    """
    position = feed.settled()
    sort: Sort = _SORTS[wanted.order]
    rows = _narrowed(Hazard.objects.visible_to(actor), actor, wanted).values(*_COLUMNS)
    page = page_of(rows, sort, after=wanted.after, size=wanted.limit)
    return {
        "items": [row_of(row, today) for row in page.rows],
        "next": page.after or None,
        "position": position,
    }


def _narrowed(hazards: QuerySet, actor: Actor, wanted: asked.Hazards) -> QuerySet:
    conditions = {
        "status__in": wanted.status,
        "severity": wanted.severity,
        "institution_id": wanted.institution,
        "due_on__gte": wanted.due_from,
        "due_on__lte": wanted.due_to,
    }
    conditions = {name: value for name, value in conditions.items() if value}
    return hazards.filter(**conditions, **within(actor, wanted.region))


def changed_hazards(actor: Actor, wanted: asked.Changes, today: date) -> dict:
    """The hazards in scope that changed after a position, as they stand now, in the order of their changes.

    Three statements. Never misses an act, however late it committed (hazards.feed).
    """
    changes = feed.changes_after(actor, wanted.changed_after, wanted.limit)
    found = Hazard.objects.visible_to(actor).filter(pk__in=changes.hazards).order_by("pk").values(*_COLUMNS)
    by_id = {row["id"]: row_of(row, today) for row in found}
    return {
        "items": [by_id[pk] for pk in changes.hazards if pk in by_id],
        "position": changes.position,
        "has_more": changes.has_more,
    }


def hazard_detail(actor: Actor, pk: int, today: date) -> dict:
    """One hazard in scope with its acts, two statements. Raises Hazard.DoesNotExist."""
    row = Hazard.objects.visible_to(actor).values(*_COLUMNS).get(pk=pk)
    events = HazardEvent.objects.filter(hazard_id=row["id"]).order_by("seq")
    return row_of(row, today) | {"events": [_event(event) for event in events]}


def row_of(row: dict, today: date) -> dict:
    """A row of the database as the API says it."""
    is_overdue = row["status"] == HazardStatus.RECTIFYING and row["due_on"] < today
    return {name: row[name] for name in _PLAIN} | {
        "number": number_of(row["found_on"], row["id"]),
        "version": row["event_count"],
        "institution": {"id": row["institution_id"], "name": row["institution__name"]},
        "institution_kind": row["institution__kind"],
        "county": {"code": row["county__code"], "name": row["county__name"]},
        "city": {"code": row["city__code"], "name": row["city__name"]},
        "is_overdue": is_overdue,
        "recurrence_of": row["recurrence_of_id"],
        "is_extension_asked": row["extension_region_id"] is not None,
        "supervised_by": row["supervised_region__code"],
    }


def _event(event) -> dict:
    return {
        "version": event.seq,
        "action": event.action,
        "from_status": event.from_status or None,
        "to_status": event.to_status,
        "at": event.at,
        "by_role": event.by_role,
        "by_place": event.by_place,
        "due_on": event.due_on,
    }
