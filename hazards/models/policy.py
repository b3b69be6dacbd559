"""Data the workflow rests on: closing policy, legal status pairs, receipts of forms already dealt with."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from hazards.enums import ClosingLevel, HazardStatus, Severity
from institutions.models import Region


class ClosingPolicy(models.Model):
    """Which level closes out hazards of a severity in a region; the nearest region above that has one decides.

    Without any: 县级验收、市级销号. When counties close general hazards, the city still closes a random share.
    """

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    severity = models.CharField("隐患等级", max_length=10, choices=Severity)
    level = models.CharField("销号级别", max_length=10, choices=ClosingLevel, default=ClosingLevel.CITY)
    spot_check_percent = models.PositiveSmallIntegerField("市级抽查比例（%）", default=0)

    class Meta:
        verbose_name = "销号规则"
        constraints = [
            models.UniqueConstraint(fields=["region", "severity"], name="policy_one_per_region_and_severity"),
            models.CheckConstraint(name="policy_percent", condition=Q(spot_check_percent__lte=100)),
            # 重大隐患 never close at the level that verified them.
            models.CheckConstraint(
                name="policy_major_above_county", condition=~Q(severity="major", level="county")
            ),
        ]

    def __str__(self):
        return f"{self.region} {self.get_severity_display()} {self.get_level_display()}"


class ClosingPolicyChange(models.Model):
    """Append-only trace of who set which policy; an empty level means: back to 市级销号."""

    append_only = True

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    severity = models.CharField("隐患等级", max_length=10, choices=Severity)
    level = models.CharField("销号级别", max_length=10, choices=ClosingLevel, blank=True)
    spot_check_percent = models.PositiveSmallIntegerField("市级抽查比例（%）", default=0)
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="设定人"
    )

    class Meta:
        verbose_name = "销号规则变更"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.region} {self.get_severity_display()} {self.get_level_display() or '默认'}"


class LegalTransition(models.Model):
    """The status changes the database lets happen; a trigger refuses all others. Filled by migrations."""

    read_only = True

    from_status = models.CharField(max_length=25, choices=HazardStatus)
    to_status = models.CharField(max_length=25, choices=HazardStatus)

    class Meta:
        verbose_name = "合法状态变更"
        constraints = [models.UniqueConstraint(fields=["from_status", "to_status"], name="legal_pair_once")]

    def __str__(self):
        return f"{self.from_status} → {self.to_status}"


class FormReceipt(models.Model):
    """A form already dealt with: the same key again gets the same answer, and nothing happens twice.

    `digest` is of what the form said: the same key with other words is another wish, and never just swallowed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField()
    location = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = "表单回执"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="receipt_once")]

    def __str__(self):
        return f"{self.key} → {self.location}"
