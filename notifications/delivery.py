"""Sending what is due: claim with a lease, commit, send, mark sent. Any number of deliverers may run.

A deliverer that dies loses nothing: its message is due again when the lease ends, and may then arrive twice
under the same Message-ID (at most once per crash).
"""

import logging
import time
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from notifications.enums import Channel
from notifications.heartbeat import SWEEP, beat
from notifications.mail import Mailer, compose
from notifications.models import PENDING, Delivery
from notifications.rules import LEASE, MAX_ATTEMPTS, ROUND, back_off

logger = logging.getLogger("house.notifications")

BATCH = 20  # messages over one connection to the mail server

# One message at a time, so that a lease covers one sending and a crash delays one message. The inner select
# is evaluated once; the clock is the database's alone.
_CLAIM = """
UPDATE notifications_delivery d
SET leased_until = statement_timestamp() + %(lease)s, attempts = d.attempts + 1
FROM notifications_notice n, institutions_user u
WHERE d.id = (
    SELECT id FROM notifications_delivery
    WHERE sent_at IS NULL AND dead_at IS NULL AND dropped_at IS NULL
      AND channel = %(channel)s AND due_at <= statement_timestamp()
      AND (leased_until IS NULL OR leased_until < statement_timestamp())
    ORDER BY due_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
) AND n.id = d.notice_id AND u.id = n.recipient_id
RETURNING d.id, d.key, d.address, d.attempts, d.leased_until, n.subject, n.body, n.url,
          n.settled_at IS NULL AND u.is_active
"""


class Claim(NamedTuple):
    """A delivery that is ours until `leased_until`, with what its message says."""

    id: int
    key: UUID
    address: str
    attempts: int  # this one included
    leased_until: datetime
    subject: str
    body: str
    url: str
    is_wanted: bool


def deliver_due(limit: int = BATCH) -> int:
    """Handle up to `limit` due messages; how many were handled (sent, put off, given up or dropped).

    Must not run inside a transaction. A mail server that can't be reached ends the round without counting
    as an attempt: no message dies of an outage, and deep health tells of it.
    """
    if not settings.EMAIL_ENABLED or not _something_is_due():
        return 0
    with Mailer() as mailer:
        for handled in range(limit):
            try:
                mailer.connect()  # before the claim, so that the lease need only cover the sending
            except OSError as error:
                logger.warning("mail server can't be used: %s", error)
                return handled
            claim = _claim()
            if claim is None:
                return handled
            _handle(claim, mailer)
    return limit


def deliver_all() -> int:
    """Deliver until nothing is due or ROUND is over; how many messages were handled."""
    total, stop_at = 0, time.monotonic() + ROUND.total_seconds()
    while time.monotonic() < stop_at and (handled := deliver_due()):
        total += handled
    return total


def sweep() -> int:
    """What both tickers do, whether or not anybody was woken: deliver what is due, then leave a heartbeat.

    Safe to run at any time in any number of copies. Returns how many messages were handled.
    """
    handled = deliver_all()
    beat(SWEEP)
    return handled


def _something_is_due() -> bool:
    return Delivery.objects.filter(PENDING, due_at__lte=Now()).exists()


def _claim() -> Claim | None:
    # durable: inside a caller's transaction the lease would stay unseen and the row locked while we send.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"lease": LEASE, "channel": Channel.EMAIL})
        row = cursor.fetchone()
    return Claim(*row) if row else None


def _handle(claim: Claim, mailer: Mailer) -> None:
    if not claim.is_wanted:
        _finish(claim, dropped_at=Now())
    elif claim.attempts > MAX_ATTEMPTS:
        _give_up(claim, "the sender died during the last attempt")
    else:
        _send(claim, mailer)


def _send(claim: Claim, mailer: Mailer) -> None:
    try:
        mailer.send(
            compose(
                key=claim.key, address=claim.address, subject=claim.subject, body=claim.body, url=claim.url
            )
        )
    except (OSError, ValueError) as error:  # SMTPException is an OSError; ValueError: a malformed address
        reason = f"{type(error).__name__}: {error}"
        if claim.attempts >= MAX_ATTEMPTS:
            _give_up(claim, reason)
        else:
            logger.warning("delivery %s failed (attempt %d)", claim.key, claim.attempts)
            _finish(claim, due_at=Now() + back_off(claim.attempts), last_error=reason[:300])
    else:
        _finish(claim, sent_at=Now())


def _give_up(claim: Claim, reason: str) -> None:
    """Dead and alarm: the log at once, deep health and the staff's banner for a day.

    The reason stays in the row, not the log: servers quote the address in it.
    """
    logger.error("delivery %s is dead after %d attempts", claim.key, MAX_ATTEMPTS)
    _finish(claim, dead_at=Now(), last_error=reason[:300])


def _finish(claim: Claim, **fields) -> None:
    """Write the outcome and end the lease, only if the lease is still ours."""
    ours = Delivery.objects.filter(PENDING, pk=claim.id, leased_until=claim.leased_until)
    if not ours.update(leased_until=None, **fields):
        logger.warning("delivery %s took longer than its lease; another deliverer has it", claim.key)
