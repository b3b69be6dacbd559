"""What each round of rectification left: plan, submission, verification, closing decision. Nothing is nulled."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from hazards.enums import ClosureOutcome, VerificationOutcome

from .hazard import Hazard

models.CharField.register_lookup(Length)


def _by(verbose):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose
    )


class RectificationPlan(models.Model):
    """整改方案: the five things that must be settled (五落实). Earlier wordings stay in the events."""

    hazard = models.OneToOneField(Hazard, on_delete=models.PROTECT, related_name="plan")
    measures = models.CharField("整改措施", max_length=500, blank=True)
    responsible_person = models.CharField("整改责任人", max_length=30, blank=True)
    funds = models.DecimalField("整改资金（万元）", max_digits=9, decimal_places=2, null=True, blank=True)
    finish_on = models.DateField("计划完成日期", null=True, blank=True)
    contingency = models.CharField("应急预案和防控措施", max_length=500, blank=True)
    saved_at = models.DateTimeField("填报时间")
    saved_by = _by("填报人")

    class Meta:
        verbose_name = "整改方案"
        constraints = [
            models.CheckConstraint(name="plan_funds_not_negative", condition=Q(funds=None) | Q(funds__gte=0))
        ]

    def __str__(self):
        return f"{self.hazard_id} 整改方案"

    @property
    def settled(self) -> dict[str, bool]:
        """The five, and whether each is settled (五落实). Funds of 0 count: it may cost nothing."""
        return {
            "措施": bool(self.measures),
            "责任人": bool(self.responsible_person),
            "资金": self.funds is not None,
            "时限": self.finish_on is not None,
            "预案": bool(self.contingency),
        }

    @property
    def is_complete(self) -> bool:
        return all(self.settled.values())


class RectificationSubmission(models.Model):
    """整改反馈: what was done in one round."""

    append_only = True

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField("轮次")
    measures = models.CharField("整改情况", max_length=500)
    funds_spent = models.DecimalField(
        "实际投入（万元）", max_digits=9, decimal_places=2, null=True, blank=True
    )
    submitted_at = models.DateTimeField("提交时间")
    submitted_by = _by("提交人")

    class Meta:
        verbose_name = "整改反馈"
        ordering = ["round"]
        constraints = [
            models.UniqueConstraint(fields=["hazard", "round"], name="submission_one_per_round"),
            models.CheckConstraint(name="submission_says_what", condition=~Q(measures="")),
        ]

    def __str__(self):
        return f"第 {self.round} 轮整改"


class Verification(models.Model):
    """验收 of one submission, with the three confirmations (三个不放过) when accepted, a reason when rejected."""

    append_only = True

    submission = models.OneToOneField(
        RectificationSubmission, on_delete=models.PROTECT, related_name="verification"
    )
    outcome = models.CharField("结论", max_length=10, choices=VerificationOutcome)
    opinion = models.CharField("意见", max_length=500)
    is_cause_found = models.BooleanField("问题已查清", default=False)
    is_rectified = models.BooleanField("整改已到位", default=False)
    is_satisfactory = models.BooleanField("群众满意", default=False)
    new_due_on = models.DateField("新期限", null=True, blank=True)
    submitted_by = _by("提交人")  # copied from the submission so that the next constraint can be one
    verified_at = models.DateTimeField("验收时间")
    verified_by = _by("验收人")

    class Meta:
        verbose_name = "验收"
        constraints = [
            models.CheckConstraint(
                name="verification_by_another_person", condition=~Q(verified_by=F("submitted_by"))
            ),
            models.CheckConstraint(
                name="verification_accepted_means_three_confirmed",
                condition=~Q(outcome="accepted")
                | Q(is_cause_found=True, is_rectified=True, is_satisfactory=True) & ~Q(opinion=""),
            ),
            models.CheckConstraint(
                name="verification_rejected_with_reason_and_deadline",
                condition=~Q(outcome="rejected") | Q(new_due_on__isnull=False, opinion__length__gte=5),
            ),
        ]

    def __str__(self):
        return self.get_outcome_display()


class Closure(models.Model):
    """销号决定 on one accepted round."""

    append_only = True

    verification = models.OneToOneField(Verification, on_delete=models.PROTECT, related_name="closure")
    outcome = models.CharField("决定", max_length=10, choices=ClosureOutcome)
    opinion = models.CharField("意见", max_length=500, blank=True)
    new_due_on = models.DateField("新期限", null=True, blank=True)
    verified_by = _by("验收人")
    decided_at = models.DateTimeField("决定时间")
    decided_by = _by("决定人")

    class Meta:
        verbose_name = "销号决定"
        constraints = [
            models.CheckConstraint(
                name="closure_by_another_person", condition=~Q(decided_by=F("verified_by"))
            ),
            models.CheckConstraint(
                name="closure_returned_with_reason_and_deadline",
                condition=~Q(outcome="returned") | Q(new_due_on__isnull=False, opinion__length__gte=5),
            ),
        ]

    def __str__(self):
        return self.get_outcome_display()
