"""The acts on a registered hazard. Each is atomic, takes `by: Actor`, and leaves an event with its trace.

All raise PermissionDenied when `by` may not and common.http.Conflict when somebody else acted first (`version`).
"""

from datetime import date
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.utils import timezone

from hazards.actions import closing, extending, transferring
from hazards.actions._evidence import attach, digests, take
from hazards.actions._transition import transition
from hazards.enums import ClosureOutcome, EvidenceStage, HazardAction, VerificationOutcome
from hazards.models import Closure, Hazard, RectificationPlan, RectificationSubmission, Verification
from institutions.actor import Actor

# The facts of a round that end with it; the round's own rows keep them.
_NEW_ROUND = {
    "submitted_at": None,
    "submitted_by": None,
    "verified_at": None,
    "verified_by": None,
    "closing_region": None,
}


class PlanIncomplete(ValueError):
    """A major hazard can't be submitted before all of 五落实 are settled; `missing` says which."""

    def __init__(self, missing: list[str]):
        super().__init__("重大隐患须先填齐整改方案（五落实），还缺：" + "、".join(missing) + "。")
        self.missing = missing


def issuing(*, by: Actor, due_on: date, responsible_person: str, interim_measures: str = "") -> dict:
    """What issuing says and sets, for the door: the first round, its deadline (calendar day, as printed), who answers."""
    return {
        "comment": interim_measures,
        "data": {"due_on": due_on.isoformat(), "responsible_person": responsible_person},
        "due_on": due_on,
        "responsible_person": responsible_person,
        "interim_measures": interim_measures,
        "supervising_officer": by.user,
        "issued_at": timezone.now(),
        "issued_by": by.user,
        "round": 1,
    }


@transaction.atomic
def issue(hazard: Hazard, *, by: Actor, version: int | None = None, **facts) -> Hazard:
    """下发整改: the first round begins, with the `facts` that issuing() takes."""
    return transition(hazard, HazardAction.ISSUE, by=by, version=version, **issuing(by=by, **facts))


@transaction.atomic
def plan(
    hazard: Hazard,
    *,
    by: Actor,
    measures: str = "",
    responsible_person: str = "",
    funds: Decimal | None = None,
    finish_on: date | None = None,
    contingency: str = "",
    version: int | None = None,
) -> Hazard:
    """填报整改方案 (五落实); may be saved in parts and changed while rectifying, each wording kept in an event."""
    values = {
        "measures": measures,
        "responsible_person": responsible_person,
        "funds": funds,
        "finish_on": finish_on,
        "contingency": contingency,
    }
    hazard = transition(
        hazard,
        HazardAction.PLAN,
        by=by,
        version=version,
        comment=measures,
        data={k: None if v in (None, "") else str(v) for k, v in values.items()},
    )
    RectificationPlan.objects.update_or_create(
        hazard=hazard, defaults=values | {"saved_at": timezone.now(), "saved_by": by.user}
    )
    return hazard


@transaction.atomic
def submit(
    hazard: Hazard,
    *,
    by: Actor,
    measures: str,
    evidence: list,
    funds_spent: Decimal | None = None,
    version: int | None = None,
) -> Hazard:
    """提交整改: what was done in this round, with at least one photo.

    Raises ValueError without a photo and PlanIncomplete for a major hazard without all of 五落实.
    """
    if not evidence:
        raise ValueError("请至少上传一张整改后的照片。")
    now, files = timezone.now(), take(evidence, by=by)
    hazard = transition(
        hazard,
        HazardAction.SUBMIT,
        by=by,
        version=version,
        comment=measures,
        data=digests(files) | ({} if funds_spent is None else {"funds_spent": str(funds_spent)}),
        prepare=partial(extending.lapse, by=by),
        submitted_at=now,
        submitted_by=by.user,
        void_requested_at=None,  # what was rectified was no false alarm
        void_requested_by=None,
        void_reason="",
    )
    if missing := plan_missing(hazard):
        raise PlanIncomplete(missing)
    RectificationSubmission.objects.create(
        hazard=hazard,
        round=hazard.round,
        measures=measures,
        funds_spent=funds_spent,
        submitted_at=now,
        submitted_by=by.user,
    )
    attach(hazard, files, EvidenceStage.RECTIFIED, by=by, round=hazard.round)
    return hazard


def plan_missing(hazard: Hazard) -> list[str]:
    """Which of 五落实 a major hazard still lacks; nothing is asked of a general one."""
    if not hazard.is_major:
        return []
    saved = RectificationPlan.objects.filter(hazard=hazard).first() or RectificationPlan()
    return [name for name, is_settled in saved.settled.items() if not is_settled]


def _submission(hazard: Hazard) -> RectificationSubmission:
    return hazard.submissions.get(round=hazard.round)


def _verification(hazard: Hazard) -> Verification:
    return Verification.objects.get(submission__hazard=hazard, submission__round=hazard.round)


@transaction.atomic
def reject(hazard: Hazard, *, by: Actor, reason: str, due_on: date, version: int | None = None) -> Hazard:
    """退回整改: a new round with a reason (at least 5 characters) and a new deadline."""
    now, ended = timezone.now(), {}

    def prepare(row: Hazard) -> dict:
        ended["submission"] = _submission(row)
        return {"due_on": due_on, "round": row.round + 1, **_NEW_ROUND}

    hazard = transition(
        hazard,
        HazardAction.REJECT,
        by=by,
        version=version,
        comment=reason,
        data={"due_on": due_on.isoformat()},
        prepare=prepare,
    )
    Verification.objects.create(
        submission=ended["submission"],
        outcome=VerificationOutcome.REJECTED,
        opinion=reason,
        new_due_on=due_on,
        submitted_by_id=ended["submission"].submitted_by_id,
        verified_at=now,
        verified_by=by.user,
    )
    return hazard


@transaction.atomic
def accept(
    hazard: Hazard,
    *,
    by: Actor,
    opinion: str,
    is_cause_found: bool,
    is_rectified: bool,
    is_satisfactory: bool,
    evidence: list = (),
    version: int | None = None,
) -> Hazard:
    """验收通过 with an opinion and the three confirmations (三个不放过); who closes out is decided by policy here."""
    now, files = timezone.now(), take(evidence, by=by)

    def prepare(row: Hazard) -> dict:
        return {"closing_region": closing.closing_region(row, closing.policy_for(row))}

    hazard = transition(
        hazard,
        HazardAction.ACCEPT,
        by=by,
        version=version,
        comment=opinion,
        data=digests(files),
        prepare=prepare,
        verified_at=now,
        verified_by=by.user,
    )
    submission = _submission(hazard)
    Verification.objects.create(
        submission=submission,
        outcome=VerificationOutcome.ACCEPTED,
        opinion=opinion,
        is_cause_found=is_cause_found,
        is_rectified=is_rectified,
        is_satisfactory=is_satisfactory,
        submitted_by_id=submission.submitted_by_id,
        verified_at=now,
        verified_by=by.user,
    )
    attach(hazard, files, EvidenceStage.VERIFIED, by=by, round=hazard.round)
    return hazard


@transaction.atomic
def close(hazard: Hazard, *, by: Actor, opinion: str = "", version: int | None = None) -> Hazard:
    """销号: the end. If it comes back, a new hazard is registered and linked (反弹)."""
    now = timezone.now()
    hazard = transition(
        hazard,
        HazardAction.CLOSE,
        by=by,
        version=version,
        comment=opinion,
        prepare=partial(transferring.end_all, by=by, reason="隐患已销号。"),
        closed_at=now,
        closed_by=by.user,
    )
    Closure.objects.create(
        verification=_verification(hazard),
        outcome=ClosureOutcome.CLOSED,
        opinion=opinion,
        verified_by_id=hazard.verified_by_id,
        decided_at=now,
        decided_by=by.user,
    )
    return hazard


@transaction.atomic
def return_(hazard: Hazard, *, by: Actor, reason: str, due_on: date, version: int | None = None) -> Hazard:
    """不予销号: back to the institution, a new round with a reason and a new deadline."""
    now, ended = timezone.now(), {}

    def prepare(row: Hazard) -> dict:
        ended["verification"] = _verification(row)
        return {"due_on": due_on, "round": row.round + 1, **_NEW_ROUND}

    hazard = transition(
        hazard,
        HazardAction.RETURN,
        by=by,
        version=version,
        comment=reason,
        data={"due_on": due_on.isoformat()},
        prepare=prepare,
    )
    Closure.objects.create(
        verification=ended["verification"],
        outcome=ClosureOutcome.RETURNED,
        opinion=reason,
        new_due_on=due_on,
        verified_by_id=ended["verification"].verified_by_id,
        decided_at=now,
        decided_by=by.user,
    )
    return hazard
