"""Scheduled work on hazards: tasks take nothing, call one action, decide nothing."""

from celery import shared_task

from hazards.actions import anchoring, once


@shared_task(expires=3600)
def anchor():
    """The daily anchor over the audit trail."""
    anchoring.make_anchor()


@shared_task(expires=3600)
def forget_receipts():
    """Receipts of forms older than a month."""
    once.forget_old()
