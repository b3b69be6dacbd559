"""撤回导入: an import asked back, by whom and with whose consent, and the rows that went."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hazards.models import Hazard
from institutions.models import Authority, Membership
from reports.models.imports import LedgerImport, PastHazard


class WithdrawalStage(models.TextChoices):
    """How far a withdrawal is. A worker ends AT_WORK, a person the others."""

    ASKED = "asked", "待上级确认"
    AT_WORK = "at_work", "正在撤回"
    DONE = "done", "已撤回"
    REFUSED = "refused", "上级不同意"
    DROPPED = "dropped", "申请已取消"
    FAILED = "failed", "没有完成"


OVER = Q(stage__in=["refused", "dropped", "failed"])
_DECIDED = Q(decided_by__isnull=False, decided_as__isnull=False, decided_at__isnull=False)
_UNDECIDED = Q(decided_by=None, decided_as=None, decided_at=None)


def _person(verbose: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, **options
    )


def _post(verbose: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, **options
    )


class WithdrawalQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """One's own, and those the actor's authority is asked to decide; nothing outside an authority."""
        if actor is None or actor.authority is None:
            return self.none()
        return self.filter(Q(asked_by=actor.user) | Q(decider=actor.authority))


class ImportWithdrawal(models.Model):
    """One import asked back: by who brought it, decided by a second person at `decider`, done by a worker."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    of = models.ForeignKey(
        LedgerImport, on_delete=models.PROTECT, related_name="withdrawals", verbose_name="导入"
    )
    reason = models.CharField("撤回原因", max_length=200)
    asked_at = models.DateTimeField("申请时间", db_default=Now())
    asked_by = _person("申请人")
    asked_as = _post("申请岗位")
    decider = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="由谁确认"
    )
    stage = models.CharField("进度", max_length=10, choices=WithdrawalStage, default=WithdrawalStage.ASKED)
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    decided_by = _person("确认人", null=True, blank=True)
    decided_as = _post("确认岗位", null=True, blank=True)
    opinion = models.CharField("意见", max_length=200, blank=True)

    leased_until = models.DateTimeField("占用至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    rows_total = models.PositiveIntegerField("总行数", default=0)
    rows_done = models.PositiveIntegerField("已处理行数", default=0)
    counts = models.JSONField("结果", default=dict)
    failure = models.CharField("失败原因", max_length=200, blank=True)
    changed_at = models.DateTimeField("进度变更时间", db_default=Now())

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        verbose_name = "撤回导入"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="withdrawal_stage_known", condition=Q(stage__in=WithdrawalStage.values)),
            models.UniqueConstraint(fields=["of"], condition=~OVER, name="withdrawal_of_import_once"),
            models.CheckConstraint(name="withdrawal_decided_whole", condition=_DECIDED | _UNDECIDED),
            models.CheckConstraint(
                name="withdrawal_takes_two", condition=_UNDECIDED | ~Q(decided_by=F("asked_by"))
            ),
            models.CheckConstraint(
                name="withdrawal_done_with_consent", condition=Q(stage__in=["asked", "dropped"]) | _DECIDED
            ),
            models.CheckConstraint(
                name="withdrawal_lease_only_at_work", condition=Q(stage="at_work") | Q(leased_until=None)
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["changed_at"], condition=Q(stage="at_work"), name="withdrawal_at_work"),
            models.Index(fields=["decider", "-asked_at"], name="withdrawal_to_decide"),
        ]

    def __str__(self):
        return f"{self.of_id} {self.stage}"

    @property
    def is_at_work(self) -> bool:
        return self.stage == WithdrawalStage.AT_WORK

    @property
    def may_be_asked_anew(self) -> bool:
        """It came to nothing: refused, taken back by who asked, or failed."""
        return self.stage in (WithdrawalStage.REFUSED, WithdrawalStage.DROPPED, WithdrawalStage.FAILED)

    @property
    def percent(self) -> int:
        """How much is done, never 100 before it is."""
        return min(99, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class WithdrawnRow(models.Model):
    """Append-only: a row that was taken back. Its name (`uid`) stays with it: the same row again gets another."""

    append_only = True

    uid = models.UUIDField(unique=True)
    of = models.ForeignKey(
        ImportWithdrawal, on_delete=models.PROTECT, related_name="rows", verbose_name="撤回"
    )
    hazard = models.OneToOneField(
        Hazard, on_delete=models.PROTECT, null=True, related_name="withdrawn_row", verbose_name="隐患"
    )
    past = models.OneToOneField(
        PastHazard, on_delete=models.PROTECT, null=True, related_name="withdrawn_row", verbose_name="历史隐患"
    )

    class Meta:
        verbose_name = "撤回的行"
        constraints = [
            models.CheckConstraint(
                name="withdrawn_row_of_one",
                condition=Q(hazard=None, past__isnull=False) | Q(past=None, hazard__isnull=False),
            )
        ]

    def __str__(self):
        return str(self.uid)
