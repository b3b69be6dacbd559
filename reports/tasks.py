"""Tasks decide nothing: what is to be done is in the rows. Losing or doubling one of them changes nothing."""

from celery import shared_task

from reports import summary, sweeping
from reports.exports import keeping, making
from reports.exports.asking import TASK


@shared_task(name=TASK, expires=25)
def make_exports():
    """The wake-up: make files now instead of at the next sweep."""
    making.make_all()


@shared_task(name="reports.sweep", expires=25)
def sweep():
    """Beat calls this every 30 s; `manage.py tick` does the same without Celery."""
    sweeping.sweep()


@shared_task(name="reports.delete_orphans", expires=3600)
def delete_orphans():
    """Stored files without a row, once a day."""
    keeping.delete_orphans()


@shared_task(name="reports.fold_summary", ignore_result=True, expires=50)
def fold_summary():
    """Beat calls this every minute; `manage.py tick` does the same without Celery."""
    summary.sweep()
