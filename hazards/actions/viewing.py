"""The log of who looked at photos from houses for children and people under protection."""

from hazards.models import Evidence, EvidenceView
from institutions.actor import Actor


def log_viewing(evidence: Evidence, *, by: Actor, variant: str) -> None:
    """Write down one viewing where the institution is a protected one; nothing elsewhere."""
    if evidence.hazard.is_protected:
        EvidenceView.objects.create(evidence=evidence, by=by.user, variant=variant)
