"""Tasks decide nothing: what is to be done is in the rows. Losing or doubling one of them changes nothing."""

from celery import shared_task

from reports import summary, sweeping
from reports.exports import keeping, making
from reports.exports.asking import TASK
from reports.imports import asking as importing
from reports.imports import undoing, working


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


# One ledger of 20,000 rows is one transaction where all or nothing was chosen: longer than other tasks may take.
@shared_task(name=importing.TASK, expires=25, soft_time_limit=570, time_limit=590)
def work_imports():
    """The wake-up, and beat every 30 s: judge and write ledgers people brought along, take back what was a mistake."""
    working.work_all()
    undoing.work_all()


@shared_task(name="reports.expire_imports", expires=3600)
def expire_imports():
    """Files of imports older than a month, once a day."""
    importing.expire()
