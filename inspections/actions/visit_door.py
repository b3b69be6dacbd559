"""What every act on a visit goes through: the row lock, who may, and the trace it leaves."""

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from common.http import Conflict
from inspections import crossing, visit_rules
from inspections.actions.trace import trace_of
from inspections.enums import VisitAct
from inspections.models import Visit, VisitEvent
from institutions.actor import Actor


def lock(visit: Visit) -> Visit:
    """The row as it is now, locked against other acts until the transaction ends (waits 3 s at most)."""
    return (
        Visit.objects.select_for_update(no_key=True, of=("self",))
        .select_related("institution__authority", "checklist", "team")
        .prefetch_related("inspectors")
        .get(pk=visit.pk)
    )


def require_reach(visit: Visit, *, by: Actor) -> None:
    """Raise PermissionDenied for a visit beyond the actor's scope, unless a team is sent there today."""
    is_outside = crossing.is_outside(by, visit)
    if is_outside and not crossing.visits(by, timezone.localdate()).filter(pk=visit.pk).exists():
        raise PermissionDenied("这家机构不在您的辖区内。")


def require_inspector(visit: Visit, *, by: Actor) -> None:
    """Raise PermissionDenied unless `by` is an inspector of the visit, whatever its status; and still sent there."""
    require_reach(visit, by=by)
    if reason := visit_rules.inspector(by, visit, {user.pk for user in visit.inspectors.all()}):
        raise PermissionDenied(reason)


def require_open(visit: Visit) -> None:
    """Raise Conflict when nothing can be written: before the check-in, after the finish."""
    if reason := visit_rules.frozen(visit):
        raise conflict(visit, reason)


def require_writer(visit: Visit, *, by: Actor) -> None:
    """Raise PermissionDenied for anybody but its inspectors, Conflict when it is too early or too late."""
    require_inspector(visit, by=by)
    require_open(visit)


def inspected(visit: Visit, *, by: Actor) -> Visit:
    """The locked row of a visit that `by` inspects, open or not; raises PermissionDenied for anybody else."""
    visit = lock(visit)
    require_inspector(visit, by=by)
    return visit


def require_finisher(visit: Visit, *, by: Actor) -> None:
    """Raise PermissionDenied for who may not finish the visit, whatever its status."""
    inspectors = {user.pk for user in visit.inspectors.all()}
    require_reach(visit, by=by)
    if reason := visit_rules.finisher(by, visit, inspectors, is_sent=crossing.is_outside(by, visit)):
        raise PermissionDenied(reason)


def writable(visit: Visit, *, by: Actor, version: int | None = None) -> Visit:
    """The locked row of an open visit that `by` inspects.

    Raises PermissionDenied for anybody else and Conflict when it was finished or changed since `version`.
    """
    visit = inspected(visit, by=by)
    require_open(visit)
    if version not in (None, visit.version):
        raise conflict(visit, "您打开页面之后，另一位检查人员改过这份记录。")
    return visit


def conflict(visit: Visit, words: str) -> Conflict:
    """Too late, with who did what last."""
    latest = visit.events.order_by("-id")[:3]
    changes = [
        {"what": e.get_act_display(), "who": f"{e.by_name}（{e.by_place}）", "at": e.at} for e in latest
    ]
    return Conflict(words, changes=changes, back_url=reverse("inspections:visit", args=[visit.uid]))


def leave_trace(
    visit: Visit, act: VisitAct, *, by: Actor, comment: str = "", data: dict | None = None
) -> None:
    """One line of the visit's trace, in the transaction of the act."""
    VisitEvent.objects.create(**trace_of(by, visit=visit, act=act, comment=comment[:500], data=data or {}))
