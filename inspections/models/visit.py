"""检查: one visit to one institution, its answers, signatures and trace."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.constraints import known, pair
from inspections.enums import (
    OWN_KINDS,
    AnswerValue,
    InspectionKind,
    SignerRole,
    VisitAct,
    VisitStatus,
)
from institutions.models import Institution, Region

from ._parts import Trace, user
from .campaign import Campaign, InspectionTeam
from .checklist import Checklist, ChecklistItem


class VisitQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """What `actor` may know of. Every list, page, file, print, sync and count starts here.

        An institution sees nothing of an unannounced visit (四不两直) until somebody has checked in; its
        supervisors see what it does itself (自查) once that is finished.
        """
        if actor is None or not actor.may_view_hazards:
            return self.none()
        rows = self.filter(**actor.scope.hazard_filter)
        if actor.institution:
            return rows.filter(Q(is_unannounced=False) | Q(checked_in_at__isnull=False))
        return rows.filter(Q(is_own=False) | Q(status=VisitStatus.FINISHED))

    def open(self):
        return self.filter(status=VisitStatus.OPEN)

    def finished(self):
        return self.filter(status=VisitStatus.FINISHED)

    def with_place(self):
        return self.select_related("institution", "county", "city", "checklist")


class Visit(models.Model):
    """One visit from its plan to its finish. What hangs on it is frozen by the database once it is finished."""

    uid = models.UUIDField("客户端编号", unique=True)  # made on the phone: a repeated send is the same visit
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="visits", verbose_name="机构"
    )
    province = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="省")
    city = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="市")
    county = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="县")
    township = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="乡镇")
    kind = models.CharField("检查类型", max_length=20, choices=InspectionKind)
    is_unannounced = models.BooleanField("四不两直", default=False)
    is_own = models.BooleanField("机构自办", default=False)  # 日巡查、月检查 by the institution's own people
    status = models.CharField("状态", max_length=10, choices=VisitStatus, default=VisitStatus.PLANNED)
    checklist = models.ForeignKey(
        Checklist, on_delete=models.PROTECT, null=True, blank=True, related_name="visits",
        verbose_name="检查表",
    )  # fmt: skip
    added_checklists = models.ManyToManyField(
        Checklist, related_name="+", blank=True, verbose_name="本地增补检查表"
    )
    campaigns = models.ManyToManyField(Campaign, related_name="visits", blank=True, verbose_name="专项行动")
    team = models.ForeignKey(
        InspectionTeam, on_delete=models.PROTECT, null=True, blank=True, related_name="visits",
        verbose_name="督导组",
    )  # fmt: skip
    is_crossing = models.BooleanField("交叉检查", default=False)  # opened by people sent from another region
    planned_on = models.DateField("计划日期", null=True, blank=True)
    created_at = models.DateTimeField("安排时间")
    created_by = user("安排人")
    checked_in_at = models.DateTimeField("到场时间", null=True, blank=True)
    checked_in_by = user("签到人", null=True, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    finished_by = user("完成人", null=True, blank=True)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)
    cancelled_by = user("取消人", null=True, blank=True)
    cancel_reason = models.CharField("取消原因", max_length=200, blank=True)
    inspectors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="inspected_visits", blank=True, verbose_name="检查人员"
    )
    other_participants = models.CharField("其他参加部门和人员", max_length=200, blank=True)
    place_note = models.CharField("检查场所", max_length=200, blank=True)
    content = models.CharField("检查内容", max_length=1000, blank=True)
    problems = models.CharField("发现的问题", max_length=2000, blank=True)
    handling = models.CharField("处理情况", max_length=1000, blank=True)
    person_in_charge = models.CharField("被检查单位负责人", max_length=30, blank=True)
    refusal_reason = models.CharField("拒签原因", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = "检查"
        ordering = ["-id"]
        indexes = [
            models.Index("province", F("id").desc(), name="visit_province"),
            models.Index("city", F("id").desc(), name="visit_city"),
            models.Index("county", F("id").desc(), name="visit_county"),
            models.Index("township", F("id").desc(), name="visit_township"),
            models.Index("institution", F("id").desc(), name="visit_institution"),
            models.Index("planned_on", "id", condition=Q(status="planned"), name="visit_planned"),
        ]
        constraints = [
            known("visit", "kind", InspectionKind),
            known("visit", "status", VisitStatus),
            *(pair("visit", name) for name in ("created", "checked_in", "finished", "cancelled")),
            models.CheckConstraint(
                name="visit_status_with_facts",
                condition=Q(status="planned", checked_in_at=None, finished_at=None, cancelled_at=None)
                & Q(planned_on__isnull=False)
                | Q(status="open", checked_in_at__isnull=False, finished_at=None, cancelled_at=None)
                | Q(status="finished", checked_in_at__isnull=False, finished_at__isnull=False)
                & Q(cancelled_at=None)
                | Q(status="cancelled", finished_at=None, cancelled_at__isnull=False) & ~Q(cancel_reason=""),
            ),
            models.CheckConstraint(
                name="visit_finished_after_check_in",
                condition=Q(finished_at=None) | Q(finished_at__gte=F("checked_in_at")),
            ),
            models.CheckConstraint(
                name="visit_crossing_by_team",
                condition=Q(is_crossing=False) | Q(team__isnull=False, is_own=False),
            ),
            models.CheckConstraint(
                name="visit_own_kinds",
                condition=Q(is_own=False) & ~Q(kind="self_check")
                | Q(is_own=True, is_unannounced=False, kind__in=sorted(OWN_KINDS)),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.institution_id}"

    @property
    def is_open(self) -> bool:
        return self.status == VisitStatus.OPEN

    @property
    def is_joint(self) -> bool:
        """联合检查: every item and every problem has a department that answers for it."""
        return self.kind == InspectionKind.JOINT

    @property
    def items(self):
        """The items asked in this visit: of its checklist first, then the local additions; its kind's alone."""
        added = self.added_checklists.through.objects.filter(visit=self).values("checklist")
        return (
            ChecklistItem.objects.filter(Q(checklist=self.checklist_id) | Q(checklist__in=added))
            .for_kind(self.institution.kind)
            .order_by(F("checklist__scope__path").asc(nulls_first=True), "checklist_id", "order", "id")
        )


class Answer(models.Model):
    """是/否/不涉及 to one item. `revision` counts on the phone: an older one never overwrites a newer."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="answers")
    item = models.ForeignKey(ChecklistItem, on_delete=models.PROTECT, related_name="answers")
    value = models.CharField("检查结果", max_length=20, choices=AnswerValue)
    note = models.CharField("备注", max_length=300, blank=True)
    revision = models.PositiveIntegerField("客户端版本", default=0)
    updated_at = models.DateTimeField("更新时间", auto_now=True)
    updated_by = user("填写人")

    class Meta:
        verbose_name = "检查结果"
        ordering = ["visit_id", "item_id"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "item"], name="answer_once"),
            pair("answer", "updated"),
            known("answer", "value", AnswerValue),
        ]

    def __str__(self):
        return f"{self.item_id} {self.get_value_display()}"


class VisitSignature(models.Model):
    """A signature drawn on screen, as a small PNG; `user` is set for inspectors."""

    uid = models.UUIDField("客户端编号", unique=True)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="signatures")
    role = models.CharField("签名人", max_length=10, choices=SignerRole)
    user = user("检查人员", null=True, blank=True)
    name = models.CharField("姓名", max_length=30)
    image = models.BinaryField("签名（PNG）")
    signed_at = models.DateTimeField("签名时间")

    class Meta:
        verbose_name = "签名"
        ordering = ["id"]
        constraints = [
            known("signature", "role", SignerRole),
            models.UniqueConstraint(fields=["visit", "user"], name="signature_once_per_inspector"),
            models.UniqueConstraint(
                fields=["visit"], condition=Q(role="in_charge"), name="signature_one_in_charge"
            ),
            models.CheckConstraint(
                name="signature_of_whom",
                condition=Q(role="inspector", user__isnull=False) | Q(role="in_charge", user=None),
            ),
            models.CheckConstraint(name="signature_named", condition=~Q(name="")),
        ]

    def __str__(self):
        return f"{self.get_role_display()} {self.name}"


class VisitEvent(Trace):
    """Who did what on a visit."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="events")
    act = models.CharField("事项", max_length=20, choices=VisitAct)

    class Meta:
        verbose_name = "检查办理记录"
        ordering = ["id"]

    def __str__(self):
        return self.get_act_display()
