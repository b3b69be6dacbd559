"""The worker's part of 撤回导入: lot by lot, each in a transaction of its own, so that people act on in between.

As with imports a claim ends with its lease and its number of attempts is the fencing token; what is taken back stays so,
and whoever goes on after a crash finds only the rest.
"""

import logging
import time
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models.functions import Now

from hazards.actions.taking_back import take_back
from institutions.actor import Actor
from institutions.models import Membership
from reports.imports import telling
from reports.imports.asking import record
from reports.imports.rules import LEASE, MAX_ATTEMPTS, RETRY_AFTER, ROUND, Refused, refusal
from reports.imports.withdrawing import came_with, free_to_go, history_of
from reports.models import ImportAct, ImportWithdrawal, WithdrawalStage, WithdrawnRow

logger = logging.getLogger("house.imports")
AT_ONCE = 500

_CLAIM = """
UPDATE reports_importwithdrawal
SET leased_until = statement_timestamp() + %s, attempts = attempts + 1
WHERE id = (
    SELECT id FROM reports_importwithdrawal
    WHERE stage = 'at_work' AND (leased_until IS NULL OR leased_until < statement_timestamp())
    ORDER BY changed_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, attempts
"""


class Claim(NamedTuple):
    """A withdrawal that is ours as long as nobody has claimed it after us."""

    id: UUID
    attempts: int

    @property
    def ours(self):
        return ImportWithdrawal.objects.filter(
            stage=WithdrawalStage.AT_WORK, pk=self.id, attempts=self.attempts
        )


class Lost(Exception):
    """Another worker has it."""


def work_all() -> int:
    """Work until nothing waits or ROUND is over; how many were handled. Must not run inside a transaction."""
    handled, stop_at = 0, time.monotonic() + ROUND.total_seconds()
    while time.monotonic() < stop_at and (claim := _claim()):
        _handle(claim)
        handled += 1
    return handled


def _claim() -> Claim | None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE])
        row = cursor.fetchone()
    return Claim(*row) if row else None


def _handle(claim: Claim) -> None:
    withdrawal = ImportWithdrawal.objects.select_related("of", "asked_by", "decided_by").get(pk=claim.id)
    if claim.attempts > MAX_ATTEMPTS:
        _fail(claim, withdrawal, "多次未能完成，已撤回的仍然有效；请重新申请，或联系系统管理员。")
        return
    try:
        by = _actor(withdrawal)
        last = 0
        while last is not None:
            last = _take_lot(claim, withdrawal, by, last)
        while _take_history(claim, withdrawal):
            pass
        _finish(claim, withdrawal)
    except Lost:
        logger.info("withdrawal %s is done elsewhere", claim.id)
    except (Refused, PermissionDenied) as refused:
        _fail(claim, withdrawal, str(refused))
    except Exception:  # whatever it is, the others in the queue go on; this one is tried again
        logger.exception("withdrawal %s failed (attempt %d)", claim.id, claim.attempts)
        claim.ours.update(leased_until=Now() + RETRY_AFTER)


def _actor(withdrawal: ImportWithdrawal) -> Actor:
    """The superior who consented, in that post; scope is what it is now."""
    post = Membership.objects.active().with_places().filter(pk=withdrawal.decided_as_id).first()
    actor = Actor(post.user, post) if post else None
    if actor is None or refusal(actor):
        raise Refused("确认人已不在确认时的岗位上，请重新申请。")
    return actor


@transaction.atomic(durable=True)
def _take_lot(claim: Claim, withdrawal: ImportWithdrawal, by: Actor, last: int) -> int | None:
    """Take back the next hazards after `last`; the last one looked at, None at the end. Raises Lost."""
    _hold(claim)
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
    _hold(claim)
    lot = list(history_of(withdrawal.of).order_by("pk")[:AT_ONCE])
    WithdrawnRow.objects.bulk_create(WithdrawnRow(uid=past.uid, of=withdrawal, past=past) for past in lot)
    _go_on(claim, withdrawal)
    return len(lot)


def _hold(claim: Claim) -> None:
    """Lock the row until the transaction ends: nobody claims it meanwhile. Raises Lost."""
    if not claim.ours.select_for_update(no_key=True).exists():
        raise Lost


def _go_on(claim: Claim, withdrawal: ImportWithdrawal) -> None:
    claim.ours.update(
        rows_done=WithdrawnRow.objects.filter(of=withdrawal).count(), leased_until=Now() + LEASE
    )


@transaction.atomic
def _finish(claim: Claim, withdrawal: ImportWithdrawal) -> None:
    rows = WithdrawnRow.objects.filter(of=withdrawal)
    counts = {
        "hazards": rows.filter(past=None).count(),
        "past": rows.filter(hazard=None).count(),
        "stay": came_with(withdrawal.of).count(),
    }
    moved = claim.ours.update(stage=WithdrawalStage.DONE, leased_until=None, counts=counts, changed_at=Now())
    if not moved:
        raise Lost
    record(withdrawal.of, ImportAct.WITHDRAWN, by=withdrawal.decided_by, **counts)
    telling.tell_withdrawn(withdrawal, counts)


@transaction.atomic
def _fail(claim: Claim, withdrawal: ImportWithdrawal, words: str) -> None:
    if claim.ours.update(
        stage=WithdrawalStage.FAILED, leased_until=None, failure=words[:200], changed_at=Now()
    ):
        telling.tell_asker(withdrawal, "撤回导入没有完成", words)
