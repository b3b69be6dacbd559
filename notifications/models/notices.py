"""What is told: notices to a person, bulletins to the group chats of an authority."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from institutions.models import Authority, User
from notifications.rules import SITE_PATH, WORDLESS_PATH


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


class Bulletin(models.Model):
    """What the group robots of an authority say: a heading, counts and a link, all of them words of the code.

    Everybody in the chat reads it, and the chat's company keeps it: nothing that anybody typed, no name of an
    institution or a person. `outbox.announce` is the only writer.
    """

    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="+", verbose_name="部门")
    topic = models.CharField("事项", max_length=60)
    heading = models.CharField("标题", max_length=30)
    counts = models.JSONField("数目", default=list)  # pairs of words and number, in the order to be shown
    url = models.CharField("站内地址", max_length=200)
    dedupe_key = models.CharField("去重键", max_length=120, blank=True)
    created_at = models.DateTimeField("时间", db_default=Now())
    settled_at = models.DateTimeField("事项了结时间", null=True, blank=True)

    class Meta:
        verbose_name = "群消息"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "dedupe_key"],
                condition=~Q(dedupe_key=""),
                name="bulletin_once_per_authority_and_key",
            ),
            models.CheckConstraint(name="bulletin_url_is_wordless", condition=Q(url__regex=WORDLESS_PATH)),
        ]
        indexes = [
            models.Index(fields=["topic"], condition=Q(settled_at=None), name="bulletin_open_topic"),
        ]

    def __str__(self):
        return self.heading
