"""Tasks decide nothing: what is due is in the rows. Losing or doubling one of them changes nothing."""

from celery import shared_task
from celery.signals import worker_ready

from notifications import delivery
from notifications.waking import EXPIRES_SECONDS, TASK


@shared_task(name=TASK, ignore_result=True, expires=EXPIRES_SECONDS)
def deliver():
    """The wake-up: deliver now instead of at the next sweep."""
    delivery.deliver_all()


@shared_task(name="notifications.sweep", ignore_result=True, expires=EXPIRES_SECONDS)
def sweep():
    """Beat calls this every 30 s; `manage.py tick` does the same without Celery."""
    delivery.sweep()


@worker_ready.connect
def sweep_at_start(sender, **kwargs):
    """A worker that comes back catches up at once, whatever happened to the queue meanwhile."""
    sweep.apply_async()
