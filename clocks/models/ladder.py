"""升级阶梯: versioned data. What is published is frozen by the database (migration 0002)."""

from django.db import models
from django.db.models import Q

from clocks import words
from clocks.enums import Audience, LadderKey, LadderStatus, RungKind, Unit
from common.constraints import known

from ._parts import user


class Ladder(models.Model):
    """One version of the ladder of one key; exactly one of a key is in force, at most one is being edited."""

    key = models.CharField("适用于", max_length=20, choices=LadderKey)
    version = models.PositiveIntegerField("版本")
    status = models.CharField("状态", max_length=10, choices=LadderStatus, default=LadderStatus.DRAFT)
    note = models.CharField("修改原因", max_length=200, blank=True)
    published_at = models.DateTimeField("启用时间", null=True, blank=True)
    published_by = user("启用人", null=True, blank=True)  # nobody: loaded by a command

    class Meta:
        verbose_name = "升级阶梯"
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="ladder_version_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(status="draft"), name="ladder_one_draft"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(status="published"), name="ladder_one_in_force"
            ),
            known("ladder", "key", LadderKey),
            known("ladder", "status", LadderStatus),
            # Nobody but with a time: a command may publish, and then says so by the missing name.
            models.CheckConstraint(
                name="ladder_published_at_and_published_by",
                condition=Q(status="draft", published_at=None, published_by=None)
                | ~Q(status="draft") & Q(published_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.get_key_display()} 第{self.version}版"

    @property
    def is_draft(self) -> bool:
        return self.status == LadderStatus.DRAFT


class Rung(models.Model):
    """One step: so many days before (negative) or after the due date, who hears of it, and as what.

    `code` names the step across versions: what was recorded under it is not recorded again.
    """

    ladder = models.ForeignKey(Ladder, on_delete=models.CASCADE, related_name="rungs")
    code = models.CharField("代码", max_length=40)
    position = models.PositiveSmallIntegerField("次序")
    offset_days = models.SmallIntegerField("天数")
    unit = models.CharField("单位", max_length=10, choices=Unit, default=Unit.CALENDAR)
    audience = models.CharField("对象", max_length=20, choices=Audience)
    kind = models.CharField("方式", max_length=10, choices=RungKind)
    is_act = models.BooleanField("待人签发", default=False)
    by_mail = models.BooleanField("同时发邮件", default=True)
    by_sms = models.BooleanField("同时发短信", default=False)

    class Meta:
        verbose_name = "阶梯级"
        ordering = ["ladder_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["ladder", "code"], name="rung_code_once"),
            models.UniqueConstraint(fields=["ladder", "position"], name="rung_position_once"),
            known("rung", "unit", Unit),
            known("rung", "audience", Audience),
            known("rung", "kind", RungKind),
            models.CheckConstraint(name="rung_within_a_year", condition=Q(offset_days__range=(-366, 366))),
            models.CheckConstraint(
                name="rung_acts_are_drafted",
                condition=Q(kind__in=["remind", "yellow", "red"], is_act=False)
                | Q(kind__in=["supervise", "circular", "summon", "placard"], is_act=True),
            ),
        ]

    def __str__(self):
        return f"{self.when} {self.get_kind_display()}"

    @property
    def when(self) -> str:
        """到期前 3 个工作日."""
        return words.offset_words(self.offset_days, self.unit)
