"""The one door: the only code that writes `status`. Row lock → version → table → fields → event → clock → notices → other systems."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from common.http import Conflict
from common.prepared import Prepared, insert, update
from hazards import audit, changes, clock, notices, workflow
from hazards.enums import HazardAction, HazardStatus
from hazards.models import Hazard, HazardEvent
from institutions.actor import Actor
from institutions.models import Membership, User

_VOID_TOGETHER = """
UPDATE hazards_hazard AS h
SET status = %(status)s, status_changed_at = %(at)s, voided_at = %(at)s, voided_by_id = %(by)s, void_reason = %(reason)s,
    void_requested_at = %(asked_at)s, void_requested_by_id = %(asked_by)s,
    event_count = h.event_count + 1, event_head = made.head
FROM unnest(%(ids)s::bigint[], %(heads)s::text[]) AS made (id, head)
WHERE h.id = made.id
"""

_HELD = Prepared(lambda pk: Membership.objects.active().filter(pk=pk).order_by().values_list("pk"))
# The regions are read where they decide something (closing.levels): planning seven joins took longer than all that an
# act writes.
_LOCKED = Prepared(
    lambda pk: (
        Hazard.objects.select_for_update(no_key=True, of=("self",))
        .select_related("institution", "supervising_authority__region")
        .filter(pk=pk)
        .order_by()
    )
)


def require_post(by: Actor) -> None:
    """Raise PermissionDenied when the post was taken away since the request began: photos can take long to arrive."""
    if not _HELD.rows(by.membership.pk):
        raise PermissionDenied("您已不在这个岗位，请重新登录。")


def lock(hazard: Hazard) -> Hazard:
    """The row as it is now, locked against other acts until the transaction ends (waits 3 s at most).

    Must run inside that transaction. Raises Hazard.DoesNotExist.
    """
    if rows := _LOCKED.rows(hazard.pk):
        return rows[0]
    raise Hazard.DoesNotExist


def _refuse_stale(hazard: Hazard, action: HazardAction, version: int | None) -> None:
    row = workflow.TABLE[action]
    is_legal = row.is_legal_from(hazard.status)
    if is_legal and version in (None, hazard.version):
        return
    changes = hazard.events.filter(seq__gt=version if version is not None else hazard.version - 1)
    if is_legal and not changes.exclude(action__in=workflow.LEAVE_FORMS_OPEN - {action}).exists():
        return
    raise Conflict(
        f"您打开页面之后，这条隐患已经有了新的办理，现在是“{hazard.get_status_display()}”。",
        changes=[
            {"what": e.get_action_display(), "who": f"{e.by_name}（{e.by_place}）", "at": e.at}
            for e in changes.order_by("seq")
        ],
        back_url=reverse("hazards:detail", args=[hazard.pk]),
    )


def transition(
    hazard: Hazard,
    action: HazardAction,
    *,
    by: Actor,
    version: int | None = None,
    comment: str = "",
    data: dict | None = None,
    prepare: Callable[[Hazard], dict] | None = None,
    opened: HazardEvent | None = None,
    tells_people: bool = True,
    **fields,
) -> Hazard:
    """Do `action` to the hazard, with `fields` saved beside the status, its event and its notices.

    Within the caller's transaction, which must not go on after an error. `prepare` gives the fields that depend on
    the row as it is once locked. `opened` is the unsaved event of registering it in this very transaction: the post
    was asked for then, nobody else knows the row, and both events are written at once. Without `tells_people` the
    caller does.
    Raises PermissionDenied when `by` may not, Conflict when somebody else acted since `version`.
    """
    row = workflow.TABLE[action]
    if not by.can(row.capability):
        raise PermissionDenied("您的角色不能办理这一步。")
    with transaction.atomic(savepoint=False):
        if opened is None:
            require_post(by)
            hazard = lock(hazard)
            _refuse_stale(hazard, action, version)
        if reason := workflow.refusal(action, by, hazard):
            raise PermissionDenied(reason)
        if prepare:
            fields |= prepare(hazard)
        before = hazard.status
        now = timezone.now()
        for name, value in fields.items():
            setattr(hazard, name, value)
        names = [*fields, "event_count", "event_head"]
        if row.target:
            hazard.status, hazard.status_changed_at = row.target, now
            names += ["status", "status_changed_at"]
        event = make_event(hazard, action, by=by, at=now, from_status=before, comment=comment, data=data)
        update(hazard, names)
        insert([opened, event] if opened else [event])
        if row.target or "due_on" in fields:
            clock.follow(hazard)
        if tells_people:
            notices.tell(hazard, event, by=by)
        changes.tell_systems(hazard, event)
    return hazard


def begin_rectifying(hazards: list[Hazard], *, at) -> None:
    """Registered hazards, just made with the facts and the event of their issuing, are under rectification."""
    if hazards:
        ids = [hazard.pk for hazard in hazards]
        Hazard.objects.filter(pk__in=ids).update(status=HazardStatus.RECTIFYING, status_changed_at=at)
    for hazard in hazards:
        hazard.status = HazardStatus.RECTIFYING


def void_together(hazards: list[Hazard], *, at, by: User, asked_by: User, asked_at, reason: str) -> None:
    """Locked hazards, with the events of their voiding just made, are voided by two persons, all in one statement."""
    if not hazards:
        return
    heads = {hazard.pk: hazard.event_head for hazard in hazards}
    with connection.cursor() as cursor:
        cursor.execute(
            _VOID_TOGETHER,
            {
                "ids": list(heads), "heads": list(heads.values()), "status": HazardStatus.VOIDED.value, "at": at,
                "by": by.pk, "asked_by": asked_by.pk, "asked_at": asked_at, "reason": reason,
            },
        )  # fmt: skip
    for hazard in hazards:
        hazard.status = HazardStatus.VOIDED


def make_event(
    hazard, action, *, by: Actor, at, from_status="", to_status="", comment="", data=None
) -> HazardEvent:
    """The unsaved next event of the chain; moves the hazard's count and head on. `to_status`: if not yet its own."""
    facts = {
        "seq": hazard.event_count + 1,
        "action": HazardAction(action).value,
        "from_status": str(from_status),
        "to_status": str(to_status or hazard.status),
        "at": at,
        "by": by.user.pk,
        "by_name": by.user.name,
        "by_role": by.role.value,
        "by_place": by.place_name,
        "comment": comment,
        "data": data or {},
    }
    digest = audit.event_hash(settings.AUDIT_HASH, hazard.event_head, hazard.uid, facts)
    event = HazardEvent(
        hazard=hazard,
        algorithm=settings.AUDIT_HASH,
        previous_hash=hazard.event_head,
        hash=digest,
        **{k: v for k, v in facts.items() if k != "by"},
        by=by.user,
    )
    hazard.event_count, hazard.event_head = facts["seq"], digest
    return event
