"""What a person is told once a day."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from notifications.models import Notice


class Digest(models.Model):
    """One person's reminders of one day. `reminders` are ids of rows that are never deleted, most urgent first."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="收件人"
    )
    on = models.DateField("日期")
    composed_at = models.DateTimeField("汇总时间")
    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="+")
    # An array, not rows: a catch-up over 60,000 clocks would write half a million of them.
    reminders = ArrayField(models.BigIntegerField(), verbose_name="提醒")

    class Meta:
        verbose_name = "每日提醒"
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "on"], name="digest_one_a_day"),
            models.CheckConstraint(name="digest_says_something", condition=models.Q(reminders__len__gt=0)),
        ]
        indexes = [models.Index(fields=["on"], name="digest_by_day")]

    def __str__(self):
        return f"{self.on} {self.recipient_id}"
