"""Which login names failed too often and must wait."""

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Sum
from django.utils import timezone


def locked_names() -> dict:
    """Login names locked now → the moment from which they may be tried again."""
    failed = (
        AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - get_cool_off())
        .values("username")
        .annotate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
        .filter(failures__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("username")
    )
    return {row["username"]: row["last"] + get_cool_off() for row in failed}


def is_locked(username: str) -> bool:
    """Whether `username` must wait before it may be tried again."""
    return username in locked_names()
