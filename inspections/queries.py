"""Reads of checklists, each beginning with what the actor may know of."""

from django.db.models import Count, F, Q

from hazards.enums import Domain
from inspections.models import Checklist, ChecklistItem
from institutions.actor import Actor


def checklist_list(actor: Actor):
    """All versions visible to the actor with the number of items, national ones first, newest version first."""
    return (
        Checklist.objects.visible_to(actor)
        .select_related("scope", "published_by")
        .annotate(item_count=Count("items"))
        .order_by(F("scope__path").asc(nulls_first=True), "code", "-version")
    )


def checklist_page(actor: Actor):
    return Checklist.objects.visible_to(actor).select_related("scope", "published_by")


def search_items(checklist: Checklist, *, q: str = "", kind: str = "", is_major: bool = False):
    """Items of one checklist in order; every word of `q` somewhere in an item's texts."""
    items = ChecklistItem.objects.filter(checklist=checklist)
    if kind:
        items = items.for_kind(kind)
    if is_major:
        items = items.filter(severity="major")
    for word in q.split()[:5]:
        items = items.filter(
            Q(code__iexact=word)
            | Q(text__icontains=word)
            | Q(subject__icontains=word)
            | Q(guidance__icontains=word)
            | Q(upgrade_when__icontains=word)
            | Q(phrases__icontains=word)
        )
    return items.order_by("order", "id")


def by_domain(items) -> list[tuple[Domain, list[ChecklistItem]]]:
    """Items under their domain, domains in the order of their first item."""
    groups: dict[str, list] = {}
    for item in items:
        groups.setdefault(item.domain, []).append(item)
    return [(Domain(domain), found) for domain, found in groups.items()]


def versions(checklist: Checklist, actor: Actor):
    """The other versions of the same checklist the actor may see, newest first."""
    return Checklist.objects.visible_to(actor).filter(code=checklist.code).order_by("-version")


def events_of(checklist: Checklist, limit: int = 20):
    """The latest acts on this version."""
    return list(checklist.events.order_by("-id")[:limit])
