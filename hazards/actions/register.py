"""登记隐患: the way every hazard comes in, whoever found it. Visits, self-checks and imports call the same."""

import uuid
from datetime import date
from functools import cache
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.http import Conflict
from common.prepared import Prepared, insert
from hazards import changes, notices, workflow
from hazards.actions._evidence import attach, digests, take
from hazards.actions._transition import make_event, require_post, transition
from hazards.actions.lifecycle import issuing
from hazards.enums import EvidenceStage, HazardAction, HazardStatus
from hazards.models import Hazard, HazardEvent, RectificationSubmission
from institutions.actor import Actor, Scope
from institutions.models import Institution


@transaction.atomic
def register(
    *,
    by: Actor,
    institution: Institution,
    description: str,
    location: str,
    domain: str,
    severity: str,
    source: str,
    found_on: date,
    uid: uuid.UUID,
    basis: str = "",
    evidence: list = (),
    no_photo_reason: str = "",
    recurrence_of: Hazard | None = None,
    issue_with: dict | None = None,
    fixed_with: dict | None = None,
) -> Hazard:
    """Register a hazard; with `issue_with` (due_on, responsible_person, …) issue it in the same step.

    `fixed_with` (measures, evidence, responsible_person): 立行立改, goes straight to AWAITING_VERIFICATION and
    must be verified by another person. The same `uid` again gives the hazard that is already there.
    Raises PermissionDenied when the institution is outside the actor's scope or the role may not register,
    ValueError without a photo or a reason for none, Conflict when `uid` is somebody else's hazard.
    """
    if reason := workflow.refusal(HazardAction.REGISTER, by, None):
        raise PermissionDenied(reason)
    require_post(by)
    institution = _lock(institution, by)
    if recurrence_of is not None and recurrence_of.institution_id != institution.pk:
        raise PermissionDenied("反弹的隐患须是同一家机构的。")
    if not evidence and not no_photo_reason:
        raise ValueError("请至少上传一张现场照片，或说明无法拍照的原因。")
    if _is_here(uid):
        return _repeated(uid, by)
    now, files = timezone.now(), take(evidence, by=by)
    hazard = Hazard(
        uid=uid,
        institution=institution,
        province_id=institution.province_id,
        city_id=institution.city_id,
        county_id=institution.county_id,
        township_id=institution.township_id,
        supervising_authority_id=institution.authority_id,
        description=description,
        location=location,
        domain=domain,
        severity=severity,
        source=source,
        basis=basis,
        found_on=found_on,
        no_photo_reason=no_photo_reason,
        is_self_reported=by.institution is not None,
        is_fixed_on_the_spot=fixed_with is not None,
        recurrence_of=recurrence_of,
        status=HazardStatus.REGISTERED,
        registered_at=now,
        registered_by=by.user,
        status_changed_at=now,
    )
    event = make_event(
        hazard,
        HazardAction.REGISTER,
        by=by,
        at=now,
        data={"description": description, "location": location, "severity": severity, "domain": domain}
        | digests(files),
    )
    insert([hazard])
    event.hazard = hazard
    attach(hazard, files, EvidenceStage.FOUND, by=by, round=0)
    changes.tell_systems(hazard, event)
    if fixed_with is not None:
        return _fix_on_the_spot(hazard, event, by=by, **fixed_with)
    if issue_with is not None:
        facts = issuing(by=by, **issue_with)
        return transition(hazard, HazardAction.ISSUE, by=by, opened=event, **facts)
    insert([event])
    notices.tell(hazard, event, by=by)
    return hazard


class _Somebody(NamedTuple):
    """What visible_to asks of an actor."""

    scope: Scope
    may_view_institutions: bool


@cache
def _in_scope(column: str | None, may_view: bool) -> Prepared:
    """The institution by the value of its scope and its key, locked."""

    def made(value: int, pk: int) -> QuerySet:
        rows = Institution.objects.visible_to(_Somebody(Scope(column, value), may_view)).filter(pk=pk)
        return rows.order_by().select_for_update(no_key=True, of=("self",))

    return Prepared(made)


def _lock(institution: Institution, by: Actor) -> Institution:
    """As it is now, and so until the transaction ends: place and authority are copied from it."""
    found = _in_scope(by.scope.column, by.may_view_institutions).rows(by.scope.value, institution.pk)
    if not found:
        raise PermissionDenied("这家机构不在您的辖区内。")
    return found[0]


def _is_here(uid: uuid.UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM hazards_hazard WHERE uid = %s", [uid])
        return cursor.fetchone() is not None


def _repeated(uid: uuid.UUID, by: Actor) -> Hazard:
    if own := Hazard.objects.visible_to(by).filter(uid=uid, registered_by=by.user).first():
        return own
    raise Conflict("这份表单已经由别人提交过，请重新打开登记页面再填。")


def _fix_on_the_spot(
    hazard: Hazard, opened: HazardEvent, *, by: Actor, measures: str, evidence: list, responsible_person: str
) -> Hazard:
    """立行立改: the second half of registering. Needs at least one photo of the repaired state."""
    if not evidence:
        raise ValueError("立行立改须上传整改后的照片。")
    now, files = timezone.now(), take(evidence, by=by)
    hazard = transition(
        hazard,
        HazardAction.FIX_ON_THE_SPOT,
        by=by,
        comment=measures,
        data=digests(files),
        opened=opened,
        issued_at=now,
        issued_by=by.user,
        due_on=timezone.localdate(now),
        responsible_person=responsible_person,
        supervising_officer=None if by.institution else by.user,
        submitted_at=now,
        submitted_by=by.user,
        round=1,
    )
    RectificationSubmission.objects.create(
        hazard=hazard, round=1, measures=measures, submitted_at=now, submitted_by=by.user
    )
    attach(hazard, files, EvidenceStage.RECTIFIED, by=by, round=1)
    return hazard
