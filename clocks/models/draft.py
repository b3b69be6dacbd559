"""待签发: official acts the ladder calls for. The machine drafts, a person of the named level issues or drops."""

from django.db import models
from django.db.models import Q

from clocks.enums import RungKind
from common.constraints import known, pair
from institutions.models import Authority

from ._parts import user
from .clock import Clock, Reminder

WAITING = Q(issued_at=None, dropped_at=None, lapsed_at=None)


class DraftQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Those of the actor's own authority and of those below; once issued, also those about institutions in scope."""
        if actor is None or not actor.may_view_hazards or actor.scope.column is None:
            return self.none()
        scope = {f"clock__institution__{c}": v for c, v in actor.scope.institution_filter.items()}
        about = Q(issued_at__isnull=False, **scope)
        if actor.institution:
            return self.filter(about)
        about |= Q(issued_at__isnull=False, clock__authority=actor.authority)
        return self.filter(about | Q(authority__region__path__startswith=actor.authority.region.path))

    def waiting(self):
        return self.filter(WAITING)


class Draft(models.Model):
    """One official act drafted for one authority. Waits until exactly one of issued, dropped or lapsed.

    Lapsed: the matter was settled, or its date moved, before anybody decided.
    """

    reminder = models.OneToOneField(Reminder, on_delete=models.PROTECT, related_name="draft")
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="drafts")
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="签发部门"
    )
    kind = models.CharField("文种", max_length=10, choices=RungKind)
    drafted_at = models.DateTimeField("起草时间")
    number = models.CharField("文号", max_length=60, blank=True)
    text = models.TextField("正文", max_length=2000, blank=True)  # as issued
    reason = models.CharField("不签发的原因", max_length=300, blank=True)
    issued_at = models.DateTimeField("签发时间", null=True, blank=True)
    issued_by = user("签发人", null=True, blank=True)
    dropped_at = models.DateTimeField("不签发时间", null=True, blank=True)
    dropped_by = user("不签发的决定人", null=True, blank=True)
    lapsed_at = models.DateTimeField("失效时间", null=True, blank=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = "待签发文书"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["authority", "id"], condition=WAITING, name="draft_waiting"),
            models.Index(fields=["clock"], condition=WAITING, name="draft_waiting_of_clock"),
        ]
        constraints = [
            known("draft", "kind", RungKind),
            pair("draft", "issued"),
            pair("draft", "dropped"),
            models.CheckConstraint(
                name="draft_ends_one_way",
                condition=Q(issued_at=None, dropped_at=None)
                | Q(issued_at=None, lapsed_at=None)
                | Q(dropped_at=None, lapsed_at=None),
            ),
            models.CheckConstraint(name="draft_issued_with_text", condition=Q(issued_at=None) | ~Q(text="")),
            models.CheckConstraint(
                name="draft_dropped_with_reason", condition=Q(dropped_at=None) | ~Q(reason="")
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.clock_id}"

    @property
    def is_waiting(self) -> bool:
        return not (self.issued_at or self.dropped_at or self.lapsed_at)
