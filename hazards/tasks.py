"""Scheduled work on hazards: tasks take nothing, call one action, decide nothing."""

from celery import shared_task

from hazards.actions import anchoring


@shared_task(expires=3600)
def anchor():
    """The daily anchor over the audit trail."""
    anchoring.make_anchor()
