"""The Celery application. Redis carries wake-ups, never facts: losing it loses nothing (docs/adr/0006)."""

import os

from celery import Celery
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("hazards")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_to_run_as_owner(**kwargs):
    """The worker, like the web process, must not be able to rewrite history."""
    from common.database import ensure_runtime_role  # noqa: PLC0415  (apps are not loaded at import time)

    try:
        ensure_runtime_role()
    except ImproperlyConfigured as refusal:
        # Celery logs what a signal's receiver raises and goes on; only this stops it.
        raise SystemExit(str(refusal)) from None
