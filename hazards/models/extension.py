"""延期: what an institution asks for, what was decided, and the limits that govern it as data."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hazards.deadlines import EXTENSION_LIMITS, LONGEST_DAYS
from hazards.enums import ExtensionCase, ExtensionDecider, ExtensionOutcome
from institutions.models import Region

from .hazard import Hazard


class Limits(models.Model):
    """How early to ask, how long to decide, how often, how long in all, and who decides."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    case = models.CharField("适用", max_length=10, choices=ExtensionCase)
    ask_before = models.PositiveSmallIntegerField("至少提前（工作日）")
    decide_within = models.PositiveSmallIntegerField("审批期限（工作日）")
    most = models.PositiveSmallIntegerField("最多延期次数")
    cap_days = models.PositiveSmallIntegerField("自下发起最长（天）")
    decider = models.CharField("由谁审批", max_length=10, choices=ExtensionDecider)

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.region} {self.get_case_display()}"


class ExtensionPolicy(Limits):
    """The limits of a region; the nearest region upward that has some decides, without any those in deadlines.py."""

    class Meta:
        verbose_name = "延期规则"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "case"], name="extension_policy_one_per_region_and_case"
            ),
            models.CheckConstraint(
                name="extension_policy_case_known", condition=Q(case__in=ExtensionCase.values)
            ),
            models.CheckConstraint(
                name="extension_policy_limits",
                condition=Q(
                    ask_before__range=(1, 60),
                    decide_within__range=(1, 60),
                    most__lte=9,
                    cap_days__range=(1, LONGEST_DAYS),
                ),
            ),
            # 重大隐患 and what is under supervision are never extended by the authority that set the deadline.
            models.CheckConstraint(
                name="extension_policy_above", condition=Q(case="general") | Q(decider="above")
            ),
        ]

    @classmethod
    def default(cls, case: str) -> "ExtensionPolicy":
        """The house's own limits, unsaved."""
        return cls(case=case, **EXTENSION_LIMITS[ExtensionCase(case)])


class ExtensionPolicyChange(Limits):
    """Append-only trace of who set which limits; `is_default` means: back to what the region above says."""

    append_only = True

    is_default = models.BooleanField("恢复默认", default=False)
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="设定人"
    )

    class Meta:
        verbose_name = "延期规则变更"
        ordering = ["-id"]


class ExtensionRequest(models.Model):
    """One 延期申请. Undecided while `outcome` is empty; what is decided never changes (trigger).

    Hazard.extension_region is set exactly while one is undecided, and says whose decision it is.
    """

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="extensions")
    round = models.PositiveSmallIntegerField("轮次")
    case = models.CharField("适用", max_length=10, choices=ExtensionCase)
    reason = models.CharField("申请理由", max_length=500)
    interim_measures = models.CharField("延期期间的防控措施", max_length=500)
    old_due_on = models.DateField("原期限")
    proposed_due_on = models.DateField("申请延至")
    requested_at = models.DateTimeField("申请时间")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decide_by = models.DateField("应于何日前决定")
    # Who was asked, also once it is over; the first ones that were decided do not say.
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="审批地区"
    )
    outcome = models.CharField("结论", max_length=10, choices=ExtensionOutcome, blank=True)
    opinion = models.CharField("意见", max_length=500, blank=True)
    new_due_on = models.DateField("核定延至", null=True, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "延期申请"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard"], condition=Q(outcome=""), name="extension_one_undecided"
            ),
            models.CheckConstraint(
                name="extension_outcome_known", condition=Q(outcome__in=["", *ExtensionOutcome.values])
            ),
            models.CheckConstraint(
                name="extension_says_why", condition=~Q(reason="") & ~Q(interim_measures="")
            ),
            models.CheckConstraint(
                name="extension_later_than_before", condition=Q(proposed_due_on__gt=F("old_due_on"))
            ),
            models.CheckConstraint(
                name="extension_decided_pair",
                condition=Q(outcome="", decided_at=None, decided_by=None)
                | ~Q(outcome="") & Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="extension_by_another_person",
                condition=~Q(outcome__in=["approved", "refused"]) | ~Q(decided_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="extension_approved_with_date",
                condition=Q(outcome="approved", new_due_on__isnull=False, new_due_on__gt=F("old_due_on"))
                | ~Q(outcome="approved") & Q(new_due_on=None),
            ),
        ]

    def __str__(self):
        return f"{self.hazard_id} 延至 {self.proposed_due_on}"
