"""What a person does with an import: bring the file, say what its columns are, confirm, cancel. The row is the request."""

import hashlib

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from common.http import Conflict
from common.workbooks import cell_text
from institutions.actor import Actor
from notifications.waking import wake
from reports.imports import reading
from reports.imports.fields import guess, heading_key
from reports.imports.rules import KEPT, MOST_PENDING, Refused, refusal
from reports.models import (
    AT_WORK,
    ImportAct,
    ImportEvent,
    ImportFile,
    ImportStage,
    ImportTakes,
    LedgerImport,
    RememberedColumn,
)

TASK = "reports.work_imports"


def wake_workers() -> None:
    """Ask a worker to look now; what is lost here the next round finds."""
    wake(TASK)


def require(by: Actor | None) -> None:
    """Raise PermissionDenied unless the actor may import ledgers."""
    if by is None or refusal(by):
        raise PermissionDenied(refusal(by) if by else "请先登录。")


@transaction.atomic
def bring(content: bytes, filename: str, *, by: Actor) -> LedgerImport:
    """Keep a file with what its columns seem to be. Nothing of it is judged yet.

    Raises SheetError for a file that can't be taken, PermissionDenied for who may not import.
    """
    require(by)
    kind = reading.CSV if filename.lower().endswith(".csv") else reading.XLSX
    layout = reading.look(content, kind)
    known = RememberedColumn.objects.filter(authority=by.authority).values_list("heading", "field")
    request = LedgerImport.objects.create(
        asked_by=by.user,
        asked_as=by.membership,
        filename=cell_text(filename)[-120:],
        kind=kind,
        digest=hashlib.sha256(content).hexdigest(),
        layout={
            "sheet": layout.sheet, "heading_row": layout.heading_row, "headings": layout.headings,
            "samples": layout.samples,
        },
        columns=guess(layout.headings, dict(known)),
        rows_total=layout.rows,
    )  # fmt: skip
    ImportFile.objects.create(of=request, content=content)
    record(request, ImportAct.UPLOADED, by=by.user)
    return request


@transaction.atomic
def match(request: LedgerImport, *, by: Actor, columns: dict[int, str], choices: dict[str, str]) -> None:
    """Say what each column is and what holds where the file says nothing; the worker then judges every row.

    What was said is remembered for the authority. Raises Refused where too many wait, Conflict when it is under way.
    """
    require(by)
    request = _lock(request)
    if request.stage not in (ImportStage.MATCHING, ImportStage.CHECKED):
        raise Conflict("这份台账正在处理或已经处理过，不能再改各列的含义。")
    if LedgerImport.objects.of(by.user).filter(AT_WORK).count() >= MOST_PENDING:
        raise Refused(f"您已有 {MOST_PENDING} 份台账正在处理，请等它们完成后再核对。")
    headings = request.layout["headings"]
    for column, name in columns.items():
        RememberedColumn.objects.update_or_create(
            authority=by.authority, heading=heading_key(headings[str(column)])[:60], defaults={"field": name}
        )
    request.columns, request.choices = columns, choices
    _move(request, ImportStage.CHECKING, columns=columns, choices=choices, counts={}, words=[])
    record(request, ImportAct.MATCHED, by=by.user, columns=columns, choices=choices)
    transaction.on_commit(wake_workers, robust=True)


@transaction.atomic
def confirm(request: LedgerImport, *, by: Actor, takes: str) -> None:
    """Have the judged rows imported: all of them or none, or those that are right.

    Raises Refused when nothing could come of it; the same again changes nothing.
    """
    require(by)
    request = _lock(request)
    if request.stage in (ImportStage.IMPORTING, ImportStage.DONE):
        return
    if request.stage != ImportStage.CHECKED:
        raise Conflict("这份台账还没有核对完，或已经取消。")
    counts = request.counts
    if takes == ImportTakes.ALL and counts["wrong"]:
        raise Refused(f"有 {counts['wrong']} 行不正确。请改好再上传，或选择“只导入正确的行”。")
    if not counts["good"] + counts["issued"] + counts["past"]:
        raise Refused("没有可以导入的行。")
    _move(request, ImportStage.IMPORTING, takes=ImportTakes(takes))
    record(request, ImportAct.CONFIRMED, by=by.user, takes=takes, **counts)
    transaction.on_commit(wake_workers, robust=True)


@transaction.atomic
def cancel(request: LedgerImport, *, by: Actor) -> bool:
    """Stop an import before anything of it is written; False when it is too late."""
    request = _lock(request)
    if request.stage not in (ImportStage.MATCHING, ImportStage.CHECKING, ImportStage.CHECKED):
        return False
    _move(request, ImportStage.CANCELLED)
    record(request, ImportAct.CANCELLED, by=by.user)
    return True


def _lock(request: LedgerImport) -> LedgerImport:
    return LedgerImport.objects.select_for_update(no_key=True).get(pk=request.pk)


def _move(request: LedgerImport, stage: ImportStage, **fields) -> None:
    """To another stage, free for whoever works next."""
    LedgerImport.objects.filter(pk=request.pk).update(
        stage=stage, leased_until=None, attempts=0, rows_done=0, changed_at=Now(), **fields
    )


def record(request: LedgerImport, act: ImportAct, *, by=None, **facts) -> None:
    """One line of the trace: who, which file, what came of it."""
    ImportEvent.objects.create(
        of=request, by=by, act=act, filename=request.filename, digest=request.digest, facts=facts
    )


def expire() -> int:
    """Delete the files of imports older than KEPT, whatever became of them; the trace stays. How many."""
    old = LedgerImport.objects.exclude(AT_WORK).filter(asked_at__lt=timezone.now() - KEPT)
    files = ImportFile.objects.filter(of__in=old).select_related("of").defer("content", "marked", "errors")
    count = 0
    for file in files[:100]:
        with transaction.atomic():
            if ImportFile.objects.filter(pk=file.pk).delete()[0]:
                record(file.of, ImportAct.DELETED)
                count += 1
    return count
