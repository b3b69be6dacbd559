"""What this floor keeps of its own: exports with their trace, and filters people saved."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from institutions.models import Authority, Membership

PENDING = Q(made_at=None, failed_at=None, cancelled_at=None)
_DONE = Q(made_at__isnull=False) & ~Q(name="") & Q(scope_column__gt="", scope_value__isnull=False)


class Format(models.TextChoices):
    """What kind of file."""

    XLSX = "xlsx", "Excel 表格"
    CSV = "csv", "CSV 文本"


class ExportAct(models.TextChoices):
    """What happened with an export (ExportEvent.act)."""

    ASKED = "asked", "申请导出"
    MADE = "made", "导出完成"
    OPENED = "opened", "下载"
    CANCELLED = "cancelled", "取消"
    FAILED = "failed", "未能导出"
    EXPIRED = "expired", "到期删除"


class ExportQuerySet(models.QuerySet):
    def of(self, user):
        """The exports `user` asked for; every page and file starts here."""
        return self.filter(asked_by=user)

    def pending(self):
        return self.filter(PENDING)


class ExportJob(models.Model):
    """A file asked for: pending until exactly one of made, failed or cancelled; a made one goes after a week.

    `asked_as` is the post whose scope the rows are read in. `id` is made with the form: the form twice is one export.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间", db_default=Now())
    asked_as = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name="申请岗位"
    )
    layout = models.CharField("表式", max_length=20)
    format = models.CharField("格式", max_length=4, choices=Format)
    query = models.JSONField("条件")
    words = models.CharField("条件（文字）", max_length=400, blank=True)
    # What was chosen for the screen when it was asked for; official layouts have their own and leave it empty.
    columns = ArrayField(models.CharField(max_length=20), verbose_name="自选列", default=list, blank=True)

    leased_until = models.DateTimeField("占用至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    rows_total = models.PositiveIntegerField("总行数", null=True, blank=True)
    rows_done = models.PositiveIntegerField("已写行数", default=0)

    made_at = models.DateTimeField("完成时间", null=True, blank=True)
    name = models.CharField(max_length=100, blank=True, db_collation="C")
    size = models.PositiveBigIntegerField("字节数", default=0)
    # What the post could see when the file was made: opened only while it is the same.
    scope_column = models.CharField(max_length=20, blank=True)
    scope_value = models.BigIntegerField(null=True, blank=True)
    failed_at = models.DateTimeField("失败时间", null=True, blank=True)
    failure = models.CharField("失败原因", max_length=200, blank=True)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)
    expired_at = models.DateTimeField("到期时间", null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = "导出"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="export_format_known", condition=Q(format__in=Format.values)),
            models.CheckConstraint(
                name="export_ends_one_way",
                condition=Q(made_at=None, failed_at=None)
                | Q(made_at=None, cancelled_at=None)
                | Q(failed_at=None, cancelled_at=None),
            ),
            models.CheckConstraint(
                name="export_made_with_file", condition=_DONE | Q(made_at=None, name="", expired_at=None)
            ),
            models.CheckConstraint(
                name="export_failed_with_reason", condition=Q(failed_at=None) | ~Q(failure="")
            ),
            models.CheckConstraint(
                name="export_lease_only_while_pending", condition=PENDING | Q(leased_until=None)
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-asked_at"], name="export_of_person"),
            models.Index(fields=["asked_at", "id"], condition=PENDING, name="export_pending"),
            models.Index(
                fields=["made_at"], condition=Q(made_at__isnull=False, expired_at=None), name="export_kept"
            ),
        ]

    def __str__(self):
        return f"{self.layout} {self.asked_at:%Y-%m-%d}"

    @property
    def is_pending(self) -> bool:
        return not (self.made_at or self.failed_at or self.cancelled_at)

    @property
    def is_there(self) -> bool:
        """Whether there is a file to open."""
        return self.made_at is not None and self.expired_at is None

    @property
    def percent(self) -> int:
        """How much is done, never 100 before it is."""
        return min(99, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class ExportEvent(models.Model):
    """Append-only trace of exports: who took out what, under which conditions, how many rows, when."""

    append_only = True

    export = models.ForeignKey(
        ExportJob, on_delete=models.PROTECT, related_name="events", verbose_name="导出"
    )
    at = models.DateTimeField("时间", db_default=Now())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    act = models.CharField("事项", max_length=10, choices=ExportAct)
    what = models.CharField("表式和格式", max_length=60)
    words = models.CharField("条件", max_length=400, blank=True)
    rows = models.PositiveIntegerField("行数", null=True, blank=True)

    class Meta:
        verbose_name = "导出记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="export_act_known", condition=Q(act__in=ExportAct.values)),
            # One file, one 导出完成: whoever makes it a second time has lost the lease.
            models.UniqueConstraint(fields=["export"], condition=Q(act="made"), name="export_made_once"),
        ]

    def __str__(self):
        return self.get_act_display()


class SavedFilterQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """One's own in this post, and those shared within the authority."""
        mine = Q(kept_as=actor.membership)
        return self.filter(mine | Q(shared_with=actor.authority)) if actor.authority else self.filter(mine)


class SavedFilter(models.Model):
    """Conditions of the ledger under a name, kept in one post; shared with everybody of its authority, or not."""

    name = models.CharField("名称", max_length=30)
    query = models.JSONField("条件")
    kept_as = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name="保存人")
    shared_with = models.ForeignKey(
        Authority, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="共享给"
    )
    created_at = models.DateTimeField("保存时间", db_default=Now())

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = "常用条件"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kept_as", "name"], name="saved_filter_name_once"),
        ]

    def __str__(self):
        return self.name


class FilterAlert(models.Model):
    """A post that wants to be told when new rows match a saved filter. `looked_at` is when it was last looked.

    `fault` names the conditions that can't be asked any more: it is quiet since `fault_at`, and its person was told.
    """

    filter = models.ForeignKey(SavedFilter, on_delete=models.CASCADE, related_name="alerts")
    told_as = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name="提醒谁")
    looked_at = models.DateTimeField("上次查看", null=True, blank=True)
    fault = models.CharField("失效的条件", max_length=60, blank=True)
    fault_at = models.DateTimeField("失效时间", null=True, blank=True)

    class Meta:
        verbose_name = "新增提醒"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["filter", "told_as"], name="filter_alert_once"),
            models.CheckConstraint(
                name="filter_alert_fault_since",
                condition=Q(fault="", fault_at=None) | ~Q(fault="") & Q(fault_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["looked_at"], name="filter_alert_due")]

    def __str__(self):
        return f"{self.filter_id} {self.told_as_id}"


class FilterMatch(models.Model):
    """A hazard an alert has seen among its matches: it is told of once, however often it is looked for."""

    alert = models.ForeignKey(FilterAlert, on_delete=models.CASCADE, related_name="matches")
    hazard = models.ForeignKey("hazards.Hazard", on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "已提醒"
        constraints = [
            models.UniqueConstraint(fields=["alert", "hazard"], name="filter_match_once"),
        ]

    def __str__(self):
        return f"{self.alert_id} {self.hazard_id}"
