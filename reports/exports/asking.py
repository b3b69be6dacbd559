"""Asking for a file, and changing one's mind. The row is the request; waking a worker is only a hint."""

import uuid

from django.db import transaction
from django.db.models.functions import Now

from common.http import Conflict
from institutions.actor import Actor
from notifications.waking import wake
from reports.asked import Asked
from reports.chosen import names_for
from reports.exports.rules import MOST_PENDING, MOST_ROWS, Refused
from reports.history import History
from reports.layouts import OWN, layout_of
from reports.models import PENDING, ExportAct, ExportEvent, ExportJob, Format

TASK = "reports.make_exports"


def wake_makers() -> None:
    """Ask a worker to look now; what is lost here the sweep finds."""
    wake(TASK)


@transaction.atomic
def ask(asked: Asked | History, *, by: Actor, key: uuid.UUID, layout: str, format: str) -> ExportJob:
    """A file of the rows `asked` (valid) for, in a layout (its value, checked) and format; the same `key` again is the same file.

    Raises Refused when there are too many rows or too many files wait already, Conflict when `key` is somebody
    else's.
    """
    if earlier := ExportJob.objects.filter(pk=key).first():
        if earlier.asked_by_id != by.user.pk:
            raise Conflict("这份表单已经由别人提交过，请重新打开导出页面。")
        return earlier
    if ExportJob.objects.of(by.user).pending().count() >= MOST_PENDING:
        raise Refused(f"您已有 {MOST_PENDING} 个导出正在等待，请等它们完成或取消后再导出。")
    if asked.rows.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
        raise Refused(f"超过 {MOST_ROWS // 10000} 万条，请加上条件（例如按市或按年）分几次导出。")
    job, is_new = ExportJob.objects.get_or_create(
        pk=key,
        defaults={
            "asked_by": by.user,
            "asked_as": by.membership,
            "layout": layout,
            "format": Format(format),
            "query": asked.query,
            "columns": list(names_for(by)) if layout == OWN else [],
            "words": asked.words,
        },
    )
    if is_new:
        record(job, ExportAct.ASKED, by=by.user)
        transaction.on_commit(wake_makers, robust=True)
    return job


@transaction.atomic
def cancel(job: ExportJob, *, by: Actor) -> bool:
    """Stop a file that waits or is being made; False when it was done before."""
    ours = ExportJob.objects.of(by.user).filter(PENDING, pk=job.pk)
    if not ours.update(cancelled_at=Now(), leased_until=None):
        return False
    record(job, ExportAct.CANCELLED, by=by.user)
    return True


def record(job: ExportJob, act: ExportAct, *, by=None, rows: int | None = None) -> None:
    """One line of the trace: who, what, under which conditions, how many rows."""
    what = f"{layout_of(job).label}（{Format(job.format).label}）"
    ExportEvent.objects.create(export=job, by=by, act=act, what=what, words=job.words, rows=rows)
