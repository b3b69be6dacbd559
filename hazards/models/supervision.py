"""挂牌督办: orders of a county, city or province over one hazard, and the progress an institution reports."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from hazards.deadlines import LONGEST_REPORT_DAYS, REPORT_EVERY_DAYS
from hazards.enums import SupervisionState
from institutions.enums import RegionLevel
from institutions.models import Authority

from .hazard import Hazard

models.CharField.register_lookup(Length)
LEVELS = (RegionLevel.COUNTY, RegionLevel.CITY, RegionLevel.PROVINCE)


class SupervisionQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """The orders over hazards the actor may see."""
        return self.filter(hazard__in=Hazard.objects.visible_to(actor))

    def open(self):
        return self.filter(state=SupervisionState.OPEN)

    def published(self):
        """What anybody may know of, without logging in: flagged public, and in force or lifted after acceptance.

        An order placed by mistake, or followed by one of a higher level, is not shown any more.
        """
        return self.filter(is_public=True, state__in=[SupervisionState.OPEN, SupervisionState.LIFTED])


class SupervisionOrder(models.Model):
    """One 督办. A city raises a county's by an order of its own, so that at most one is open.

    Hazard.supervised_region is set exactly while one is open. What has ended never changes (trigger).
    """

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="supervisions")
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="督办部门"
    )
    level = models.CharField(
        "督办级别", max_length=10, choices=[(level.value, level.label) for level in LEVELS]
    )
    supervising_unit = models.CharField("督办单位", max_length=80)
    document_number = models.CharField("文号", max_length=60)
    requirements = models.CharField("督办要求", max_length=500)
    due_on = models.DateField("治理完毕期限")
    plan_due_on = models.DateField("治理方案报送期限")
    report_every_days = models.PositiveSmallIntegerField("多少天报告一次进展", default=REPORT_EVERY_DAYS)
    next_report_on = models.DateField("下次报告期限")
    is_public = models.BooleanField("向社会公开", default=False)
    raised_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="raised_to"
    )
    placed_at = models.DateTimeField("挂牌时间")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=SupervisionState, default=SupervisionState.OPEN)
    end_opinion = models.CharField("摘牌或撤销意见", max_length=500, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = SupervisionQuerySet.as_manager()

    class Meta:
        verbose_name = "挂牌督办"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard"], condition=Q(state="open"), name="supervision_one_open"
            ),
            models.UniqueConstraint(fields=["authority", "document_number"], name="supervision_number_once"),
            models.CheckConstraint(
                name="supervision_state_known", condition=Q(state__in=SupervisionState.values)
            ),
            models.CheckConstraint(name="supervision_level_known", condition=Q(level__in=LEVELS)),
            models.CheckConstraint(
                name="supervision_says_who", condition=~Q(supervising_unit="") & ~Q(document_number="")
            ),
            models.CheckConstraint(
                name="supervision_plan_before_end", condition=Q(plan_due_on__lte=F("due_on"))
            ),
            # 自收到通知书起每季度至少一次报告进展.
            models.CheckConstraint(
                name="supervision_reports_quarterly",
                condition=Q(report_every_days__range=(1, LONGEST_REPORT_DAYS)),
            ),
            models.CheckConstraint(
                name="supervision_ended_pair",
                condition=Q(state="open", ended_at=None, ended_by=None)
                | ~Q(state="open") & Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
            models.CheckConstraint(
                name="supervision_revoked_with_reason",
                condition=~Q(state="revoked") | Q(end_opinion__length__gte=5),
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(state="open"), name="supervision_open_due"),
            models.Index(
                fields=["-placed_at", "-id"], condition=Q(is_public=True), name="supervision_public"
            ),
        ]

    def __str__(self):
        return self.document_number

    @property
    def is_open(self) -> bool:
        return self.state == SupervisionState.OPEN


class ProgressReport(models.Model):
    """报告进展 under an order; photos, if any, are Evidence of the stage PROGRESS."""

    append_only = True

    order = models.ForeignKey(SupervisionOrder, on_delete=models.PROTECT, related_name="reports")
    progress = models.CharField("治理进展", max_length=500)
    next_steps = models.CharField("下一步安排和防控措施", max_length=500)
    was_due_on = models.DateField("应报日期")
    reported_at = models.DateTimeField("报告时间")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "进展报告"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="progress_says_what", condition=~Q(progress="") & ~Q(next_steps=""))
        ]

    def __str__(self):
        return f"{self.order} {self.reported_at:%Y-%m-%d}"
