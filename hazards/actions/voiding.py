"""作废: a false alarm, or a duplicate. A major hazard takes two persons.

All raise PermissionDenied when `by` may not and common.http.Conflict when somebody else acted first (`version`).
"""

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from hazards.actions._transition import transition
from hazards.enums import HazardAction
from hazards.models import Hazard
from institutions.actor import Actor


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


def void(
    hazard: Hazard, *, by: Actor, reason: str, duplicate_of: Hazard | None = None, version: int | None = None
) -> Hazard:
    """作废 (false alarm, or duplicate of another hazard of the same institution); final."""
    if duplicate_of is not None and duplicate_of.institution_id != hazard.institution_id:
        raise PermissionDenied("重复的隐患须是同一家机构的。")
    return transition(
        hazard,
        HazardAction.VOID,
        by=by,
        version=version,
        comment=reason,
        data={"duplicate_of": duplicate_of.number} if duplicate_of else {},
        voided_at=timezone.now(),
        voided_by=by.user,
        void_reason=reason,
        duplicate_of=duplicate_of,
    )
