"""How a person wants to be told, and where they can't be reached."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from institutions.models import User
from notifications.enums import PERSONAL_CHANNELS, Channel


class NotificationPreference(models.Model):
    """What a person chose. Without a row the house's own choice holds (preferences.default_wishes)."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="notification_preference"
    )
    wants_email = models.BooleanField("邮件", default=True)
    wants_sms = models.BooleanField("短信", default=True)
    quiet_since = models.TimeField("免打扰从", null=True, blank=True)
    quiet_until = models.TimeField("免打扰到", null=True, blank=True)
    changed_at = models.DateTimeField("修改时间", auto_now=True)

    class Meta:
        verbose_name = "提醒方式"
        constraints = [
            models.CheckConstraint(
                name="preference_quiet_hours_are_whole",
                condition=Q(quiet_since=None, quiet_until=None)
                | Q(quiet_since__isnull=False, quiet_until__isnull=False),
            ),
        ]

    def __str__(self):
        return str(self.user)


class UndeliverableQuerySet(models.QuerySet):
    def current(self):
        """Those that still are the person's address: a changed address is tried again."""
        return self.filter(
            Q(channel=Channel.EMAIL, address=F("user__email"))
            | Q(channel=Channel.SMS, address=F("user__phone"))
        )


class UndeliverableAddress(models.Model):
    """An address that its server says does not exist; nothing is sent there until it changes or is allowed again.

    `address` is the user's as it was typed, so that any change of it clears this row.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="undeliverable", verbose_name="用户"
    )
    channel = models.CharField("渠道", max_length=10, choices=Channel)
    address = models.CharField("地址", max_length=254)
    reason = models.CharField("原因", max_length=300, blank=True)
    found_at = models.DateTimeField("发现时间", db_default=Now())

    objects = UndeliverableQuerySet.as_manager()

    class Meta:
        verbose_name = "无法送达的地址"
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "channel"], name="undeliverable_once_per_channel"),
            models.CheckConstraint(
                name="undeliverable_is_personal", condition=Q(channel__in=PERSONAL_CHANNELS)
            ),
        ]

    def __str__(self):
        return f"{self.user} {self.get_channel_display()}"
