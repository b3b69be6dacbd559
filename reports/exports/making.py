"""Making files: claim with a lease (reports.leases), write, store, then say so. Any number of makers may run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from files import blobs
from institutions.actor import Actor, actor_in
from notifications import outbox
from reports.asked import Asked
from reports.columns import Cell, Reader
from reports.exports.asking import record
from reports.exports.rules import LEASE, MOST_ROWS, STEP, Refused
from reports.exports.sheets import Heading, write
from reports.history import PAST, History
from reports.layouts import layout_of
from reports.leases import Claim, Lost, Queue
from reports.models import PENDING, ExportAct, ExportJob

FOLDER = "exports"

QUEUE = Queue(
    ExportJob, PENDING, ("asked_at", "id"), LEASE, (Refused,),
    "多次未能完成，请缩小范围后再导出，或联系系统管理员。", {"rows_done": 0},
)  # fmt: skip


def make_all() -> int:
    """Make files until none waits or the round is over; how many were handled. Must not run inside a transaction."""
    return QUEUE.work_all(_make, _fail)


def _job(claim: Claim) -> ExportJob:
    return ExportJob.objects.select_related("asked_by").get(pk=claim.id)


def _make(claim: Claim) -> None:
    job, now = _job(claim), timezone.now()
    actor, asked = _asked_again(job)
    layout = layout_of(job)
    rows = layout.rows(asked)
    total = rows.order_by().count()
    if total > MOST_ROWS:
        raise Refused(f"超过 {MOST_ROWS // 10000} 万条，请加上条件（例如按市或按年）分几次导出。")
    claim.renew(rows_total=total)
    _read_to_the_end()
    with tempfile.TemporaryDirectory(dir=blobs.incoming(), ignore_cleanup_errors=True) as folder:
        path, counted = Path(folder) / f"export.{job.format}", [0]
        lines = _lines(claim, layout, rows, Reader(actor, asked.today), counted)
        write(path, job.format, Heading(layout, actor, job.words, now), lines)
        _finish(claim, job, actor, path, counted[0])


def _read_to_the_end() -> None:
    """Cursors of this connection are planned for all their rows, not for the first tenth: a fifth less time."""
    with connection.cursor() as cursor:
        cursor.execute("SET cursor_tuple_fraction = 1")


def _asked_again(job: ExportJob) -> tuple[Actor, Asked | History]:
    """The person in the post they asked in, and the question put again: scope is what it is now."""
    actor = actor_in(job.asked_as_id)
    if actor is None or not actor.may_view_hazards:
        raise Refused("您已不在申请导出时的岗位上。")
    question = History if job.layout == PAST.value else Asked
    asked = question(job.query, actor, timezone.localdate())
    if not asked.is_valid:
        raise Refused("原来的条件已不适用（例如地区或机构已不在辖区内），请重新查询后导出。")
    return actor, asked


def _lines(claim: Claim, layout, rows, reader: Reader, counted: list[int]) -> Iterator[list[Cell]]:
    """The lines of the file, read as they are written; every STEP of them renews the lease. Raises Lost."""
    for number, row in enumerate(rows.iterator(chunk_size=STEP), start=1):
        if number % STEP == 0:
            claim.renew(rows_done=number)
        counted[0] = number
        yield layout.line(number, row, reader)


def _finish(claim: Claim, job: ExportJob, actor: Actor, path: Path, count: int) -> None:
    """File first, row after: what is stored without a row goes with the orphans."""
    with path.open("rb") as handle:
        name = default_storage.save(f"{FOLDER}/{claim.id}-{claim.attempts}.{job.format}", File(handle))
    with transaction.atomic():
        is_ours = claim.ours.update(
            made_at=Now(), leased_until=None, rows_total=count, rows_done=count, name=name,
            size=path.stat().st_size, scope_column=actor.scope.column, scope_value=actor.scope.value,
        )  # fmt: skip
        if is_ours:
            record(job, ExportAct.MADE, by=job.asked_by, rows=count)
            _tell(
                job,
                f"导出已完成：{layout_of(job).label}（{count} 条）",
                "请在 7 天内下载，到期自动删除。",
            )
    if not is_ours:
        default_storage.delete(name)
        raise Lost


@transaction.atomic
def _fail(claim: Claim, words: str) -> None:
    job = _job(claim)
    if claim.ours.update(failed_at=Now(), leased_until=None, failure=words):
        record(job, ExportAct.FAILED, by=job.asked_by)
        _tell(job, f"导出没有完成：{layout_of(job).label}", words)


def _tell(job: ExportJob, subject: str, body: str) -> None:
    outbox.notify(
        recipients=[job.asked_by_id],
        subject=subject,
        body=f"{body}\n条件：{job.words}",
        url=reverse("reports:export", args=[job.pk]),
        topic=f"export:{job.pk}",
        dedupe_key=f"export:{job.pk}",
    )
