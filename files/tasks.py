"""Wake-ups for what the rows already say is due."""

from celery import shared_task

from files import janitor


@shared_task
def tidy() -> None:
    """See `files.janitor.tidy`; once a day, at night."""
    janitor.tidy()
