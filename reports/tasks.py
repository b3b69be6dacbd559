"""Scheduled work of the reports: tasks take nothing, call one function, decide nothing."""

from celery import shared_task

from reports import summary


@shared_task(name="reports.fold_summary", ignore_result=True, expires=50)
def fold_summary():
    """Beat calls this every minute; `manage.py fold_summary` does the same without Celery."""
    summary.fold_all()
