"""批量办理: one decision over many hazards, with what became of each. The events of the hazards are the truth."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hazards.enums import BulkOutcome, HazardAction
from institutions.models import Membership

from .hazard import Hazard


class BulkRun(models.Model):
    """The form as it was sent, once: its key is made with the form, `digest` is of what it said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField("事项", max_length=30, choices=HazardAction)
    facts = models.JSONField("填写内容", default=dict)
    digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="办理人"
    )
    made_as = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name="岗位")
    made_at = models.DateTimeField("办理时间", db_default=Now())

    class Meta:
        verbose_name = "批量办理"
        ordering = ["-made_at", "id"]
        indexes = [models.Index(fields=["made_at"], name="bulk_run_made")]

    def __str__(self):
        return f"{self.get_action_display()} {self.made_at:%Y-%m-%d %H:%M}"


class BulkLine(models.Model):
    """One hazard of a run, in the version its person saw. Without an outcome it waits to be done."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="lines")
    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField("版本")
    outcome = models.CharField("结果", max_length=10, choices=BulkOutcome, blank=True)
    words = models.CharField("说明", max_length=300, blank=True)
    ended_at = models.DateTimeField("办理时间", null=True, blank=True)

    class Meta:
        verbose_name = "批量办理的一条"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "hazard"], name="bulk_line_once"),
            models.CheckConstraint(
                name="bulk_outcome_known", condition=Q(outcome__in=["", *BulkOutcome.values])
            ),
            models.CheckConstraint(
                name="bulk_line_ended_with_outcome",
                condition=Q(outcome="", ended_at=None) | ~Q(outcome="") & Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.hazard_id} {self.get_outcome_display()}"
