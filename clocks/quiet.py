"""Quiet hours: when an e-mail may leave. In the app everything stands at once. Touches no database."""

from datetime import datetime, time, timedelta

DIGEST_AT = time(7, 30)  # Beijing; once a day for everything that is not major
QUIET_FROM, QUIET_UNTIL = time(21, 0), DIGEST_AT  # unless somebody wants other hours


def first_loud(now: datetime, quiet_from: time = QUIET_FROM, quiet_until: time = QUIET_UNTIL) -> datetime:
    """The first moment from `now` (aware, local) on that is outside the quiet hours, which may pass midnight.

    The same hour twice means: no quiet hours.
    """
    clock = now.time()
    passes_midnight = quiet_from > quiet_until
    if passes_midnight:
        is_quiet = clock >= quiet_from or clock < quiet_until
    else:
        is_quiet = quiet_from <= clock < quiet_until
    if not is_quiet:
        return now
    day = now.date() + timedelta(days=1) if passes_midnight and clock >= quiet_from else now.date()
    return datetime.combine(day, quiet_until, tzinfo=now.tzinfo)
