"""Tasks decide nothing: what is to be done is in the rows."""

from celery import shared_task

from api import endings


@shared_task(name="api.tell_of_endings", expires=600)
def tell_of_endings():
    """Beat calls this every hour; `manage.py tick` does the same without Celery."""
    endings.tell_of_endings()
