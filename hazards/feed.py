"""What changed since: hazards in the order of their events, up to where nothing can still arrive.

Event ids are drawn in the order acts begin, and become visible in the order they commit. Reading "everything above the
last id seen" would therefore miss an act that began first and committed last. `settled` is the id below which that
cannot happen any more (migration 0011).
"""

from typing import NamedTuple

from django.db import connection

from hazards.models import Hazard, HazardEvent
from institutions.actor import Actor

WINDOW = 10_000  # events looked at in one go, whosever they are: bounds the cost of a small scope that was long away
EACH = 10  # so many of them for each hazard asked for: more would be read for nothing


class Changes(NamedTuple):
    """Ids of the hazards that changed, in the order of their last change read, and where to go on reading.

    `has_more`: something up to the settled position is still unread.
    """

    hazards: list[int]
    position: int
    has_more: bool


def settled() -> int:
    """The highest event id below which every act has either committed or failed. Takes no lock; one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hazard_events_settled()")
        return cursor.fetchone()[0]


def changes_after(actor: Actor, position: int, most: int) -> Changes:
    """The next `most` hazards at most, of those in the actor's scope, with an event above `position`.

    Two statements. A hazard may come again later in the same reading, when it changed more than once; none is left out.
    """
    end = settled()
    until = min(end, position + WINDOW)
    mine = Hazard.objects.visible_to(actor)
    events = HazardEvent.objects.filter(pk__gt=position, pk__lte=until, hazard__in=mine).order_by("pk")
    found = list(events.values_list("pk", "hazard_id")[: most * EACH])
    reached = found[-1][0] if len(found) == most * EACH else until
    latest: dict[int, int] = {}
    for pk, hazard in found:
        if hazard not in latest and len(latest) == most:
            reached = pk - 1
            break
        latest[hazard] = pk
    ordered = sorted(latest, key=latest.get)
    return Changes(ordered, max(reached, position), max(reached, position) < end)
