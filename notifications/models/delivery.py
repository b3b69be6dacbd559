"""What leaves the house, what lets it go, and who is alive to send it."""

from django.db import models
from django.db.models import Q

from notifications.enums import PERSONAL_CHANNELS, ROBOT_CHANNELS, Channel

from .notices import Bulletin, Notice
from .robots import RobotWebhook
from .subscribers import Dispatch, Subscriber

PENDING = Q(sent_at=None, dead_at=None, dropped_at=None)


class Delivery(models.Model):
    """One message that must leave by one channel: pending until exactly one of sent, dead or dropped.

    Dropped: the matter was settled or moved on (Guard), the person left, or the robot was switched off, before it
    could go out. A notice goes to a person's address, a bulletin to a robot, a dispatch to another system.
    """

    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    bulletin = models.ForeignKey(
        Bulletin, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    robot = models.ForeignKey(
        RobotWebhook, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    dispatch = models.ForeignKey(
        Dispatch, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    channel = models.CharField("渠道", max_length=10, choices=Channel)
    address = models.CharField("地址", max_length=254)
    key = models.UUIDField("幂等键", unique=True)  # the provider's idempotency key; the Message-ID of e-mail
    due_at = models.DateTimeField("应发时间")
    leased_until = models.DateTimeField("占用至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    dead_at = models.DateTimeField("放弃时间", null=True, blank=True)
    dropped_at = models.DateTimeField("取消时间", null=True, blank=True)
    is_undeliverable = models.BooleanField("地址无法送达", db_default=False)  # why it is dead
    last_error = models.CharField("最近错误", max_length=300, blank=True)
    is_duty = models.BooleanField(
        "职责要求", db_default=False
    )  # goes out whatever the person had switched off
    # What this message says holds for this key of this topic; see Guard. Empty: always.
    guard_topic = models.CharField("核对事项", max_length=60, null=True, blank=True)  # noqa: DJ001  (null together: the pair is checked)
    guard_key = models.CharField("核对键", max_length=60, null=True, blank=True)  # noqa: DJ001  (likewise)

    class Meta:
        verbose_name = "投递"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once_per_channel"),
            models.UniqueConstraint(fields=["bulletin", "robot"], name="delivery_once_per_robot"),
            models.UniqueConstraint(
                fields=["dispatch", "subscriber"],
                condition=Q(dispatch__isnull=False),
                name="delivery_once_per_subscriber",
            ),
            models.CheckConstraint(
                name="delivery_to_person_or_robot",
                condition=Q(channel__in=PERSONAL_CHANNELS, notice__isnull=False, bulletin=None, robot=None)
                | Q(channel__in=ROBOT_CHANNELS, notice=None, bulletin__isnull=False, robot__isnull=False)
                | Q(channel=Channel.WEBHOOK, notice=None, bulletin=None, robot=None),
            ),
            models.CheckConstraint(
                name="delivery_dispatch_to_subscriber",
                condition=Q(channel=Channel.WEBHOOK, dispatch__isnull=False, subscriber__isnull=False)
                | ~Q(channel=Channel.WEBHOOK) & Q(dispatch=None, subscriber=None),
            ),
            models.CheckConstraint(
                name="delivery_guard_is_whole",
                condition=Q(guard_topic=None, guard_key=None)
                | Q(guard_topic__isnull=False, guard_key__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_undeliverable_is_dead",
                condition=Q(is_undeliverable=False) | Q(dead_at__isnull=False),
            ),
            models.CheckConstraint(name="delivery_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="delivery_has_address", condition=~Q(address="")),
            models.CheckConstraint(
                name="delivery_ends_one_way",
                condition=Q(sent_at=None, dead_at=None)
                | Q(sent_at=None, dropped_at=None)
                | Q(dead_at=None, dropped_at=None),
            ),
            models.CheckConstraint(
                name="delivery_lease_only_while_pending", condition=PENDING | Q(leased_until=None)
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=PENDING, name="delivery_pending"),
            # A channel that is down must not be waded through by the others.
            models.Index(
                fields=["channel", "due_at", "id"], condition=PENDING, name="delivery_pending_of_channel"
            ),
            models.Index(
                fields=["robot", "due_at", "id"],
                condition=PENDING & Q(robot__isnull=False),
                name="delivery_pending_of_robot",
            ),
            models.Index(
                fields=["subscriber", "due_at", "id"],
                condition=PENDING & Q(subscriber__isnull=False),
                name="delivery_pending_of_subscriber",
            ),
            models.Index(
                fields=["subscriber", "dead_at"],
                condition=Q(subscriber__isnull=False, dead_at__isnull=False),
                name="delivery_dead_of_subscriber",
            ),
            models.Index(
                fields=["dead_at"],
                condition=Q(dead_at__isnull=False, is_undeliverable=False),
                name="delivery_dead",
            ),
        ]

    def __str__(self):
        return str(self.key)


class Guard(models.Model):
    """What is said under this topic is true for this key.

    A delivery that carries the topic with another key is dropped when its turn comes: its matter moved on. Without
    a row every key is let through. `outbox.let_stand` is the only writer.
    """

    topic = models.CharField("事项", max_length=60, primary_key=True)
    key = models.CharField("键", max_length=60)

    class Meta:
        verbose_name = "核对键"
        ordering = ["topic"]

    def __str__(self):
        return f"{self.topic} {self.key}"


class ChannelRest(models.Model):
    """Until when the server of a channel asked to be left alone, by all deliverers; robots rest each for itself."""

    channel = models.CharField("渠道", max_length=10, choices=Channel, primary_key=True)
    until = models.DateTimeField("暂停至")

    class Meta:
        verbose_name = "渠道暂停"
        ordering = ["channel"]

    def __str__(self):
        return self.channel


class Heartbeat(models.Model):
    """When a recurring duty was last done, by the database's clock."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    beat_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "心跳"
        ordering = ["name"]

    def __str__(self):
        return self.name
