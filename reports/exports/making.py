"""Making files: claim with a lease, commit, write, store, then say so. Any number of makers may run.

A maker that dies loses nothing: its lease ends, another begins the file anew. Which claim of a job is the last one
is told by its number of attempts, so that of two makers only one can finish.
"""

import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from files import blobs
from institutions.actor import Actor
from institutions.models import Membership
from notifications import outbox
from reports.asked import Asked
from reports.columns import Cell, Reader
from reports.exports.asking import record
from reports.exports.rules import LEASE, MAX_ATTEMPTS, MOST_ROWS, RETRY_AFTER, ROUND, STEP, Refused
from reports.exports.sheets import Heading, write
from reports.history import PAST, History
from reports.layouts import layout_of
from reports.models import PENDING, ExportAct, ExportJob

logger = logging.getLogger("house.exports")
FOLDER = "exports"

# The oldest first; the clock is the database's alone.
_CLAIM = """
UPDATE reports_exportjob
SET leased_until = statement_timestamp() + %s, attempts = attempts + 1, rows_done = 0
WHERE id = (
    SELECT id FROM reports_exportjob
    WHERE made_at IS NULL AND failed_at IS NULL AND cancelled_at IS NULL
      AND (leased_until IS NULL OR leased_until < statement_timestamp())
    ORDER BY asked_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, attempts
"""


class Claim(NamedTuple):
    """A job that is ours as long as nobody has claimed it after us."""

    id: UUID
    attempts: int  # this one included

    @property
    def ours(self):
        return ExportJob.objects.filter(PENDING, pk=self.id, attempts=self.attempts)


class Lost(Exception):
    """The job was cancelled meanwhile, or another maker has it."""


def make_all() -> int:
    """Make files until none waits or ROUND is over; how many were handled. Must not run inside a transaction."""
    handled, stop_at = 0, time.monotonic() + ROUND.total_seconds()
    while time.monotonic() < stop_at and (claim := _claim()):
        _handle(claim)
        handled += 1
    return handled


def _claim() -> Claim | None:
    # durable: inside a caller's transaction the lease would stay unseen and the row locked while we write.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE])
        row = cursor.fetchone()
    return Claim(*row) if row else None


def _handle(claim: Claim) -> None:
    job = ExportJob.objects.select_related("asked_by").get(pk=claim.id)
    if claim.attempts > MAX_ATTEMPTS:
        _fail(claim, job, "多次未能完成，请缩小范围后再导出，或联系系统管理员。")
        return
    try:
        _make(claim, job)
    except Lost:
        logger.info("export %s was cancelled or is made elsewhere", claim.id)
    except Refused as refused:
        _fail(claim, job, refused.words)
    except Exception:  # whatever it is, the others in the queue go on; this one is tried again
        logger.exception("export %s failed (attempt %d)", claim.id, claim.attempts)
        claim.ours.update(leased_until=Now() + RETRY_AFTER)


def _make(claim: Claim, job: ExportJob) -> None:
    now = timezone.now()
    actor, asked = _asked_again(job)
    layout = layout_of(job)
    rows = layout.rows(asked)
    total = rows.order_by().count()
    if total > MOST_ROWS:
        raise Refused(f"超过 {MOST_ROWS // 10000} 万条，请加上条件（例如按市或按年）分几次导出。")
    if not claim.ours.update(rows_total=total):
        raise Lost
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
    post = Membership.objects.active().with_places().filter(pk=job.asked_as_id).first()
    actor = Actor(post.user, post) if post else None
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
        if number % STEP == 0 and not claim.ours.update(rows_done=number, leased_until=Now() + LEASE):
            raise Lost
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
def _fail(claim: Claim, job: ExportJob, words: str) -> None:
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
