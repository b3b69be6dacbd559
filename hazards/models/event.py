"""The trace: append-only events, hash-chained per hazard, and the daily anchor over all of them."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models.fields.json import KT

from hazards.enums import HazardAction, HazardStatus

from .hazard import Hazard

# Advisory lock held shared by every act that writes an event, and alone by the daily anchor (migration 0002).
EVENT_LOCK = 7_210_001


class HazardEvent(models.Model):
    """One act. Names and posts are written down as they were; the runtime role can only insert and select."""

    append_only = True

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField("序号")
    action = models.CharField("事项", max_length=30, choices=HazardAction)
    from_status = models.CharField(max_length=25, choices=HazardStatus, blank=True)
    to_status = models.CharField(max_length=25, choices=HazardStatus)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField("姓名", max_length=30)
    by_role = models.CharField("角色", max_length=20)
    by_place = models.CharField("单位", max_length=80)
    comment = models.CharField("意见", max_length=500, blank=True)
    data = models.JSONField("数据", default=dict)
    algorithm = models.CharField(max_length=10)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "办理记录"
        ordering = ["hazard_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["hazard", "seq"], name="event_seq_once"),
            # 催办: once a day (Beijing's) of each authority, whatever any code believes.
            models.UniqueConstraint(
                models.F("hazard"),
                KT("data__authority"),
                KT("data__on"),
                condition=models.Q(action="nudge"),
                name="event_nudge_once_a_day",
            ),
        ]
        indexes = [models.Index(fields=["at", "id"], name="event_at")]

    def __str__(self):
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"

    @property
    def due_on(self) -> date | None:
        """The deadline this act set, where it set one."""
        return date.fromisoformat(self.data["due_on"]) if "due_on" in self.data else None

    @property
    def sent_to(self) -> str:
        """Whom a 催办 was sent to, by name as it was then; empty for other acts."""
        return self.data.get("to", "") if self.action == HazardAction.NUDGE else ""

    @property
    def officers(self) -> str:
        """From whom to whom a hazard was reassigned; empty for other acts."""
        if self.action != HazardAction.REASSIGN:
            return ""
        was, now = self.data["was"], self.data["officer"]
        return f"由{was}改为{now}" if was else f"由{now}负责"


class AuditAnchor(models.Model):
    """One a day: a digest over all events up to a moment, chained to the day before; also written to the log."""

    append_only = True

    made_at = models.DateTimeField("时间")
    last_event_id = models.BigIntegerField("最后事件")
    event_count = models.BigIntegerField("事件数")
    previous_digest = models.CharField(max_length=64, blank=True, unique=True)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = "审计锚点"
        ordering = ["id"]

    def __str__(self):
        return f"{self.made_at:%Y-%m-%d} {self.digest[:12]}"
