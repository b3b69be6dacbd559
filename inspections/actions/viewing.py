"""The log of who looked at photos of findings at houses for children and people under protection."""

from inspections.models import FindingPhoto, FindingPhotoView
from institutions.actor import Actor


def log_viewing(photo: FindingPhoto, *, by: Actor, variant: str) -> None:
    """Write down one viewing where the institution is a protected one; nothing elsewhere.

    While the visit is open nobody but who took the photo sees it, and they may still take it back: nothing is logged.
    """
    visit = photo.finding.visit
    if visit.institution.is_protected and not visit.is_open:
        FindingPhotoView.objects.create(photo=photo, by=by.user, variant=variant)
