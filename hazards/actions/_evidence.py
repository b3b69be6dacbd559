"""Uploaded files become evidence of a hazard, inside the act that needs them."""

from django.utils import timezone

from files import claims
from files.models import StoredFile
from hazards.enums import EvidenceStage
from hazards.models import Evidence, Hazard
from institutions.actor import Actor


def take(file_ids, *, by: Actor) -> list[StoredFile]:
    """The actor's own uploads that no hazard uses yet, now claimed. Raises what files.claims.claim raises."""
    return claims.claim(file_ids, by=by.user) if file_ids else []


def digests(files: list[StoredFile]) -> dict:
    """What an event says of its photos, so that a swapped photo breaks the chain."""
    return {"evidence": [file.sha256 for file in files]} if files else {}


def attach(hazard: Hazard, files: list[StoredFile], stage: EvidenceStage, *, by: Actor, round: int) -> None:
    """Make claimed files evidence of this stage and round."""
    now = timezone.now()
    Evidence.objects.bulk_create(
        Evidence(hazard=hazard, file=file, stage=stage, round=round, added_at=now, added_by=by.user)
        for file in files
    )
