"""The trace of changes to institutions, and a sheet waiting between dry run and confirmation."""

import uuid

from django.conf import settings
from django.db import models

from institutions.enums import InstitutionAct

from .institution import Institution


class InstitutionEvent(models.Model):
    """Append-only trace of who changed what of an institution; `changes` maps a field's words to [old, new]."""

    append_only = True

    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="events", verbose_name="机构"
    )
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="操作人"
    )
    act = models.CharField("事项", max_length=20, choices=InstitutionAct)
    changes = models.JSONField("变更", default=dict)

    class Meta:
        verbose_name = "机构变更记录"
        ordering = ["-id"]

    def __str__(self):
        return self.get_act_display()


class ImportDraft(models.Model):
    """An uploaded sheet between its dry run and its confirmation; nothing of it is imported yet.

    `rows` are the recognised cells as text, `content` the user's own file, kept to write the errors into it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    filename = models.CharField(max_length=120)
    content = models.BinaryField()
    rows = models.JSONField()

    class Meta:
        verbose_name = "待确认的导入"
        ordering = ["-created_at"]

    def __str__(self):
        return self.filename
