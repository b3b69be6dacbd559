"""Opening a visit, checking in, the record, calling it off. Each act is atomic, takes `by: Actor`, leaves a trace.

All raise PermissionDenied when `by` may not and common.http.Conflict when somebody else acted first.
"""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from common.http import Conflict
from inspections import crossing, visit_rules
from inspections.actions.visit_door import conflict, leave_trace, lock, require_reach, writable
from inspections.enums import VisitAct, VisitStatus
from inspections.models import Campaign, Checklist, InspectionTeam, Visit, VisitPlan
from institutions.actor import Actor
from institutions.models import Institution, User

# A phone that was offline says when it checked in; a clock that is plainly wrong is not believed.
OLDEST_CHECK_IN = timedelta(days=30)

FACTS = ("place_note", "content", "problems", "handling", "other_participants", "person_in_charge")


@transaction.atomic
def open_visit(
    *,
    by: Actor,
    uid: uuid.UUID,
    institution: Institution,
    kind: str,
    is_unannounced: bool = False,
    checklist: Checklist | None = None,
    added_checklists: Iterable[Checklist] = (),
    campaigns: Iterable[Campaign] = (),
    team: InspectionTeam | None = None,
    inspectors: Iterable[User] = (),
    other_participants: str = "",
    planned_on: date | None = None,
    checked_in_at: datetime | None = None,
    plan: VisitPlan | None = None,
) -> Visit:
    """A visit planned for `planned_on`, or without it one that begins now (or at the credible `checked_in_at`).

    The same `uid` by the same person gives the visit that is already there, also when sent twice at once; by
    another person it is a Conflict. `plan` is the due visit that this one fulfils. Outside the scope of `by` only with
    a `team` that is sent there (交叉检查).
    """
    is_crossing = not Institution.objects.visible_to(by).filter(pk=institution.pk).exists()
    _refuse_opening(by, kind, is_unannounced, is_crossing)
    if is_crossing:
        campaigns = [_sent_for(by, institution, team, inspectors)]
    is_planned, now = planned_on is not None, timezone.now()
    visit = Visit(
        uid=uid,
        institution=institution,
        province_id=institution.province_id,
        city_id=institution.city_id,
        county_id=institution.county_id,
        township_id=institution.township_id,
        kind=kind,
        is_own=by.institution is not None,
        is_crossing=is_crossing,
        is_unannounced=is_unannounced,
        status=VisitStatus.PLANNED if is_planned else VisitStatus.OPEN,
        checklist=checklist,
        team=team,
        planned_on=planned_on,
        created_at=now,
        created_by=by.user,
        checked_in_at=None if is_planned else credible(checked_in_at, now),
        checked_in_by=None if is_planned else by.user,
        other_participants=other_participants,
    )
    # Of two sends at once the second waits here for the first's commit, and finds its row.
    Visit.objects.bulk_create([visit], ignore_conflicts=True)
    there = Visit.objects.select_for_update(no_key=True, of=("self",)).get(uid=uid)
    if there.created_by_id != by.user.pk or there.institution_id != institution.pk:
        raise Conflict("这个检查编号已经用于另一次检查，请刷新页面后重试。")
    if there.events.exists():
        return there
    there.inspectors.add(by.user, *inspectors)
    there.added_checklists.add(*added_checklists)
    there.campaigns.add(*campaigns)
    if plan is not None:
        VisitPlan.objects.filter(pk=plan.pk, institution=institution, visit=None).update(visit=there)
    act = VisitAct.PLAN if is_planned else VisitAct.CHECK_IN
    data = {
        "kind": str(kind),
        "unannounced": is_unannounced,
        "inspectors": [by.user.pk, *(u.pk for u in inspectors)],
    }
    leave_trace(there, act, by=by, data=data)
    return there


def _refuse_opening(by: Actor, kind: str, is_unannounced: bool, is_crossing: bool) -> None:
    if reason := visit_rules.opener(by):
        raise PermissionDenied(reason)
    if kind not in visit_rules.kinds_for(by, is_sent=is_crossing):
        raise PermissionDenied("您的岗位不能开展这一类检查。")
    if is_unannounced and not visit_rules.may_come_unannounced(by):
        raise PermissionDenied("“四不两直”只用于县级以上民政部门的检查。")


def _sent_for(by: Actor, institution: Institution, team: InspectionTeam | None, inspectors) -> Campaign:
    """The running campaign whose team sends `by` and all `inspectors` there; PermissionDenied when none does."""
    sent = crossing.teams_to(by, institution, timezone.localdate()).select_related("campaign")
    found = sent.filter(pk=team.pk).first() if team else None
    if found is None:
        raise PermissionDenied("这家机构不在您的辖区内。")
    people = {found.leader_id, *found.members.values_list("pk", flat=True)}
    if any(user.pk not in people for user in inspectors):
        raise PermissionDenied("交叉检查的检查人员须是督导组的成员。")
    return found.campaign


def credible(moment: datetime | None, now: datetime) -> datetime:
    """`moment` unless it lies in the future or long ago; then `now`."""
    return moment if moment and now - OLDEST_CHECK_IN <= moment <= now else now


@transaction.atomic
def check_in(visit: Visit, *, by: Actor, at: datetime | None = None) -> Visit:
    """到场签到: a planned visit begins; on an open one `by` joins the inspectors. Again changes nothing.

    `at` is the moment a phone without signal claims, if it is credible.
    """
    visit = lock(visit)
    require_reach(visit, by=by)
    if reason := visit_rules.checker_in(by, visit, is_sent=crossing.is_outside(by, visit)):
        if visit.status in (VisitStatus.FINISHED, VisitStatus.CANCELLED):
            raise conflict(visit, reason)
        raise PermissionDenied(reason)
    is_new = by.user.pk not in {user.pk for user in visit.inspectors.all()}
    if visit.is_open and not is_new:
        return visit
    visit.inspectors.add(by.user)
    if not visit.is_open:
        moment = credible(at, timezone.now())
        visit.status, visit.checked_in_at, visit.checked_in_by = VisitStatus.OPEN, moment, by.user
    visit.version += 1
    visit.save(update_fields=["status", "checked_in_at", "checked_in_by", "version"])
    leave_trace(visit, VisitAct.CHECK_IN, by=by)
    return visit


@transaction.atomic
def cancel(visit: Visit, *, by: Actor, reason: str) -> Visit:
    """取消检查, with a reason: its findings become no hazards, and what was due is due again."""
    visit = lock(visit)
    require_reach(visit, by=by)
    if refusal := visit_rules.canceller(by, visit, {user.pk for user in visit.inspectors.all()}):
        if visit.status in (VisitStatus.FINISHED, VisitStatus.CANCELLED):
            raise conflict(visit, refusal)
        raise PermissionDenied(refusal)
    visit.status, visit.cancel_reason = VisitStatus.CANCELLED, reason
    visit.cancelled_at, visit.cancelled_by = timezone.now(), by.user
    visit.version += 1
    visit.save(update_fields=["status", "cancel_reason", "cancelled_at", "cancelled_by", "version"])
    VisitPlan.objects.filter(visit=visit).update(visit=None)
    leave_trace(visit, VisitAct.CANCEL, by=by, comment=reason)
    return visit


@transaction.atomic
def edit_record(
    visit: Visit,
    *,
    by: Actor,
    version: int | None = None,
    inspectors: Iterable[User] | None = None,
    **facts,
) -> Visit:
    """检查记录: place, content, problems, handling, who else took part, the person in charge; and the inspectors.

    `by` stays an inspector, and so does whoever signed or found something. What is the same changes nothing.
    """
    if unknown := set(facts) - set(FACTS):
        raise TypeError(f"no facts of a visit: {unknown}")
    visit = writable(visit, by=by, version=version)
    changed = {name: value for name, value in facts.items() if getattr(visit, name) != value}
    before, named = {user.pk for user in visit.inspectors.all()}, None
    if inspectors is not None:
        kept = {by.user.pk, visit.checked_in_by_id}
        kept |= set(visit.signatures.filter(user__isnull=False).values_list("user", flat=True))
        kept |= set(visit.findings.values_list("found_by", flat=True))
        named = {user.pk for user in inspectors} | (kept & before) | {by.user.pk}
    if not changed and named in (None, before):
        return visit
    if named is not None:
        visit.inspectors.set(named)
    for name, value in changed.items():
        setattr(visit, name, value)
    visit.version += 1
    visit.save(update_fields=[*changed, "version"])
    data = {"changed": sorted(changed)} | ({} if named is None else {"inspectors": sorted(named)})
    leave_trace(visit, VisitAct.EDIT, by=by, data=data)
    return visit
