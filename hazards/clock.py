"""The clock of a hazard runs while the institution owes its rectification, and for no other time."""

from django.urls import reverse
from django.utils import timezone

from clocks import running
from clocks.enums import ClockKind, LadderKey
from clocks.models import Clock
from hazards.enums import HazardStatus, Severity
from hazards.models import Hazard

_LADDER = {Severity.GENERAL: LadderKey.HAZARD_GENERAL, Severity.MAJOR: LadderKey.HAZARD_MAJOR}


def follow(hazard: Hazard) -> None:
    """Start, move or stop the clock as the hazard stands now; part of the act's transaction. Its row is locked."""
    if hazard.status == HazardStatus.RECTIFYING:
        running.start(kind=ClockKind.HAZARD, subject_id=hazard.pk, **_facts(hazard))
    else:
        running.stop(kind=ClockKind.HAZARD, subject_id=hazard.pk)


def start_missing() -> None:
    """Start a clock for every hazard being rectified that has none: made-up and bulk-loaded ones. Safe to repeat."""
    rectifying = Hazard.objects.filter(status=HazardStatus.RECTIFYING).only(
        "institution_id", "severity", "due_on", "description", "status_changed_at", "status"
    )
    running.start_many(_unsaved(hazard) for hazard in rectifying.iterator(chunk_size=5000))


def follow_new(hazards: list[Hazard]) -> None:
    """Start the clocks of many hazards that are under rectification from their first day here."""
    running.start_many(_unsaved(hazard) for hazard in hazards)


def stop_many(hazards: list[Hazard]) -> None:
    """Nothing is owed for any of these any more; part of the act's transaction. Their rows are locked."""
    running.stop_all(Clock.objects.filter(kind=ClockKind.HAZARD, subject_id__in=[h.pk for h in hazards]))


def _unsaved(hazard: Hazard) -> Clock:
    facts = _facts(hazard) | {"started_on": timezone.localdate(hazard.status_changed_at)}
    return Clock(kind=ClockKind.HAZARD, subject_id=hazard.pk, next_look_on=facts["started_on"], **facts)


def _facts(hazard: Hazard) -> dict:
    return {
        "institution_id": hazard.institution_id,
        "ladder_key": _LADDER[Severity(hazard.severity)],
        "due_on": hazard.due_on,
        "started_on": timezone.localdate(),
        "title": hazard.description[:200],
        "url": reverse("hazards:detail", args=[hazard.pk]),
        "is_major": hazard.is_major,
    }
