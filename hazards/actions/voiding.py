"""作废: a false alarm, or a duplicate. A major hazard takes two persons.

All raise PermissionDenied when `by` may not and common.http.Conflict when somebody else acted first (`version`).
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from common.http import Conflict
from hazards.actions import extending, transferring
from hazards.actions._transition import transition
from hazards.enums import HazardAction, HazardStatus
from hazards.models import Hazard
from institutions.actor import Actor


@transaction.atomic
def request_void(hazard: Hazard, *, by: Actor, reason: str, version: int | None = None) -> Hazard:
    """申请作废 of a major hazard: the first of two persons. The clock keeps running."""
    return transition(
        hazard,
        HazardAction.REQUEST_VOID,
        by=by,
        version=version,
        comment=reason,
        void_requested_at=timezone.now(),
        void_requested_by=by.user,
        void_reason=reason,
    )


@transaction.atomic
def refuse_void(hazard: Hazard, *, by: Actor, reason: str, version: int | None = None) -> Hazard:
    """不同意作废, or taking one's own request back."""
    return transition(
        hazard,
        HazardAction.REFUSE_VOID,
        by=by,
        version=version,
        comment=reason,
        void_requested_at=None,
        void_requested_by=None,
        void_reason="",
    )


@transaction.atomic
def void(
    hazard: Hazard, *, by: Actor, reason: str, duplicate_of: Hazard | None = None, version: int | None = None
) -> Hazard:
    """作废 (false alarm, or duplicate of another hazard of the same institution); final.

    An extension that was asked for lapses and transfers end with it.
    """

    def prepare(row: Hazard) -> dict:
        return extending.lapse(row, by=by) | transferring.end_all(row, by=by, reason="隐患已作废。")

    if duplicate_of is not None:
        _keep_the_other(hazard, duplicate_of)
    return transition(
        hazard,
        HazardAction.VOID,
        by=by,
        version=version,
        comment=reason,
        data={"duplicate_of": duplicate_of.number} if duplicate_of else {},
        prepare=prepare,
        voided_at=timezone.now(),
        voided_by=by.user,
        void_reason=reason,
        duplicate_of=duplicate_of,
    )


def _keep_the_other(hazard: Hazard, other: Hazard) -> None:
    """Of two that are duplicates of each other one stays, also when two people void them at the same moment."""
    if other.institution_id != hazard.institution_id:
        raise PermissionDenied("重复的隐患须是同一家机构的。")
    # Both locked in the order of their keys, so that the two acts meet here and not in a deadlock.
    pair = Hazard.objects.filter(pk__in=[hazard.pk, other.pk]).order_by("pk").select_for_update(no_key=True)
    if {h.pk: h for h in pair}[other.pk].status == HazardStatus.VOIDED:
        raise Conflict(
            f"{other.number} 已作废，不能作为重复的依据。",
            back_url=reverse("hazards:detail", args=[hazard.pk]),
        )
