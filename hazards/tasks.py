"""Scheduled work on hazards: tasks take nothing, call one action, decide nothing."""

from celery import shared_task
from django.utils import timezone

from hazards.actions import anchoring, bulk, drafting, once


@shared_task(expires=3600)
def anchor():
    """The daily anchor over the audit trail."""
    anchoring.make_anchor()


@shared_task(expires=3600)
def forget_receipts():
    """Receipts of forms, and results of bulk acts, older than a month."""
    once.forget_old()
    bulk.forget_old()


@shared_task(expires=3600)
def draft_records():
    """通报 and 约谈 that the rules ask for today; people confirm them."""
    drafting.draft_due(timezone.localdate())
