"""The wake-up call to the deliverer: best effort, short, and never the reason for an error.

Redis carries wake-ups, never facts: what is lost here, the next sweep finds in the rows.
"""

import logging
import time

from celery import current_app
from django.db import connection, transaction
from kombu.pools import producers

logger = logging.getLogger("house.notifications")

TASK = "notifications.deliver"
EXPIRES_SECONDS = 25  # the sweep every 30 s makes an older wake-up pointless
PAUSE_SECONDS = 10.0
# One try of one second. Without `max_retries` kombu would go on for 6 s in spite of `retry=False`.
_TRANSPORT_OPTIONS = {"max_retries": 0, "socket_timeout": 1, "socket_connect_timeout": 1}


class Breaker:
    """Keeps acts from queueing up behind a hung broker: after a failure, no publishing for a while.

    State of one process; threads may race here, at worst one more of them waits a second.
    """

    def __init__(self):
        self.failures = 0
        self.open_until = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self.open_until

    def trip(self) -> None:
        self.failures += 1
        self.open_until = time.monotonic() + PAUSE_SECONDS


breaker = Breaker()


def wake(task: str = TASK) -> bool:
    """Ask a worker to deliver now, or to do another `task` that needs nothing; True when the call was published.

    Never raises, takes at most about 2 s (also with a hung broker), and after a failure returns at once
    for PAUSE_SECONDS. Failures are logged and counted in `breaker.failures`.
    """
    if breaker.is_open():
        return False
    # This call may have to wait; the acts beside it shall not.
    link = current_app.connection_for_write(transport_options=_TRANSPORT_OPTIONS)
    try:
        with producers[link].acquire(block=True, timeout=1) as producer:
            current_app.send_task(
                task, producer=producer, retry=False, ignore_result=True, expires=EXPIRES_SECONDS
            )
    except Exception as error:  # whatever the broker's client raises: the rows are safe already
        breaker.trip()
        logger.warning("wake-up not published (%d so far): %s", breaker.failures, error)
        return False
    return True


def wake_after_commit() -> None:
    """Call `wake` once when the current transaction has committed, however often this is asked for.

    Not a partial: with robust=True Django names a failing callback, and a partial has no name.
    """
    if not any(callback is wake for _, callback, _ in connection.run_on_commit):
        transaction.on_commit(wake, robust=True)


def broker_answers() -> bool:
    """Whether the broker answers within about a second."""
    try:
        with current_app.connection_for_write(transport_options=_TRANSPORT_OPTIONS) as link:
            link.default_channel.client.ping()
    except Exception:  # whatever the broker's client raises
        return False
    return True
