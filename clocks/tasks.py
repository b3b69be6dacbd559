"""Tasks decide nothing: what is owed is in the rows."""

from celery import shared_task
from celery.signals import worker_ready

from clocks import sweep as sweeping


@shared_task(name="clocks.sweep", ignore_result=True, expires=50)
def sweep():
    """Beat calls this every minute; `manage.py tick` does the same without Celery."""
    sweeping.sweep()


@worker_ready.connect
def sweep_at_start(sender, **kwargs):
    """A worker that comes back catches up at once."""
    sweep.apply_async()
