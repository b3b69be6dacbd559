"""Scheduled work that takes more than one app: tasks take nothing, call one action, decide nothing."""

from celery import shared_task
from django.utils import timezone

from config import calendar_watch


@shared_task(expires=3600)
def watch_calendar():
    """The daily look whether the coming year's holidays are known."""
    calendar_watch.tell_of_missing_year(timezone.localdate())
