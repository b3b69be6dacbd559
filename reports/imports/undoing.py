"""The worker's part of 撤回导入: lot by lot, each in a transaction of its own, so that people act on in between.

What is taken back stays so, and whoever goes on after a crash (reports.leases) finds only the rest.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from hazards.actions.taking_back import take_back
from institutions.actor import Actor, actor_in
from reports.imports import telling
from reports.imports.asking import record
from reports.imports.rules import LEASE, Refused, refusal
from reports.imports.withdrawing import came_with, free_to_go, history_of
from reports.leases import Claim, Queue
from reports.models import ImportAct, ImportWithdrawal, WithdrawalStage, WithdrawnRow

AT_ONCE = 500

QUEUE = Queue(
    ImportWithdrawal, Q(stage=WithdrawalStage.AT_WORK), ("changed_at", "id"), LEASE, (Refused, PermissionDenied),
    "多次未能完成，已撤回的仍然有效；请重新申请，或联系系统管理员。",
)  # fmt: skip


def work_all() -> int:
    """Work until nothing waits or the round is over; how many were handled. Must not run inside a transaction."""
    return QUEUE.work_all(_work, _fail)


def _withdrawal(claim: Claim) -> ImportWithdrawal:
    return ImportWithdrawal.objects.select_related("of", "asked_by", "decided_by").get(pk=claim.id)


def _work(claim: Claim) -> None:
    withdrawal = _withdrawal(claim)
    by, last = _actor(withdrawal), 0
    while last is not None:
        last = _take_lot(claim, withdrawal, by, last)
    while _take_history(claim, withdrawal):
        pass
    _finish(claim, withdrawal)


def _actor(withdrawal: ImportWithdrawal) -> Actor:
    """The superior who consented, in that post; scope is what it is now."""
    actor = actor_in(withdrawal.decided_as_id)
    if actor is None or refusal(actor):
        raise Refused("确认人已不在确认时的岗位上，请重新申请。")
    return actor


@transaction.atomic(durable=True)
def _take_lot(claim: Claim, withdrawal: ImportWithdrawal, by: Actor, last: int) -> int | None:
    """Take back the next hazards after `last`; the last one looked at, None at the end. Raises Lost."""
    claim.hold()
    ids = free_to_go(withdrawal.of).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
    lot = list(ids[:AT_ONCE])
    if not lot:
        return None
    gone = take_back(
        lot, by=by, asked_by=withdrawal.asked_by, asked_at=withdrawal.asked_at,
        reason=f"导入有误，撤回导入：{withdrawal.reason}（{withdrawal.asked_by.name}申请）",
        data={"withdrawal": str(withdrawal.pk), "import": str(withdrawal.of_id)},
    )  # fmt: skip
    WithdrawnRow.objects.bulk_create(
        WithdrawnRow(uid=hazard.uid, of=withdrawal, hazard=hazard) for hazard in gone
    )
    _go_on(claim, withdrawal)
    return lot[-1]


@transaction.atomic(durable=True)
def _take_history(claim: Claim, withdrawal: ImportWithdrawal) -> int:
    """Take back some rows of 历史台账; how many. Raises Lost."""
    claim.hold()
    lot = list(history_of(withdrawal.of).order_by("pk")[:AT_ONCE])
    WithdrawnRow.objects.bulk_create(WithdrawnRow(uid=past.uid, of=withdrawal, past=past) for past in lot)
    _go_on(claim, withdrawal)
    return len(lot)


def _go_on(claim: Claim, withdrawal: ImportWithdrawal) -> None:
    claim.renew(rows_done=WithdrawnRow.objects.filter(of=withdrawal).count())


@transaction.atomic
def _finish(claim: Claim, withdrawal: ImportWithdrawal) -> None:
    rows = WithdrawnRow.objects.filter(of=withdrawal)
    counts = {
        "hazards": rows.filter(past=None).count(),
        "past": rows.filter(hazard=None).count(),
        "stay": came_with(withdrawal.of).count(),
    }
    claim.end(stage=WithdrawalStage.DONE, counts=counts, changed_at=Now())
    record(withdrawal.of, ImportAct.WITHDRAWN, by=withdrawal.decided_by, **counts)
    telling.tell_withdrawn(withdrawal, counts)


@transaction.atomic
def _fail(claim: Claim, words: str) -> None:
    withdrawal = _withdrawal(claim)
    if claim.ours.update(
        stage=WithdrawalStage.FAILED, leased_until=None, failure=words[:200], changed_at=Now()
    ):
        telling.tell_asker(withdrawal, "撤回导入没有完成", words)
