"""Uploaded files become evidence of a hazard, inside the act that needs them."""

from django.utils import timezone

from files import claims
from files.models import StoredFile
from hazards.enums import EvidenceStage
from hazards.models import Evidence, Hazard, ProgressReport
from institutions.actor import Actor


def take(given, *, by: Actor) -> list[StoredFile]:
    """Files for an act, now claimed: ids of the actor's own uploads that nothing uses yet.

    A StoredFile instead of an id was claimed before, by whoever found the problem; that it is evidence of one
    hazard only is kept by the database. Raises what files.claims.claim raises.
    """
    ids = [g for g in given if not isinstance(g, StoredFile)]
    held = [g for g in given if isinstance(g, StoredFile)]
    if loose := sum(not file.is_attached for file in held):
        raise claims.Unclaimable(loose)
    return claims.claim(ids, by=by.user) + held


def digests(files: list[StoredFile]) -> dict:
    """What an event says of its photos, so that a swapped photo breaks the chain."""
    return {"evidence": [file.sha256 for file in files]} if files else {}


def attach(
    hazard: Hazard,
    files: list[StoredFile],
    stage: EvidenceStage,
    *,
    by: Actor,
    round: int,
    report: ProgressReport | None = None,
) -> None:
    """Make claimed files evidence of this stage and round (and of this progress report)."""
    now = timezone.now()
    Evidence.objects.bulk_create(
        Evidence(
            hazard=hazard,
            file=file,
            stage=stage,
            round=round,
            progress_report=report,
            added_at=now,
            added_by=by.user,
        )
        for file in files
    )
