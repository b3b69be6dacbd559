"""延期: asked by the institution in good time, decided at the proper level; undecided it stops no clock.

All raise PermissionDenied when `by` may not, common.http.Conflict when somebody else acted first (`version`), and Unfit
when it is too late, too often or too long.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from hazards import deadlines
from hazards.actions import dues
from hazards.actions._transition import transition
from hazards.actions.closing import levels
from hazards.actions.unfit import Unfit
from hazards.enums import ExtensionCase, ExtensionDecider, ExtensionOutcome, HazardAction
from hazards.models import ExtensionPolicy, ExtensionRequest, Hazard
from institutions.actor import Actor
from institutions.models import Region

INSTEAD = "请按原期限整改并提交；确实完不成的，请尽快向主管民政部门说明情况并落实防控措施。"


def case_of(hazard: Hazard) -> ExtensionCase:
    """Which limits govern: those of 挂牌督办 whatever the grade, else those of the grade."""
    return ExtensionCase.SUPERVISED if hazard.supervised_region_id else ExtensionCase(hazard.severity)


def policy_for(hazard: Hazard, case: ExtensionCase | None = None) -> ExtensionPolicy:
    """The limits of the nearest region from the county upward; the house's own when none says anything."""
    case, places = case or case_of(hazard), [hazard.county_id, hazard.city_id, hazard.province_id]
    rows = {p.region_id: p for p in ExtensionPolicy.objects.filter(region_id__in=places, case=case)}
    return next((rows[place] for place in places if place in rows), ExtensionPolicy.default(case))


def deciding_region(hazard: Hazard, policy: ExtensionPolicy) -> Region:
    """Whose civil-affairs authority decides: by policy the supervising one or the next level up that exists.

    Never one below the level that supervises by order (挂牌督办). At the top the same authority decides.
    """
    chain, position = levels(hazard)
    if policy.decider == ExtensionDecider.SUPERVISOR:
        return chain[position]
    ordered = next((i for i, region in enumerate(chain) if region.pk == hazard.supervised_region_id), 0)
    return chain[min(max(position + 1, ordered), len(chain) - 1)]


@dataclass(frozen=True)
class Terms:
    """What governs an extension of one hazard today: for the form, and for the act under its lock."""

    policy: ExtensionPolicy
    region: Region
    last_day_to_ask: deadlines.Counted
    latest_due_on: date
    granted: int
    why_not: str


def terms_for(hazard: Hazard, today: date) -> Terms:
    """The terms of a hazard that was issued; `why_not` says in words why it can't be asked for today."""
    policy = policy_for(hazard)
    last_day = deadlines.workdays_from(hazard.due_on, -policy.ask_before)
    latest = timezone.localdate(hazard.issued_at) + timedelta(days=policy.cap_days)
    granted = hazard.extensions.filter(outcome=ExtensionOutcome.APPROVED).count()
    why_not = ""
    if granted >= policy.most:
        why_not = f"已经延期 {granted} 次，最多 {policy.most} 次，不能再申请。{INSTEAD}"
    elif today > last_day.on:
        day = last_day.on
        why_not = (
            f"{policy.get_case_display()}须在期限届满前 {policy.ask_before} 个工作日申请延期，"
            f"最晚是 {day.year}年{day.month}月{day.day}日，现在已经晚了。{INSTEAD}"
        )
    elif latest <= hazard.due_on:
        why_not = f"从下发起最长 {policy.cap_days} 天，已经到限，不能再延。{INSTEAD}"
    return Terms(policy, deciding_region(hazard, policy), last_day, latest, granted, why_not)


def refuse_new_due(due_on: date, hazard: Hazard, terms: Terms, today: date) -> str:
    """Why `due_on` can't be the extended deadline, in Chinese; empty when it can."""
    latest = terms.latest_due_on
    if due_on <= hazard.due_on:
        return "延至的日期须晚于原来的期限。"
    if due_on < today:
        return "延至的日期不能早于今天。"
    if due_on > latest:
        return f"从下发起最长 {terms.policy.cap_days} 天，最晚可延至 {latest.year}年{latest.month}月{latest.day}日。"
    return ""


@transaction.atomic
def request_extension(
    hazard: Hazard,
    *,
    by: Actor,
    reason: str,
    interim_measures: str,
    proposed_due_on: date,
    version: int | None = None,
) -> Hazard:
    """申请延期. The deadline stays as it is until somebody decides."""
    now, today, asked = timezone.now(), timezone.localdate(), {}

    def prepare(row: Hazard) -> dict:
        terms = asked["terms"] = terms_for(row, today)
        if why_not := terms.why_not or refuse_new_due(proposed_due_on, row, terms, today):
            raise Unfit(why_not)
        return {"extension_region": terms.region}

    hazard = transition(
        hazard,
        HazardAction.REQUEST_EXTENSION,
        by=by,
        version=version,
        comment=reason,
        data={"proposed_due_on": proposed_due_on.isoformat(), "interim_measures": interim_measures},
        prepare=prepare,
    )
    policy = asked["terms"].policy
    request = ExtensionRequest.objects.create(
        hazard=hazard,
        round=hazard.round,
        case=policy.case,
        reason=reason,
        interim_measures=interim_measures,
        old_due_on=hazard.due_on,
        proposed_due_on=proposed_due_on,
        requested_at=now,
        requested_by=by.user,
        decide_by=deadlines.workdays_from(today, policy.decide_within).on,
        region=asked["terms"].region,
    )
    dues.extension_decision(request)
    return hazard


def undecided(hazard: Hazard) -> ExtensionRequest | None:
    """The request that waits for a decision, if there is one."""
    return hazard.extensions.filter(outcome="").first()


def _decide(request: ExtensionRequest, outcome: ExtensionOutcome, *, by: Actor, **facts) -> None:
    request.outcome, request.decided_at, request.decided_by = outcome, timezone.now(), by.user
    for name, value in facts.items():
        setattr(request, name, value)
    request.save(update_fields=["outcome", "decided_at", "decided_by", *facts])
    dues.extension_decision(request)


def _refuse_own(request: ExtensionRequest, by: Actor) -> None:
    if request.requested_by_id == by.user.pk:
        raise PermissionDenied("延期由您申请，须由另一位同事决定。")


@transaction.atomic
def approve_extension(
    hazard: Hazard, *, by: Actor, due_on: date, opinion: str = "", version: int | None = None
) -> Hazard:
    """批准延期: the new deadline, never later than asked for; an order of supervision moves along."""
    today, decided = timezone.localdate(), {}

    def prepare(row: Hazard) -> dict:
        request = decided["request"] = undecided(row)
        _refuse_own(request, by)
        if why_not := refuse_new_due(due_on, row, terms_for(row, today), today):
            raise Unfit(why_not)
        if due_on > request.proposed_due_on:
            raise Unfit("核定的日期不能晚于机构申请的日期。")
        return {"due_on": due_on, "extension_region": None}

    hazard = transition(
        hazard,
        HazardAction.APPROVE_EXTENSION,
        by=by,
        version=version,
        comment=opinion,
        data={"due_on": due_on.isoformat()},
        prepare=prepare,
    )
    _decide(decided["request"], ExtensionOutcome.APPROVED, by=by, new_due_on=due_on, opinion=opinion)
    if (order := hazard.supervisions.open().first()) and order.due_on < due_on:
        order.due_on = due_on
        order.save(update_fields=["due_on"])
        dues.supervision(order)
    return hazard


@transaction.atomic
def refuse_extension(hazard: Hazard, *, by: Actor, reason: str, version: int | None = None) -> Hazard:
    """不予延期: the deadline stays."""
    decided = {}

    def prepare(row: Hazard) -> dict:
        request = decided["request"] = undecided(row)
        _refuse_own(request, by)
        return {"extension_region": None}

    hazard = transition(
        hazard, HazardAction.REFUSE_EXTENSION, by=by, version=version, comment=reason, prepare=prepare
    )
    _decide(decided["request"], ExtensionOutcome.REFUSED, by=by, opinion=reason)
    return hazard


@transaction.atomic
def withdraw_extension(hazard: Hazard, *, by: Actor, reason: str, version: int | None = None) -> Hazard:
    """撤回: nobody has to decide any more; the deadline stays, and another request may follow in time."""
    withdrawn = {}

    def prepare(row: Hazard) -> dict:
        withdrawn["request"] = undecided(row)
        return {"extension_region": None}

    hazard = transition(
        hazard, HazardAction.WITHDRAW_EXTENSION, by=by, version=version, comment=reason, prepare=prepare
    )
    _decide(withdrawn["request"], ExtensionOutcome.WITHDRAWN, by=by, opinion=reason)
    return hazard


def lapse(row: Hazard, *, by: Actor) -> dict:
    """What is undecided lapses: the institution has submitted, or the hazard ends. For `prepare`, under the row's lock.

    Nobody needs more time for what is done; if it comes back, the rejection sets a new deadline anyway.
    """
    if row.extension_region_id is None:
        return {}  # nothing is undecided: the two agree at every commit (migration 0007)
    if request := undecided(row):
        _decide(request, ExtensionOutcome.LAPSED, by=by)
    return {"extension_region": None}
