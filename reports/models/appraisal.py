"""考核: the rule set of one period as data, and the league table as it was published. The database freezes both.

See docs/adr/0031 and migrations/0006_published_appraisals_are_frozen.py.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from institutions.enums import Capability
from institutions.models import Region

models.CharField.register_lookup(Length)


def _user(verbose: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, **options
    )


class AppraisalState(models.TextChoices):
    """A published one is never changed or deleted: a new version with a reason replaces it."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    REPLACED = "replaced", "已被新版代替"
    DROPPED = "dropped", "已弃用"


class Indicator(models.TextChoices):
    """What may be appraised: outcomes of regions, never what people do at a screen. Keys of reports.rates.DEFINITIONS."""

    CLOSURE = "closure", "销号率"
    RECTIFIED = "rectified", "整改率"
    ON_TIME = "on_time", "按期整改率"
    MAJOR_ON_TIME = "major_on_time", "重大隐患按期销号率"
    FIRST_PASS = "first_pass", "一次通过率"
    RECURRENCE = "recurrence", "反弹率"
    SELF_FOUND = "self_found", "自查占比"
    LATE_DAYS = "late_days", "平均超期天数"


class VetoKind(models.TextChoices):
    """What proposes 一票否决. OTHER has no rule: a person writes down what happened (瞒报, 责任事故)."""

    CAME_BACK = "came_back", "重大隐患销号不实"
    MAJOR_LATE = "major_late", "重大隐患长期逾期未督办"
    ORDER_LATE = "order_late", "挂牌督办到期未办结"
    OTHER = "other", "瞒报、弄虚作假等其他情形"


class AppraisalAct(models.TextChoices):
    """What was done to an appraisal (AppraisalEvent.act)."""

    STARTED = "started", "起草"
    EDITED = "edited", "修改规则"
    DECIDED = "decided", "认定一票否决"
    PUBLISHED = "published", "发布"
    DROPPED = "dropped", "弃用草稿"
    EXPORTED = "exported", "导出"


class AppraisalQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Drafts: the level that makes them. Published tables: the ranked regions as well, and whoever is above."""
        if actor is None or not actor.can(Capability.VIEW_DASHBOARD) or actor.scope.column is None:
            return self.none()
        region = actor.authority.region
        published = Q(state__in=[AppraisalState.PUBLISHED, AppraisalState.REPLACED])
        below = published & Q(region__path__startswith=region.path)
        mine = Q(region=region) & ~Q(state=AppraisalState.DROPPED)
        return self.filter(mine | below | published & Q(region=region.parent_id))


class Appraisal(models.Model):
    """One version of the 考核 of the regions directly below `region` over one period.

    `edition` counts the changes of a draft: what a form carries to notice that somebody else was quicker.
    """

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="考核地区")
    period = models.CharField("期间", max_length=7, db_collation="C")  # 2026, 2026Q3 or 2026-10
    version = models.PositiveSmallIntegerField("版本")
    state = models.CharField("状态", max_length=10, choices=AppraisalState, default=AppraisalState.DRAFT)
    edition = models.PositiveIntegerField("修改次数", default=0)
    least_weight = models.PositiveSmallIntegerField("参加排名至少要有的权重", default=60)
    note = models.CharField("说明", max_length=500, blank=True)
    created_at = models.DateTimeField("起草时间")
    created_by = _user("起草人")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = _user("发布人", null=True, blank=True)
    document_number = models.CharField("文号", max_length=60, blank=True)
    reason = models.CharField("改版原因", max_length=200, blank=True)
    method = models.TextField("计分办法", blank=True)  # in words, as it was published

    objects = AppraisalQuerySet.as_manager()

    class Meta:
        verbose_name = "考核"
        ordering = ["-period", "region_id", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["region", "period", "version"], name="appraisal_version_once"),
            models.UniqueConstraint(
                fields=["region", "period"], condition=Q(state="draft"), name="appraisal_one_draft"
            ),
            models.UniqueConstraint(
                fields=["region", "period"], condition=Q(state="published"), name="appraisal_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["region", "document_number"],
                condition=~Q(document_number=""),
                name="appraisal_number_once",
            ),
            models.CheckConstraint(
                name="appraisal_state_known", condition=Q(state__in=AppraisalState.values)
            ),
            models.CheckConstraint(
                name="appraisal_period_known",
                condition=Q(period__regex=r"^20[0-9]{2}(Q[1-4]|-(0[1-9]|1[0-2]))?$"),
            ),
            models.CheckConstraint(name="appraisal_least_weight", condition=Q(least_weight__range=(1, 100))),
            models.CheckConstraint(
                name="appraisal_published_pair",
                condition=Q(state__in=["draft", "dropped"], published_at=None, published_by=None)
                | Q(
                    state__in=["published", "replaced"],
                    published_at__isnull=False,
                    published_by__isnull=False,
                )
                & ~Q(document_number="")
                & ~Q(method=""),
            ),
            models.CheckConstraint(
                name="appraisal_replaces_with_reason",
                condition=Q(version=1) | Q(published_at=None) | Q(reason__length__gte=5),
            ),
        ]

    def __str__(self):
        return f"{self.region} {self.period} 第{self.version}版"

    @property
    def is_draft(self) -> bool:
        return self.state == AppraisalState.DRAFT

    @property
    def is_frozen(self) -> bool:
        return self.state in (AppraisalState.PUBLISHED, AppraisalState.REPLACED)


class AppraisalItem(models.Model):
    """One indicator with its weight: full marks from `full_mark` on, none from `zero_mark` on, in % or days.

    Not appraised over fewer than `least` cases. `label` and `definition` are its words as published, empty before.
    """

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="items")
    indicator = models.CharField("指标", max_length=20, choices=Indicator)
    weight = models.PositiveSmallIntegerField("权重")
    full_mark = models.DecimalField("满分线", max_digits=5, decimal_places=1)
    zero_mark = models.DecimalField("零分线", max_digits=5, decimal_places=1)
    least = models.PositiveIntegerField("最少样本")
    label = models.CharField(max_length=20, blank=True)
    definition = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "考核指标"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["appraisal", "indicator"], name="appraisal_item_once"),
            models.CheckConstraint(
                name="appraisal_indicator_known", condition=Q(indicator__in=Indicator.values)
            ),
            models.CheckConstraint(
                name="appraisal_item_sensible",
                condition=Q(weight__range=(1, 100), least__gte=1) & ~Q(full_mark=F("zero_mark")),
            ),
        ]

    def __str__(self):
        return f"{self.get_indicator_display()} {self.weight}"


class VetoRule(models.Model):
    """一票否决 is proposed where this happened. `text` says it in words, as published; empty before."""

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="veto_rules")
    kind = models.CharField("情形", max_length=20, choices=VetoKind)
    days = models.PositiveSmallIntegerField("天数")
    text = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "一票否决情形"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["appraisal", "kind"], name="veto_rule_once"),
            models.CheckConstraint(
                name="veto_rule_sensible",
                condition=Q(kind__in=["came_back", "major_late", "order_late"], days__range=(1, 999)),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.days}"


class VetoDecision(models.Model):
    """认定: a person confirmed or dismissed, with a reason, in view of this evidence. The latest one counts."""

    append_only = True

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="decisions")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    kind = models.CharField("情形", max_length=20, choices=VetoKind)
    is_confirmed = models.BooleanField("认定")
    reason = models.CharField("理由", max_length=300)
    evidence = models.JSONField("依据")  # list of {hazard, number, institution, description, fact}
    decided_at = models.DateTimeField("认定时间")
    decided_by = _user("认定人")
    decided_name = models.CharField("姓名", max_length=30)

    class Meta:
        verbose_name = "一票否决认定"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="veto_kind_known", condition=Q(kind__in=VetoKind.values)),
            models.CheckConstraint(name="veto_decided_with_reason", condition=Q(reason__length__gte=5)),
        ]

    def __str__(self):
        return f"{self.region} {self.get_kind_display()}"


class AppraisalRow(models.Model):
    """One region's line of a published table. No rank: too few cases, or 一票否决."""

    append_only = True

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="rows")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    position = models.PositiveSmallIntegerField("次序")
    name = models.CharField("地区名称", max_length=60)
    weight = models.PositiveSmallIntegerField("参评权重")
    total = models.DecimalField("得分", max_digits=5, decimal_places=2, null=True)
    rank = models.PositiveSmallIntegerField("名次", null=True)
    vetoes = models.JSONField("一票否决", default=list)  # list of {label, reason, by, on, evidence}

    class Meta:
        verbose_name = "考核结果"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["appraisal", "region"], name="appraisal_row_once"),
            models.CheckConstraint(
                name="appraisal_rank_with_total",
                condition=Q(rank=None) | Q(total__isnull=False, vetoes=[]),
            ),
        ]

    def __str__(self):
        return f"{self.name} {self.total}"


class AppraisalMark(models.Model):
    """One number of a published table: numerator, denominator, and the marks; None: fewer cases than it takes."""

    append_only = True

    row = models.ForeignKey(AppraisalRow, on_delete=models.PROTECT, related_name="marks")
    item = models.ForeignKey(AppraisalItem, on_delete=models.PROTECT, related_name="+")
    part = models.PositiveBigIntegerField("分子")
    whole = models.PositiveBigIntegerField("分母")
    marks = models.DecimalField("得分", max_digits=5, decimal_places=2, null=True)

    class Meta:
        verbose_name = "考核指标得分"
        ordering = ["item_id"]
        constraints = [models.UniqueConstraint(fields=["row", "item"], name="appraisal_mark_once")]

    def __str__(self):
        return f"{self.part}/{self.whole}"


class AppraisalEvent(models.Model):
    """Append-only trace: who did what to an appraisal, when."""

    append_only = True

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="events")
    act = models.CharField("事项", max_length=10, choices=AppraisalAct)
    at = models.DateTimeField("时间")
    by = _user("操作人")
    comment = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "考核办理记录"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="appraisal_act_known", condition=Q(act__in=AppraisalAct.values))
        ]

    def __str__(self):
        return self.get_act_display()
