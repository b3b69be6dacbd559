"""The worker's part of imports: judge every row, later write the rows that may come in. Any number of workers may run.

As with exports, a claim ends with its lease, and its number of attempts is the fencing token. What was written before a
worker died is found again as here already, so that nothing comes twice.
"""

import logging
import time
from contextlib import closing
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from common.http import Conflict
from common.workbooks import SheetError
from institutions.actor import Actor
from institutions.models import Membership
from reports.imports import marking, telling, writing
from reports.imports.asking import record
from reports.imports.judging import Judge, Row
from reports.imports.reading import rows_below
from reports.imports.rules import LEASE, MAX_ATTEMPTS, RETRY_AFTER, ROUND, Refused, refusal
from reports.models import AT_WORK, ImportAct, ImportFile, ImportStage, ImportTakes, LedgerImport

logger = logging.getLogger("house.imports")

# A row that is locked is being written in one transaction: whoever died let go of it. The clock is the database's.
_CLAIM = """
UPDATE reports_ledgerimport
SET leased_until = statement_timestamp() + %s, attempts = attempts + 1, rows_done = 0
WHERE id = (
    SELECT id FROM reports_ledgerimport
    WHERE stage IN ('checking', 'importing')
      AND (leased_until IS NULL OR leased_until < statement_timestamp())
    ORDER BY changed_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, attempts
"""


class Claim(NamedTuple):
    """An import that is ours as long as nobody has claimed it after us."""

    id: UUID
    attempts: int  # this one included

    @property
    def ours(self):
        return LedgerImport.objects.filter(AT_WORK, pk=self.id, attempts=self.attempts)

    def go_on(self, done: int) -> None:
        """Say how far we are, and keep the claim. Raises Lost."""
        if not self.ours.update(rows_done=done, leased_until=Now() + LEASE):
            raise Lost


class Lost(Exception):
    """The import was cancelled meanwhile, or another worker has it."""


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
    request = LedgerImport.objects.select_related("asked_by").get(pk=claim.id)
    if claim.attempts > MAX_ATTEMPTS:
        _fail(claim, request, "多次未能完成，请分成几份再导入，或联系系统管理员。")
        return
    try:
        actor = _actor(request)
        judge = Judge(request, actor, timezone.localdate())
        file = ImportFile.objects.defer("marked", "errors").get(of=request)
        lots = judge.judge(
            rows_below(
                bytes(file.content), request.kind, (request.layout["sheet"], request.layout["heading_row"])
            )
        )
        with closing(lots):
            if request.stage == ImportStage.CHECKING:
                _check(claim, request, judge, lots, file)
            elif request.takes == ImportTakes.ALL:
                _import_all(claim, request, actor, lots)
            else:
                _import_good(claim, request, actor, lots)
    except Lost:
        logger.info("import %s was cancelled or is done elsewhere", claim.id)
    except (Refused, SheetError, Conflict) as refused:
        _fail(claim, request, str(refused))
    except Exception:  # whatever it is, the others in the queue go on; this one is tried again
        logger.exception("import %s failed (attempt %d)", claim.id, claim.attempts)
        claim.ours.update(leased_until=Now() + RETRY_AFTER)


def _actor(request: LedgerImport) -> Actor:
    """The person in the post the ledger was brought in; scope is what it is now."""
    post = Membership.objects.active().with_places().filter(pk=request.asked_as_id).first()
    actor = Actor(post.user, post) if post else None
    if actor is None or refusal(actor):
        raise Refused("您已不在上传时的岗位上。")
    return actor


def _check(claim: Claim, request: LedgerImport, judge: Judge, lots, file: ImportFile) -> None:
    """Judge every row; leave counts, errors, words, and the person's own file with what is wrong beside the rows."""
    counts, errors, columns, done = _nothing(), {}, {}, 0
    for lot in lots:
        done += len(lot)
        for row in lot:
            counts[_kind(row)] += 1
            if row.errors:
                errors[row.number], columns[row.number] = row.errors, sorted(row.wrong_columns)
        claim.go_on(done)
    marked = None
    if errors:
        marked = marking.mark(bytes(file.content), request, errors, columns, lambda: claim.go_on(done))
    with transaction.atomic():
        moved = claim.ours.update(
            stage=ImportStage.CHECKED, leased_until=None, attempts=0, rows_done=done, rows_total=done, counts=counts,
            words=judge.word_table(), changed_at=Now(),
        )  # fmt: skip
        if not moved:
            raise Lost
        ImportFile.objects.filter(of=request).update(errors=errors, marked=marked)
        record(request, ImportAct.CHECKED, by=request.asked_by, **counts)
        telling.tell_checked(request, counts)


def _nothing() -> dict[str, int]:
    return dict.fromkeys(("good", "issued", "past", "here", "wrong"), 0)


def _kind(row: Row) -> str:
    """As counted: what will be under rectification is counted apart from what waits to be issued."""
    return "issued" if row.outcome == "good" and row.is_issued else row.outcome


def _import_all(claim: Claim, request: LedgerImport, actor: Actor, lots) -> None:
    """Judge all again, then write all in one transaction, or nothing where a row is wrong by now."""
    judged, done = [], 0
    for lot in lots:
        done += len(lot)
        claim.go_on(done)
        if wrong := next((row for row in lot if row.errors), None):
            raise Refused(
                f"核对之后数据有变化，没有导入任何一行。第 {wrong.number} 行：{wrong.errors[0]}"[:200]
            )
        judged.append([row for row in lot if row.outcome in ("good", "past")])
    with transaction.atomic():
        _hold(claim)
        writing.write(judged, request, by=actor)
        _finish(claim, request, done)


def _import_good(claim: Claim, request: LedgerImport, actor: Actor, lots) -> None:
    """Write each lot in its own transaction. After a crash what is written is here already, and the rest follows."""
    done = 0
    for lot in lots:
        done += len(lot)
        with transaction.atomic():
            _hold(claim)
            writing.write([[row for row in lot if row.outcome in ("good", "past")]], request, by=actor)
            claim.go_on(done)
    with transaction.atomic():
        _hold(claim)
        _finish(claim, request, done)


def _hold(claim: Claim) -> None:
    """Lock the row until the transaction ends: nobody claims it meanwhile, however long that takes. Raises Lost."""
    if not claim.ours.select_for_update(no_key=True).exists():
        raise Lost


def _finish(claim: Claim, request: LedgerImport, done: int) -> None:
    written = writing.written(request)
    moved = claim.ours.update(
        stage=ImportStage.DONE, leased_until=None, rows_done=done, rows_total=done, changed_at=Now(),
        counts=request.counts | {"written": written},
    )  # fmt: skip
    if not moved:
        raise Lost
    record(request, ImportAct.DONE, by=request.asked_by, takes=request.takes, **written)
    telling.tell_done(request, written)


@transaction.atomic
def _fail(claim: Claim, request: LedgerImport, words: str) -> None:
    if claim.ours.update(stage=ImportStage.FAILED, leased_until=None, failure=words[:200], changed_at=Now()):
        record(request, ImportAct.FAILED, by=request.asked_by, why=words)
        telling.tell_failed(request, words)
