"""The summary behind the dashboards: cells, and the deltas not folded into them yet. PostgreSQL alone writes both.
And what is to be reached: the day by which a stock is to be cleared.

A trigger on the hazards notes each change as deltas in the same transaction; `fold_summary()` adds them to the cells.
Whoever reads takes both, and is exact at once (docs/adr/0026). The SQL is in migrations/0001_summary.py.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hazards.enums import Domain, HazardStatus, Severity, Source
from institutions.enums import InstitutionKind
from institutions.models import Region

# Advisory lock held shared by whoever changes a hazard, and alone by whoever changes an institution's kind.
KIND_LOCK = 7_210_002
# Advisory lock of the one who folds or rebuilds.
FOLD_LOCK = 7_210_003


class PlaceLevel(models.IntegerChoices):
    """Whose cell it is: `place_id` is a region for the first three. A city's own stands under the city as county."""

    PROVINCE = 1, "省"
    CITY = 2, "市"
    COUNTY = 3, "县"
    INSTITUTION = 4, "机构"


class Axis(models.TextChoices):
    """What the month of a cell counts by. FOUND alone keeps the status; an institution's cells have no month."""

    FOUND = "found", "发现"
    REGISTERED = "registered", "登记"
    CLOSED = "closed", "销号"
    VOIDED = "voided", "作废"


class Facet(models.TextChoices):
    """By what else a cell is told apart; one at a time, or the cells would be as many as the hazards."""

    ALL = "all", "全部"
    DOMAIN = "domain", "隐患类别"
    KIND = "kind", "机构类型"
    SOURCE = "source", "来源"


class SummaryCell(models.Model):
    """How many hazards agree in all the columns before `n`, and how many of them each measure counts."""

    derived = True

    level = models.SmallIntegerField(choices=PlaceLevel)
    place_id = models.BigIntegerField()
    axis = models.CharField(max_length=10, choices=Axis)
    facet = models.CharField(max_length=10, choices=Facet)
    value = models.CharField(max_length=20)
    month = models.DateField()
    status = models.CharField(max_length=25, choices=HazardStatus, blank=True)
    severity = models.CharField(max_length=10, choices=Severity)
    n = models.IntegerField()
    on_time = models.IntegerField()
    judged = models.IntegerField()
    first_pass = models.IntegerField()
    recurring = models.IntegerField()
    self_found = models.IntegerField()

    class Meta:
        verbose_name = "汇总"
        constraints = [
            models.UniqueConstraint(
                fields=["level", "place_id", "facet", "axis", "month", "value", "status", "severity"],
                name="summary_cell_once",
            )
        ]

    def __str__(self):
        return f"{self.get_level_display()} {self.place_id} {self.month:%Y-%m} {self.status} {self.n}"


class SummaryDelta(models.Model):
    """One hazard more (`change` 1) or less (-1) of these facts: what an act changed, until it is folded."""

    derived = True

    change = models.SmallIntegerField()
    institution_id = models.BigIntegerField()
    province_id = models.BigIntegerField()
    city_id = models.BigIntegerField()
    county_id = models.BigIntegerField()
    kind = models.CharField(max_length=20, choices=InstitutionKind)
    domain = models.CharField(max_length=20, choices=Domain)
    source = models.CharField(max_length=20, choices=Source)
    severity = models.CharField(max_length=10, choices=Severity)
    status = models.CharField(max_length=25, choices=HazardStatus)
    found_month = models.DateField()
    registered_month = models.DateField()
    closed_month = models.DateField(null=True)
    voided_month = models.DateField(null=True)
    is_on_time = models.BooleanField()
    is_judged = models.BooleanField()
    is_first_pass = models.BooleanField()
    is_recurring = models.BooleanField()
    is_self_found = models.BooleanField()

    class Meta:
        verbose_name = "汇总变动"

    def __str__(self):
        return f"{self.change:+d} {self.institution_id} {self.status}"


class ClearanceTarget(models.Model):
    """存量清零: what was open at the end of a month is to be closed by a day. The latest of the nearest region counts."""

    append_only = True

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    stock_month = models.DateField("存量截至（月末）")
    clear_by = models.DateField("清零期限")
    set_at = models.DateTimeField("设定时间")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="设定人"
    )

    class Meta:
        verbose_name = "清零目标"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="target_after_its_stock", condition=Q(clear_by__gt=F("stock_month"), stock_month__day=1)
            )
        ]

    def __str__(self):
        return f"{self.region} {self.stock_month:%Y-%m} → {self.clear_by}"
