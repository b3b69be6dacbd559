"""撤回导入: what another ledger brought by mistake is voided again, many at once, where nobody has acted on it since.

The counterpart of taking_over: the same row locks, events, chains and clocks as voiding one by one. Always two persons,
whatever the severity: who brought it asks, a superior consents.
"""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.utils import timezone

from hazards import clock
from hazards.actions._transition import make_event, require_post, void_together
from hazards.enums import HazardAction, HazardStatus
from hazards.models import Hazard, HazardEvent
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import User

# Exactly the events of taking_over, which issues in the moment it registers.
UNTOUCHED = Q(status=HazardStatus.REGISTERED, event_count=1) | Q(
    status=HazardStatus.RECTIFYING, event_count=2, issued_at=F("registered_at")
)


def take_back(
    hazards: Iterable[int], *, by: Actor, asked_by: User, asked_at: datetime, reason: str, data: dict
) -> list[Hazard]:
    """Void those of `hazards` (ids, all taken over) that are as they came; those acted on meanwhile are left alone.

    Returns the voided. The caller's transaction, and the caller tells people. Raises PermissionDenied when `by` lost the
    post, may not issue, or is who asked; a hazard outside the scope of `by` is left alone.
    """
    if not by.can(Capability.ISSUE) or by.user.pk == asked_by.pk:
        raise PermissionDenied("撤回导入须由上级的另一位监管人员确认。")
    require_post(by)
    # Who acts on one of them right now goes first: once we have the lock, the row is looked at again.
    rows = Hazard.objects.visible_to(by).filter(UNTOUCHED, pk__in=list(hazards))
    found = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    now = timezone.now()
    events = [
        make_event(
            hazard, HazardAction.VOID, by=by, at=now, from_status=hazard.status, to_status=HazardStatus.VOIDED,
            comment=reason, data=data,
        )
        for hazard in found
    ]  # fmt: skip
    void_together(found, at=now, by=by.user, asked_by=asked_by, asked_at=asked_at, reason=reason)
    HazardEvent.objects.bulk_create(events)
    clock.stop_many(found)
    return found
