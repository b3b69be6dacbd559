"""What decides without the database: when to try again, when to alarm, which addresses stay in the house."""

import re
from datetime import timedelta

MAX_ATTEMPTS = 8
# Longer than one message can take: four SMTP steps of EMAIL_TIMEOUT (10 s) each. A crashed sender's message
# is free again after this, so it goes out at most one lease and one sweep (30 s) later.
LEASE = timedelta(seconds=60)
# One round of delivering ends after this; the next sweep goes on. Well below the task's time limit.
ROUND = timedelta(seconds=50)
_BACK_OFF = [timedelta(minutes=m) for m in (1, 5, 15, 60)]

SWEEP_SILENT_AFTER = timedelta(minutes=5)
DELIVERY_LATE_AFTER = timedelta(minutes=10)
DEATHS_COUNT_FOR = timedelta(days=1)


def back_off(attempts: int) -> timedelta:
    """How long to wait after `attempts` (≥ 1) failed ones: 1, 5, 15 minutes, then an hour each."""
    return _BACK_OFF[min(attempts, len(_BACK_OFF)) - 1]


# One slash, then neither slash nor backslash (browsers read both as another host), and nothing they would
# leave out while reading, like a tab. Written for Python and for PostgreSQL alike.
SITE_PATH = r"^/(?![/\\])[^\\\s\x00-\x1f\x7f]*$"


def is_site_path(url: str) -> bool:
    """Whether `url` is a path within this site: safe to redirect to, safe to append to the site's address."""
    return re.fullmatch(SITE_PATH, url) is not None
