"""检查发现的问题: kept with the visit until it is finished, then a hazard in the loop."""

import uuid

from django.db import models
from django.db.models import Q

from common.constraints import known
from files.models import StoredFile
from hazards.enums import Domain, Severity
from hazards.models import Hazard
from inspections.enums import FindingHandling, FindingStage
from institutions.enums import Department

from ._parts import user
from .checklist import ChecklistItem
from .visit import Visit


class Finding(models.Model):
    """One problem found. `hazard` is what it became at the finish; `same_as` what was open already, `recurrence_of` what
    had been closed.
    """

    uid = models.UUIDField(
        "客户端编号", unique=True, default=uuid.uuid4
    )  # the hazard it becomes has the same
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="findings")
    item = models.ForeignKey(
        ChecklistItem, on_delete=models.PROTECT, null=True, blank=True, related_name="findings"
    )
    description = models.CharField("存在问题", max_length=500)
    location = models.CharField("具体部位", max_length=100, blank=True)
    domain = models.CharField("隐患类别", max_length=20, choices=Domain)
    severity = models.CharField("隐患等级", max_length=10, choices=Severity, default=Severity.GENERAL)
    handling = models.CharField(
        "处理方式", max_length=10, choices=FindingHandling, default=FindingHandling.REGISTER
    )
    due_on = models.DateField("整改期限", null=True, blank=True)
    responsible_person = models.CharField("整改责任人", max_length=30, blank=True)
    interim_measures = models.CharField("临时管控措施", max_length=300, blank=True)
    measures = models.CharField("当场整改情况", max_length=500, blank=True)
    no_photo_reason = models.CharField("无照片原因", max_length=100, blank=True)
    department = models.CharField(
        "责任部门", max_length=20, choices=Department, blank=True
    )  # in a joint inspection: whose field it is
    same_as = models.ForeignKey(
        Hazard, on_delete=models.PROTECT, null=True, blank=True, related_name="found_again"
    )
    recurrence_of = models.ForeignKey(
        Hazard, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="反弹自"
    )  # closed once, and here again: the hazard this becomes says so
    hazard = models.OneToOneField(
        Hazard, on_delete=models.PROTECT, null=True, blank=True, related_name="finding"
    )
    revision = models.PositiveIntegerField("客户端版本", default=0)
    found_at = models.DateTimeField("发现时间")
    found_by = user("发现人")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "检查发现"
        ordering = ["visit_id", "id"]
        constraints = [
            known("finding", "domain", Domain),
            known("finding", "severity", Severity),
            known("finding", "handling", FindingHandling),
            models.CheckConstraint(
                name="finding_found_pair", condition=Q(found_at__isnull=False, found_by__isnull=False)
            ),
            models.CheckConstraint(name="finding_says_what", condition=~Q(description="")),
            models.CheckConstraint(
                name="finding_same_or_new",
                condition=Q(handling="same", same_as__isnull=False, hazard=None)
                | ~Q(handling="same") & Q(same_as=None),
            ),
            models.CheckConstraint(
                name="finding_department_known", condition=Q(department__in=["", *Department.values])
            ),
            # What is open already can't have come back.
            models.CheckConstraint(
                name="finding_same_or_recurring", condition=Q(same_as=None) | Q(recurrence_of=None)
            ),
        ]

    def __str__(self):
        return self.description


class FindingPhoto(models.Model):
    """A photo of a finding; at the finish the same file becomes evidence of the hazard."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="photos")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="finding_photo")
    stage = models.CharField("阶段", max_length=10, choices=FindingStage, default=FindingStage.FOUND)

    class Meta:
        verbose_name = "检查照片"
        ordering = ["id"]
        constraints = [known("photo", "stage", FindingStage)]

    def __str__(self):
        return f"{self.get_stage_display()} {self.file_id}"


class FindingPhotoView(models.Model):
    """Who looked at which photo of a finding at a house for children or people under protection."""

    append_only = True

    photo = models.ForeignKey(FindingPhoto, on_delete=models.PROTECT, related_name="views")
    by = user("查看人")
    at = models.DateTimeField("查看时间", auto_now_add=True)
    variant = models.CharField("尺寸", max_length=10)

    class Meta:
        verbose_name = "检查照片查看记录"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.photo_id} {self.at:%Y-%m-%d %H:%M}"
