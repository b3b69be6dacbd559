"""Scheduled work on inspections: tasks take nothing, call one action, decide nothing."""

from celery import shared_task
from django.utils import timezone

from inspections.actions import plans


@shared_task(expires=3600)
def make_due_plans():
    """The daily look for visits that are due."""
    plans.make_due_plans(timezone.localdate())
