"""Telling other systems that a hazard changed: rows written in the transaction of the act, as in notifications.outbox."""

import json
import uuid

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now

from institutions.models import Authority, Membership
from notifications import channels
from notifications.enums import Channel
from notifications.models import PENDING, Delivery, Dispatch, Subscriber
from notifications.signing import new_key_id
from notifications.waking import wake_after_commit

TRIAL = "trial"

# Whose region is the one of its level that the hazard lies in: the same comparison as Actor.scope.
_PUBLISH = """
WITH listening AS (
    SELECT s.id, s.key_id
    FROM notifications_subscriber s
    JOIN institutions_authority a ON a.id = s.authority_id AND a.department = 'civil_affairs'
    JOIN institutions_region r ON r.id = a.region_id
    JOIN institutions_membership m ON m.id = s.vouched_as_id AND m.is_active
    JOIN institutions_user u ON u.id = m.user_id AND u.is_active
    WHERE s.is_active AND s.failed_at IS NULL AND s.expires_at > statement_timestamp()
      AND r.id = CASE r.level WHEN 'province' THEN %(province)s WHEN 'city' THEN %(city)s
                              WHEN 'county' THEN %(county)s END
), said AS (
    INSERT INTO notifications_dispatch (payload, created_at)
    SELECT %(payload)s::jsonb
           || jsonb_build_object('region', (SELECT code FROM institutions_region WHERE id = %(county)s)),
           statement_timestamp()
    WHERE EXISTS (SELECT FROM listening)
    RETURNING id
)
INSERT INTO notifications_delivery
    (dispatch_id, subscriber_id, channel, address, key, due_at, attempts, last_error)
SELECT said.id, listening.id, 'webhook', 'system:' || listening.key_id, gen_random_uuid(), statement_timestamp(), 0, ''
FROM said, listening
"""


def publish(payload: dict, *, province: int, city: int, county: int) -> int:
    """Have every subscriber of these regions (ids) told `payload`, with the county's code beside it; how many will be.

    Part of the caller's transaction. Costs nothing where no origin is allowed (SUBSCRIBER_ORIGINS), and one statement
    otherwise.
    """
    if not channels.is_open(Channel.WEBHOOK):
        return 0
    places = {"province": province, "city": city, "county": county}
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISH, places | {"payload": json.dumps(payload, ensure_ascii=False)})
        told = cursor.rowcount
    if told:
        wake_after_commit()
    return told


def subscribe(*, authority: Authority, url: str, vouched_as: Membership, expires_at) -> Subscriber:
    """A new subscriber with a key of its own. The caller decides who may, and checks the address."""
    return Subscriber.objects.create(
        authority=authority, url=url, key_id=new_key_id(), vouched_as=vouched_as, expires_at=expires_at
    )


def unsubscribe(subscriber: Subscriber) -> None:
    """Tell it nothing more, nor what waits for it. Part of the caller's transaction."""
    Subscriber.objects.filter(pk=subscriber.pk).update(is_active=False)
    waiting = (
        Delivery.objects.filter(PENDING, subscriber=subscriber).order_by("pk").select_for_update(no_key=True)
    )
    Delivery.objects.filter(pk__in=waiting.values("pk")).update(dropped_at=Now(), leased_until=None)


@transaction.atomic
def try_subscriber(subscriber: Subscriber) -> None:
    """Send a message without a hazard, the way all messages go; success ends a failure.

    Raises ValidationError when it hears nothing any more, or while one is still on its way.
    """
    subscriber = Subscriber.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscriber.pk)
    if not Subscriber.objects.listening().filter(pk=subscriber.pk).exists():
        raise ValidationError("这个接入已停用或到期，不再推送。")
    if Delivery.objects.filter(PENDING, subscriber=subscriber, dispatch__payload__event=TRIAL).exists():
        raise ValidationError("上一条测试消息还没有送到，请稍等。")
    subscriber.rests_until = None
    subscriber.save(update_fields=["rests_until"])
    Delivery.objects.create(
        dispatch=Dispatch.objects.create(payload={"event": TRIAL}), subscriber=subscriber, channel=Channel.WEBHOOK,
        address=f"system:{subscriber.key_id}", key=uuid.uuid4(), due_at=Now(),
    )  # fmt: skip
    wake_after_commit()


def standing(subscriber: Subscriber, shown: int = 10) -> dict:
    """How it stands, for its page: the last message, how many wait, and the latest that were given up."""
    own = subscriber.deliveries.order_by("-pk")
    return {
        "last": own.first(),
        "waiting": own.filter(PENDING).count(),
        "dead": list(
            own.filter(dead_at__isnull=False).select_related("dispatch").order_by("-dead_at")[:shown]
        ),
    }
