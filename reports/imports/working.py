"""The worker's part of imports: judge every row, later write the rows that may come in. Any number of workers may run.

What was written before a worker died (reports.leases) is found again as here already, so that nothing comes twice.
"""

from contextlib import closing

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from common.http import Conflict
from common.workbooks import SheetError
from institutions.actor import Actor, actor_in
from reports.imports import marking, telling, writing
from reports.imports.asking import record
from reports.imports.judging import Judge, Row
from reports.imports.reading import rows_below
from reports.imports.rules import LEASE, Refused, refusal
from reports.leases import Claim, Queue
from reports.models import AT_WORK, ImportAct, ImportFile, ImportStage, ImportTakes, LedgerImport

QUEUE = Queue(
    LedgerImport, AT_WORK, ("changed_at", "id"), LEASE, (Refused, SheetError, Conflict),
    "多次未能完成，请分成几份再导入，或联系系统管理员。", {"rows_done": 0},
)  # fmt: skip


def work_all() -> int:
    """Work until nothing waits or the round is over; how many were handled. Must not run inside a transaction."""
    return QUEUE.work_all(_work, _fail)


def _request(claim: Claim) -> LedgerImport:
    return LedgerImport.objects.select_related("asked_by").get(pk=claim.id)


def _work(claim: Claim) -> None:
    request = _request(claim)
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


def _actor(request: LedgerImport) -> Actor:
    """The person in the post the ledger was brought in; scope is what it is now."""
    actor = actor_in(request.asked_as_id)
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
        claim.renew(rows_done=done)
    marked = None
    if errors:
        marked = marking.mark(
            bytes(file.content), request, errors, columns, lambda: claim.renew(rows_done=done)
        )
    with transaction.atomic():
        claim.end(
            stage=ImportStage.CHECKED, attempts=0, rows_done=done, rows_total=done, counts=counts,
            words=judge.word_table(), changed_at=Now(),
        )  # fmt: skip
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
        claim.renew(rows_done=done)
        if wrong := next((row for row in lot if row.errors), None):
            raise Refused(
                f"核对之后数据有变化，没有导入任何一行。第 {wrong.number} 行：{wrong.errors[0]}"[:200]
            )
        judged.append([row for row in lot if row.outcome in ("good", "past")])
    with transaction.atomic():
        claim.hold()
        writing.write(judged, request, by=actor)
        _finish(claim, request, done)


def _import_good(claim: Claim, request: LedgerImport, actor: Actor, lots) -> None:
    """Write each lot in its own transaction. After a crash what is written is here already, and the rest follows."""
    done = 0
    for lot in lots:
        done += len(lot)
        with transaction.atomic():
            claim.hold()
            writing.write([[row for row in lot if row.outcome in ("good", "past")]], request, by=actor)
            claim.renew(rows_done=done)
    with transaction.atomic():
        claim.hold()
        _finish(claim, request, done)


def _finish(claim: Claim, request: LedgerImport, done: int) -> None:
    written = writing.written(request)
    claim.end(
        stage=ImportStage.DONE, rows_done=done, rows_total=done, changed_at=Now(),
        counts=request.counts | {"written": written},
    )  # fmt: skip
    record(request, ImportAct.DONE, by=request.asked_by, takes=request.takes, **written)
    telling.tell_done(request, written)


@transaction.atomic
def _fail(claim: Claim, words: str) -> None:
    request = _request(claim)
    if claim.ours.update(stage=ImportStage.FAILED, leased_until=None, failure=words[:200], changed_at=Now()):
        record(request, ImportAct.FAILED, by=request.asked_by, why=words)
        telling.tell_failed(request, words)
