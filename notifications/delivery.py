"""Sending what is due: claim with a lease, commit, send, mark sent. Any number of deliverers may run.

A deliverer that dies loses nothing: its message is due again when the lease ends, and may then arrive twice
under the same key (at most once per crash). What a channel is, and what may go wrong in it: notifications/channels.
"""

import logging
import time

from django.db import connection, transaction
from django.db.models import Exists, F
from django.db.models.functions import Now

from notifications.channels import SENDERS, is_open
from notifications.channels.claim import Claim
from notifications.channels.faults import ChannelDown, TryAgain, Undeliverable
from notifications.channels.robots import MOST_IN_WINDOW, WINDOW
from notifications.enums import CHANNELS_OF_MANY_SERVERS, ROBOT_CHANNELS, Channel
from notifications.heartbeat import SWEEP, beat
from notifications.models import PENDING, ChannelRest, Delivery, RobotWebhook, Subscriber
from notifications.preferences import mark_undeliverable
from notifications.rules import LEASE, MAX_ATTEMPTS, REST, ROUND, STALE_AFTER, TURN, back_off

logger = logging.getLogger("house.notifications")

BATCH = 20  # messages of one channel before the next has its turn; over one connection to the mail server

# One message at a time, so that a lease covers one sending and a crash delays one message. The inner select
# is evaluated once; the clock is the database's alone. Whether the message is still wanted is read here and not
# before: what was settled, moved on (the guard) or switched off until this moment does not go out.
_NEXT = """
    SELECT {what} FROM notifications_delivery
    WHERE sent_at IS NULL AND dead_at IS NULL AND dropped_at IS NULL
      AND {which} AND due_at <= statement_timestamp()
      AND (leased_until IS NULL OR leased_until < statement_timestamp())
    ORDER BY due_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
"""
_MOVED_ON = """
    EXISTS (SELECT FROM notifications_guard g WHERE g.topic = d.guard_topic AND g.key <> d.guard_key)
"""
_CLAIM = f"""
UPDATE notifications_delivery d
SET leased_until = statement_timestamp() + %(lease)s, attempts = d.attempts + 1
FROM notifications_notice n, institutions_user u
WHERE d.id = ({_NEXT.format(what="id", which="channel = %(channel)s")}) AND n.id = d.notice_id AND u.id = n.recipient_id
RETURNING d.id, d.key, d.address, d.attempts, d.leased_until, n.subject, n.body, n.url,
          n.settled_at IS NULL AND u.is_active AND NOT {_MOVED_ON}, u.id
"""
# The platform's limit holds for all deliverers together: the times of the last messages are kept in the robot's
# row, which is locked while one is claimed. PostgreSQL looks at the newest version of a row it has waited for.
_CLAIM_ROBOT = """
UPDATE notifications_robotwebhook SET recent = (ARRAY[statement_timestamp()] || recent)[1:%(most)s]
WHERE id = (
    SELECT r.id FROM notifications_robotwebhook r
    WHERE r.kind = %(channel)s
      AND (r.rests_until IS NULL OR r.rests_until < statement_timestamp())
      AND (r.recent[%(most)s] IS NULL OR r.recent[%(most)s] < statement_timestamp() - %(window)s)
      AND EXISTS (
          SELECT FROM notifications_delivery p
          WHERE p.sent_at IS NULL AND p.dead_at IS NULL AND p.dropped_at IS NULL
            AND p.robot_id = r.id AND p.due_at <= statement_timestamp()
            AND (p.leased_until IS NULL OR p.leased_until < statement_timestamp())
      )
    ORDER BY r.recent[1] NULLS FIRST, r.id LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
"""
_CLAIM_FOR_ROBOT = f"""
UPDATE notifications_delivery d
SET leased_until = statement_timestamp() + %(lease)s, attempts = d.attempts + 1
FROM notifications_bulletin b, notifications_robotwebhook r
WHERE d.id = ({_NEXT.format(what="id", which="robot_id = %(robot)s")}) AND b.id = d.bulletin_id AND r.id = d.robot_id
RETURNING d.id, d.key, d.address, d.attempts, d.leased_until, b.heading,
          (SELECT coalesce(string_agg(format('%%s：%%s', c.pair->>0, c.pair->>1), chr(10) ORDER BY c.n), '')
           FROM jsonb_array_elements(b.counts) WITH ORDINALITY c (pair, n)),
          b.url, b.settled_at IS NULL AND r.is_active AND NOT {_MOVED_ON}, NULL,
          r.id, r.url, r.secret, r.has_markdown
"""
# The longest waiting message of any system that does not rest: one that is away holds up no other.
_CLAIM_FOR_SYSTEM = f"""
UPDATE notifications_delivery d
SET leased_until = statement_timestamp() + %(lease)s, attempts = d.attempts + 1
FROM notifications_dispatch p, notifications_subscriber s, institutions_membership m, institutions_user u
WHERE d.id = (
    SELECT next.id FROM notifications_subscriber k, LATERAL (
        {_NEXT.format(what="id, due_at", which="subscriber_id = k.id")}
    ) AS next
    WHERE k.rests_until IS NULL OR k.rests_until < statement_timestamp()
    ORDER BY next.due_at, next.id LIMIT 1
  ) AND p.id = d.dispatch_id AND s.id = d.subscriber_id AND m.id = s.vouched_as_id AND u.id = m.user_id
RETURNING d.id, d.key, d.address, d.attempts, d.leased_until, '', p.payload::text, s.url,
          s.is_active AND s.expires_at > statement_timestamp() AND m.is_active AND u.is_active,
          NULL, NULL, '', '', false, s.id, s.key_id, p.created_at < statement_timestamp() - %(stale)s
"""


def deliver_all() -> int:
    """Deliver by every channel until nothing is due or ROUND is over; how many messages were handled.

    Must not run inside a transaction. The channels take turns; one that is down, or whose server keeps silent, has
    no more turns in this round, and holds up nobody else.
    """
    total, stop_at = 0, time.monotonic() + ROUND.total_seconds()
    at_work = [channel for channel in Channel if is_open(channel)]
    while at_work and time.monotonic() < stop_at:
        for channel in list(at_work):
            handled, has_more = deliver_due(channel, until=stop_at)
            total += handled
            if not has_more:
                at_work.remove(channel)
    return total


def deliver_due(channel: Channel, limit: int = BATCH, until: float | None = None) -> tuple[int, bool]:
    """One turn of a channel: up to `limit` due messages, until a moment of `time.monotonic()` or TURN is over.

    Returns how many were handled (sent, put off, given up or dropped) and whether it is worth another turn.
    A channel that is down ends the turn without counting as an attempt: no message dies of an outage, and deep
    health tells of it.
    """
    stop_at = time.monotonic() + TURN.total_seconds()
    stop_at = stop_at if until is None else min(stop_at, until)
    if not _something_is_due(channel):
        return 0, False
    with SENDERS[channel]() as sender:
        for handled in range(limit):
            try:
                sender.connect()  # before the claim, so that the lease need only cover the sending
            except ChannelDown as fault:
                logger.warning("%s can't be used: %s", channel, fault)
                return handled, False
            claim = _claim(channel)
            if claim is None:
                return handled, False
            if not _handle(claim, channel, sender):
                # One robot or system rests now, another may live elsewhere.
                return handled + 1, channel in CHANNELS_OF_MANY_SERVERS
            if time.monotonic() > stop_at:
                return handled + 1, True
    return limit, True


def sweep() -> int:
    """What both tickers do, whether or not anybody was woken: deliver what is due, then leave a heartbeat.

    Safe to run at any time in any number of copies. Returns how many messages were handled.
    """
    handled = deliver_all()
    beat(SWEEP)
    return handled


def _something_is_due(channel: Channel) -> bool:
    resting = ChannelRest.objects.filter(channel=channel, until__gt=Now())
    return Delivery.objects.filter(~Exists(resting), PENDING, channel=channel, due_at__lte=Now()).exists()


def _claim(channel: Channel) -> Claim | None:
    parameters = {
        "lease": LEASE, "channel": channel, "most": MOST_IN_WINDOW, "window": WINDOW, "stale": STALE_AFTER,
    }  # fmt: skip
    # durable: inside a caller's transaction the lease would stay unseen and the row locked while we send.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if channel not in ROBOT_CHANNELS:
            cursor.execute(_CLAIM_FOR_SYSTEM if channel == Channel.WEBHOOK else _CLAIM, parameters)
        else:
            cursor.execute(_CLAIM_ROBOT, parameters)
            robot = cursor.fetchone()
            if robot is None:
                return None
            cursor.execute(_CLAIM_FOR_ROBOT, parameters | {"robot": robot[0]})
        row = cursor.fetchone()
        if row is None and channel in ROBOT_CHANNELS:
            # Somebody else took the robot's last one: without a message no place in the window is used up.
            transaction.set_rollback(True)
    return Claim(*row) if row else None


def _handle(claim: Claim, channel: Channel, sender) -> bool:
    """Deal with one message; False when the channel can do no more in this turn."""
    if not claim.is_wanted:
        _finish(claim, dropped_at=Now())
    elif claim.is_stale:
        _finish(claim, dead_at=Now(), is_undeliverable=True)
    elif claim.attempts > MAX_ATTEMPTS:
        _give_up(claim, "the sender died during the last attempt")
    else:
        return _send(claim, channel, sender)
    return True


def _send(claim: Claim, channel: Channel, sender) -> bool:
    try:
        sender.send(claim)
    except ChannelDown as fault:
        logger.warning("%s can't be used: %s", channel, fault)
        _let_rest(claim, channel, fault)
        return False
    except Undeliverable as fault:
        _nobody_there(claim, channel, str(fault))
    except TryAgain as fault:
        _put_off(claim, str(fault))
        if fault.ends_turn:
            _server(claim).update(rests_until=Now() + REST)
        return not fault.ends_turn
    else:
        _finish(claim, sent_at=Now())
        _server(claim).filter(failed_at__isnull=False).update(failed_at=None, last_error="")
    return True


def _server(claim: Claim):
    """The robot or other system the message goes to, as a queryset; of none for what goes to a person."""
    if claim.subscriber_id:
        return Subscriber.objects.filter(pk=claim.subscriber_id)
    return RobotWebhook.objects.filter(pk=claim.robot_id) if claim.robot_id else RobotWebhook.objects.none()


def _put_off(claim: Claim, reason: str) -> None:
    if claim.attempts >= MAX_ATTEMPTS:
        _give_up(claim, reason)
    else:
        logger.warning("delivery %s failed (attempt %d)", claim.key, claim.attempts)
        _finish(claim, due_at=Now() + back_off(claim.attempts), last_error=reason[:300])


def _let_rest(claim: Claim, channel: Channel, fault: ChannelDown) -> None:
    """Back as it was but for a rest, no attempt counted; the due time stays, so that deep health sees the delay.

    Where the server asked for a rest, every deliverer grants it: to the one robot or system, or to the whole channel.
    """
    if claim.robot_id or claim.subscriber_id:
        _server(claim).update(rests_until=Now() + (fault.rest or REST))
    elif fault.rest:
        ChannelRest.objects.update_or_create(channel=channel, defaults={"until": Now() + fault.rest})
    ours = Delivery.objects.filter(PENDING, pk=claim.id, leased_until=claim.leased_until)
    ours.update(leased_until=Now() + REST, attempts=F("attempts") - 1, last_error=str(fault)[:300])


def _give_up(claim: Claim, reason: str) -> None:
    """Dead and alarm: the log at once, deep health and the staff's banner for a day.

    The reason stays in the row, not the log: servers quote the address in it.
    """
    if claim.subscriber_id:
        # Another system's refusal: shown with it, not told to everybody.
        _finish(claim, dead_at=Now(), last_error=reason[:300], is_undeliverable=True)
        return
    logger.error("delivery %s is dead after %d attempts", claim.key, MAX_ATTEMPTS)
    _finish(claim, dead_at=Now(), last_error=reason[:300])


def _nobody_there(claim: Claim, channel: Channel, reason: str) -> None:
    """Dead at once, without an alarm to everybody: the administrator's pages list the address, or the robot."""
    logger.warning("delivery %s has no reachable address", claim.key)
    with transaction.atomic():
        _finish(claim, dead_at=Now(), is_undeliverable=True, last_error=reason[:300])
        _server(claim).update(failed_at=Now(), last_error=reason[:300])
        if claim.recipient_id:
            mark_undeliverable(claim.recipient_id, channel, claim.address, reason)


def _finish(claim: Claim, **fields) -> None:
    """Write the outcome and end the lease, only if the lease is still ours."""
    ours = Delivery.objects.filter(PENDING, pk=claim.id, leased_until=claim.leased_until)
    if not ours.update(leased_until=None, **fields):
        logger.warning("delivery %s took longer than its lease; another deliverer has it", claim.key)
