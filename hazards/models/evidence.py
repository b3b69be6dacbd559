"""佐证材料: photos and PDFs of a hazard, by stage and round."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from files.models import StoredFile
from hazards.enums import EvidenceStage

from .hazard import Hazard


class Evidence(models.Model):
    """One file shown for one stage of one hazard; it is never taken away again."""

    append_only = True

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="evidence")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="evidence")
    stage = models.CharField("阶段", max_length=10, choices=EvidenceStage)
    round = models.PositiveSmallIntegerField("轮次")
    progress_report = models.ForeignKey(
        "hazards.ProgressReport", on_delete=models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    added_at = models.DateTimeField("上传时间")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "佐证材料"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="evidence_stage_known", condition=Q(stage__in=EvidenceStage.values)),
            models.CheckConstraint(
                name="evidence_of_progress",
                condition=Q(stage="progress", progress_report__isnull=False)
                | ~Q(stage="progress") & Q(progress_report=None),
            ),
        ]

    def __str__(self):
        return f"{self.get_stage_display()} {self.file_id}"


class EvidenceView(models.Model):
    """Who looked at which photo of a house for children or people under protection."""

    append_only = True

    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="views")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    variant = models.CharField(max_length=10)

    class Meta:
        verbose_name = "照片查看记录"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.evidence_id} {self.at:%Y-%m-%d %H:%M}"
