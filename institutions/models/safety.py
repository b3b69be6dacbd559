"""What an institution owes by a date besides its licences: the signed 责任书 of a year, a drill each half year."""

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Func

from institutions.enums import DrillKind
from institutions.rules import FIRST_YEAR

from .institution import Institution
from .people import User


class Pledge(models.Model):
    """安全责任书 of one institution for one year, signed with its supervising authority. Names are text: who signed
    need not have an account."""

    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="pledges", verbose_name="机构"
    )
    year = models.PositiveSmallIntegerField("年度")
    signed_on = models.DateField("签订日期")
    signer = models.CharField("机构签订人", max_length=30)
    counter_signer = models.CharField("主管部门签订人", max_length=30)
    valid_until = models.DateField("有效期至")

    class Meta:
        verbose_name = "安全责任书"
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "year"], name="pledge_one_a_year"),
            models.CheckConstraint(
                name="pledge_year_known", condition=Q(year__gte=FIRST_YEAR, year__lte=2100)
            ),
            models.CheckConstraint(
                name="pledge_valid_after_signing", condition=Q(valid_until__gte=F("signed_on"))
            ),
            models.CheckConstraint(
                name="pledge_signed_by_both", condition=~Q(signer="") & ~Q(counter_signer="")
            ),
        ]

    def __str__(self):
        return f"{self.year} 年安全责任书"


class Drill(models.Model):
    """应急演练 as it was held. `next_due_on` is half a year later, or earlier where the house decided so."""

    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="drills", verbose_name="机构"
    )
    held_on = models.DateField("演练日期")
    kind = models.CharField("演练内容", max_length=20, choices=DrillKind)
    participants = models.PositiveIntegerField("参加人数")
    is_night = models.BooleanField("夜间演练", default=False)
    problems = models.CharField("发现的问题", max_length=500, blank=True)
    next_due_on = models.DateField("下次演练期限")
    # Who wrote it down: the house, or for one without accounts its authority. Unknown for the first ones.
    recorded_at = models.DateTimeField("登记时间", null=True)
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="登记人"
    )

    class Meta:
        verbose_name = "应急演练"
        ordering = ["-held_on", "next_due_on", "id"]
        constraints = [
            # Also the index of "the latest of each institution".
            models.UniqueConstraint(
                fields=["institution", "held_on", "kind", "is_night"], name="drill_recorded_once"
            ),
            models.CheckConstraint(name="drill_kind_known", condition=Q(kind__in=DrillKind.values)),
            models.CheckConstraint(
                name="drill_recorded_pair",
                condition=Q(recorded_at=None, recorded_by=None)
                | Q(recorded_at__isnull=False, recorded_by__isnull=False),
            ),
            models.CheckConstraint(name="drill_with_somebody", condition=Q(participants__gte=1)),
            models.CheckConstraint(
                name="drill_next_within_half_a_year",
                condition=Q(
                    next_due_on__gt=F("held_on"),
                    next_due_on__lte=Func(
                        F("held_on"),
                        template="(%(expressions)s + interval '6 months')::date",
                        output_field=models.DateField(),
                    ),
                ),
            ),
        ]

    def __str__(self):
        return f"{self.held_on} {self.get_kind_display()}演练"
