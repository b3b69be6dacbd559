"""Notices (what a person is told), deliveries (what leaves the house) and heartbeats (who is alive)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from institutions.models import User
from notifications.enums import Channel
from notifications.rules import SITE_PATH

PENDING = Q(sent_at=None, dead_at=None, dropped_at=None)


class NoticeQuerySet(models.QuerySet):
    def of(self, user):
        """The notices told to `user`; every list, page and act starts here."""
        return self.filter(recipient_id=user.pk)

    def unread(self):
        """Those that still ask for attention: not read, and their matter not over."""
        return self.filter(read_at=None, settled_at=None)

    def older_than(self, notice):
        """Those that come after `notice` in the list (newest first)."""
        return self.filter(created_at__lte=notice.created_at).exclude(
            created_at=notice.created_at, pk__gte=notice.pk
        )

    def in_lock_order(self):
        """Locks the rows in the order of ids: two updates of the same notices never deadlock."""
        return self.order_by("pk").select_for_update(no_key=True).values("pk")


class Notice(models.Model):
    """One message to one person: a fact, written in the transaction of the act it tells of."""

    recipient = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="notices", verbose_name="收件人"
    )
    topic = models.CharField("事项", max_length=60, help_text="同一事项的通知用同一个键，如 hazard:123")
    subject = models.CharField("标题", max_length=120)
    body = models.TextField("内容", max_length=2000, blank=True)
    url = models.CharField("站内地址", max_length=200)
    dedupe_key = models.CharField("去重键", max_length=120, blank=True)
    created_at = models.DateTimeField("时间", db_default=Now())
    read_at = models.DateTimeField("已读时间", null=True, blank=True)
    settled_at = models.DateTimeField("事项了结时间", null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "通知"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "dedupe_key"],
                condition=~Q(dedupe_key=""),
                name="notice_once_per_recipient_and_key",
            ),
            models.CheckConstraint(name="notice_url_within_site", condition=Q(url__regex=SITE_PATH)),
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_list"),
            models.Index(
                fields=["recipient", "-created_at", "-id"],
                condition=Q(read_at=None, settled_at=None),
                name="notice_unread",
            ),
            models.Index(fields=["topic", "id"], condition=Q(settled_at=None), name="notice_open_topic"),
        ]

    def __str__(self):
        return self.subject

    @property
    def gist(self) -> str:
        """The first line of the body: what a list shows; the rest stands on the page it leads to."""
        return self.body.partition("\n")[0]

    @property
    def is_unread(self) -> bool:
        return self.read_at is None and self.settled_at is None


class Delivery(models.Model):
    """One message that must leave by one channel: pending until exactly one of sent, dead or dropped.

    Dropped: the matter was settled, or the person left, before it could go out.
    """

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField("渠道", max_length=10, choices=Channel)
    address = models.CharField("地址", max_length=254)
    key = models.UUIDField("幂等键", unique=True)  # the provider's idempotency key; the Message-ID of e-mail
    due_at = models.DateTimeField("应发时间")
    leased_until = models.DateTimeField("占用至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    dead_at = models.DateTimeField("放弃时间", null=True, blank=True)
    dropped_at = models.DateTimeField("取消时间", null=True, blank=True)
    last_error = models.CharField("最近错误", max_length=300, blank=True)

    class Meta:
        verbose_name = "投递"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once_per_channel"),
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
            models.Index(fields=["dead_at"], condition=Q(dead_at__isnull=False), name="delivery_dead"),
        ]

    def __str__(self):
        return str(self.key)


class Heartbeat(models.Model):
    """When a recurring duty was last done, by the database's clock."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    beat_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "心跳"
        ordering = ["name"]

    def __str__(self):
        return self.name
