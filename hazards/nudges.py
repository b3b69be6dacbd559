"""催办 as the history has it: how often, when last, and whether an authority did so today. Reads events, asks nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hazards.enums import HazardAction
from hazards.models import HazardEvent
from institutions.models import Authority


@dataclass(frozen=True)
class Nudges:
    """How many there were, and the latest."""

    count: int
    last: HazardEvent


def nudges_in(events: Iterable[HazardEvent]) -> Nudges | None:
    """What the events (in their order) say of it; None when nobody ever nudged."""
    found = [event for event in events if event.action == HazardAction.NUDGE]
    return Nudges(len(found), found[-1]) if found else None


def by_authority_on(
    events: Iterable[HazardEvent], authority: Authority | None, day: date
) -> HazardEvent | None:
    """The nudge of this authority on a day (of Beijing); None when there was none."""
    meant = {"authority": authority and authority.pk, "on": day.isoformat()}
    return next(
        (e for e in events if e.action == HazardAction.NUDGE and e.data.items() >= meant.items()), None
    )
