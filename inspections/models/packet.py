"""检查包: who took what along to a visit without signal, for how long, and what came back."""

import uuid

from django.db import models
from django.db.models import F, Q

from common.constraints import known, pair
from inspections.enums import PacketForm
from institutions.models import Institution

from ._parts import user
from .checklist import Checklist

_SHA256 = r"^[0-9a-f]{64}$"


class PacketQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """What this person took along themselves, to where they may still go; nobody sees another's."""
        return self.filter(made_by=actor.user, institution__in=Institution.objects.visible_to(actor))


class Packet(models.Model):
    """One kit, for one visit: of the phone's browser or as one file.

    `key` signs what comes back and is known to the kit alone: it stands in no list, log or page. What comes back
    counts its saves; `last_saved` and `last_sha256` are those of the latest that was taken in.
    """

    uid = models.UUIDField("编号", unique=True, default=uuid.uuid4)
    form = models.CharField("形式", max_length=10, choices=PacketForm)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="packets", verbose_name="机构"
    )
    visit_uid = models.UUIDField("检查编号", db_index=True)  # of a visit there is, or of the one to come
    checklists = models.ManyToManyField(
        Checklist, related_name="+", blank=True, verbose_name="带走的检查表"
    )  # may be withdrawn by the time the answers arrive
    made_at = models.DateTimeField("准备时间")
    made_by = user("准备人")
    use_until = models.DateTimeField("可用到")
    send_until = models.DateTimeField("可上传到")
    key = models.BinaryField("密钥")
    digest = models.CharField("内容的 SHA-256", max_length=64, db_collation="C")
    last_saved = models.PositiveIntegerField("最近一份的序号", null=True)
    last_sha256 = models.CharField("最近一份的 SHA-256", max_length=64, blank=True, db_collation="C")
    imported_at = models.DateTimeField("导入时间", null=True)
    imported_by = user("导入人", null=True)

    objects = PacketQuerySet.as_manager()

    class Meta:
        verbose_name = "检查包"
        ordering = ["-id"]
        indexes = [models.Index(fields=["made_by", "-id"], name="packet_of_person")]
        constraints = [
            known("packet", "form", PacketForm),
            pair("packet", "made"),
            pair("packet", "imported"),
            models.CheckConstraint(
                name="packet_expires_in_order",
                condition=Q(use_until__gt=F("made_at"), send_until__gte=F("use_until")),
            ),
            models.CheckConstraint(name="packet_digest", condition=Q(digest__regex=_SHA256)),
            models.CheckConstraint(
                name="packet_came_back_whole",
                condition=Q(last_saved=None, last_sha256="", imported_at=None)
                | Q(last_saved__isnull=False, imported_at__isnull=False, last_sha256__regex=_SHA256),
            ),
        ]

    def __str__(self):
        return f"{self.get_form_display()} {self.institution_id}"
