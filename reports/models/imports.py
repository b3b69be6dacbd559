"""Ledgers people bring along: the request with its file, what came of each row, and what had ended before it came."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hazards.enums import Domain, Severity
from hazards.models import Hazard
from institutions.models import Authority, Institution, Membership


class ImportStage(models.TextChoices):
    """How far an import is. A worker moves it on from CHECKING and IMPORTING, a person from the others."""

    MATCHING = "matching", "待对应各列"
    CHECKING = "checking", "正在核对"
    CHECKED = "checked", "已核对，待确认"
    IMPORTING = "importing", "正在导入"
    DONE = "done", "已导入"
    CANCELLED = "cancelled", "已取消"
    FAILED = "failed", "没有完成"


class ImportTakes(models.TextChoices):
    """What is imported when some rows are wrong."""

    ALL = "all", "全部正确才导入，否则一行也不导入"
    GOOD = "good", "只导入正确的行"


class ImportAct(models.TextChoices):
    """What happened with an import (ImportEvent.act)."""

    UPLOADED = "uploaded", "上传"
    MATCHED = "matched", "确定各列"
    CHECKED = "checked", "核对完成"
    CONFIRMED = "confirmed", "确认导入"
    DONE = "done", "导入完成"
    CANCELLED = "cancelled", "取消"
    FAILED = "failed", "没有完成"
    DELETED = "deleted", "到期删除文件"
    ASKED_BACK = "asked_back", "申请撤回"
    DROPPED = "dropped", "取消申请"
    REFUSED = "refused", "不同意撤回"
    AGREED = "agreed", "同意撤回"
    WITHDRAWN = "withdrawn", "撤回完成"


AT_WORK = Q(stage__in=["checking", "importing"])


class ImportQuerySet(models.QuerySet):
    def of(self, user):
        """The imports of `user`; every page and file starts here."""
        return self.filter(asked_by=user)


class LedgerImport(models.Model):
    """A ledger brought along, from upload to its last row. `asked_as` is the post it is judged and imported in.

    `columns` maps a column of the file to what it says; `choices` are the answers given for what the file leaves open;
    `counts` says what the rows are, by outcome.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="导入人"
    )
    asked_at = models.DateTimeField("上传时间", db_default=Now())
    asked_as = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name="导入岗位"
    )
    filename = models.CharField("文件名", max_length=120)
    kind = models.CharField("格式", max_length=4)
    digest = models.CharField("文件校验值", max_length=64)
    layout = models.JSONField("表头")
    columns = models.JSONField("各列", default=dict)
    choices = models.JSONField("选择", default=dict)
    stage = models.CharField("进度", max_length=10, choices=ImportStage, default=ImportStage.MATCHING)
    takes = models.CharField("导入范围", max_length=4, choices=ImportTakes, blank=True)

    leased_until = models.DateTimeField("占用至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    rows_total = models.PositiveIntegerField("总行数", default=0)
    rows_done = models.PositiveIntegerField("已处理行数", default=0)
    counts = models.JSONField("结果", default=dict)
    words = models.JSONField("用词", default=list)
    failure = models.CharField("失败原因", max_length=200, blank=True)
    changed_at = models.DateTimeField("进度变更时间", db_default=Now())

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = "台账导入"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="import_stage_known", condition=Q(stage__in=ImportStage.values)),
            models.CheckConstraint(name="import_takes_known", condition=Q(takes__in=["", *ImportTakes.values])),
            models.CheckConstraint(
                name="import_takes_what_was_chosen",
                condition=~Q(stage__in=["importing", "done"]) | ~Q(takes=""),
            ),
            models.CheckConstraint(
                name="import_failed_with_reason", condition=~Q(stage="failed") | ~Q(failure="")
            ),
            models.CheckConstraint(
                name="import_lease_only_at_work", condition=AT_WORK | Q(leased_until=None)
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["asked_by", "-asked_at"], name="import_of_person"),
            models.Index(fields=["changed_at", "id"], condition=AT_WORK, name="import_at_work"),
        ]

    def __str__(self):
        return self.filename

    @property
    def is_at_work(self) -> bool:
        return self.stage in (ImportStage.CHECKING, ImportStage.IMPORTING)

    @property
    def is_whole(self) -> bool:
        """Whether it is written in one transaction, whose progress nobody else can see."""
        return self.takes == ImportTakes.ALL

    @property
    def percent(self) -> int:
        """How much is done, never 100 before it is."""
        return min(99, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class ImportFile(models.Model):
    """The person's own file, what is wrong with its rows, and the copy that says so. Deleted after a month."""

    of = models.OneToOneField(
        LedgerImport, on_delete=models.PROTECT, primary_key=True, related_name="file", verbose_name="导入"
    )
    content = models.BinaryField()
    errors = models.JSONField("错误", default=dict)
    marked = models.BinaryField(null=True, blank=True)

    class Meta:
        verbose_name = "导入的文件"

    def __str__(self):
        return str(self.of_id)


class ImportEvent(models.Model):
    """Append-only trace of imports: who brought which file (by its digest), what was done with it, how many rows."""

    append_only = True

    of = models.ForeignKey(LedgerImport, on_delete=models.PROTECT, related_name="events", verbose_name="导入")
    at = models.DateTimeField("时间", db_default=Now())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    act = models.CharField("事项", max_length=10, choices=ImportAct)
    filename = models.CharField("文件名", max_length=120)
    digest = models.CharField("文件校验值", max_length=64)
    facts = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = "导入记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="import_act_known", condition=Q(act__in=ImportAct.values)),
            models.UniqueConstraint(fields=["of"], condition=Q(act="done"), name="import_done_once"),
        ]

    def __str__(self):
        return self.get_act_display()


class ImportedRow(models.Model):
    """Append-only: the row of somebody's ledger a hazard came from, and the number it had there."""

    append_only = True

    hazard = models.OneToOneField(
        Hazard, on_delete=models.PROTECT, primary_key=True, related_name="imported_row", verbose_name="隐患"
    )
    of = models.ForeignKey(LedgerImport, on_delete=models.PROTECT, related_name="rows", verbose_name="导入")
    row = models.PositiveIntegerField("原行号")
    number = models.CharField("原编号", max_length=60, blank=True)

    class Meta:
        verbose_name = "导入的行"
        constraints = [models.UniqueConstraint(fields=["of", "row"], name="imported_row_once")]

    def __str__(self):
        return f"第 {self.row} 行"


class PastHazardQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Those of institutions in the actor's scope, without what was taken back; nothing for who sees no hazards."""
        if actor is None or not actor.may_view_hazards:
            return self.none()
        scope = {f"institution__{column}": value for column, value in actor.scope.institution_filter.items()}
        return self.filter(withdrawn_row=None, **scope)

    def matching(self, text: str):
        """Those whose words, number or institution contain `text`."""
        return self.filter(
            Q(description__icontains=text)
            | Q(location__icontains=text)
            | Q(number__icontains=text)
            | Q(institution__name__icontains=text)
        )


class PastHazard(models.Model):
    """历史隐患: closed or voided before its ledger came here, by people this system never saw act.

    Kept as it was written, word for word in `cells`; never one of the hazards, so that no figure counts a close-out
    that nobody made here. Append-only.
    """

    append_only = True

    uid = models.UUIDField(unique=True)  # made of what the row says: the same row again is the same
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="past_hazards", verbose_name="机构"
    )
    of = models.ForeignKey(
        LedgerImport, on_delete=models.PROTECT, related_name="past_rows", verbose_name="导入"
    )
    row = models.PositiveIntegerField("原行号")
    number = models.CharField("原编号", max_length=60, blank=True)
    description = models.CharField("存在问题", max_length=500)
    location = models.CharField("具体部位", max_length=100, blank=True)
    domain = models.CharField("隐患类别", max_length=20, choices=Domain)
    severity = models.CharField("隐患等级", max_length=10, choices=Severity)
    found_on = models.DateField("发现日期")
    standing = models.CharField("原状态", max_length=10)
    ended_on = models.DateField("办结日期", null=True, blank=True)
    cells = models.JSONField("原文")
    brought_by = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="导入部门"
    )

    objects = PastHazardQuerySet.as_manager()

    class Meta:
        verbose_name = "历史隐患"
        ordering = ["-found_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["of", "row"], name="past_hazard_row_once"),
            models.CheckConstraint(
                name="past_hazard_ended", condition=Q(standing__in=["said_done", "closed", "voided"])
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "-found_on", "-id"], name="past_hazard_found"),
            models.Index(fields=["-found_on", "-id"], name="past_hazard_latest"),
        ]

    def __str__(self):
        return f"{self.number} {self.description}"


class RememberedColumn(models.Model):
    """What an authority said a column headed so means, for the next ledger; '' for not imported."""

    authority = models.ForeignKey(Authority, on_delete=models.CASCADE, related_name="+", verbose_name="部门")
    heading = models.CharField("表头", max_length=60)
    field = models.CharField("内容", max_length=20, blank=True)

    class Meta:
        verbose_name = "记住的列"
        constraints = [
            models.UniqueConstraint(fields=["authority", "heading"], name="remembered_column_once")
        ]

    def __str__(self):
        return f"{self.heading} → {self.field}"
