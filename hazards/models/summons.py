"""约谈 and 通报: drafted by a rule or a person, confirmed by a person before anybody is told, answered in writing."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from clocks.models import Draft
from common.constraints import pair
from hazards.enums import DraftingCause, RecordKind, RecordState
from institutions.enums import Capability, Department
from institutions.models import Authority, Institution, Region

from .hazard import Hazard

models.CharField.register_lookup(Length)


def _user(verbose: str):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=verbose,
    )  # fmt: skip


class RecordQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Those of one's own authority and below; those addressed to oneself, from the day they are issued."""
        if actor is None or not actor.may_view_hazards:
            return self.none()
        told = self.filter(state__in=[RecordState.ISSUED, RecordState.ANSWERED])
        if actor.institution:
            return told.filter(institution=actor.institution)
        if not actor.can(Capability.VIEW_ORDERS) or actor.authority.department != Department.CIVIL_AFFAIRS:
            return self.none()
        return self.filter(authority__region__path__startswith=actor.authority.region.path) | told.filter(
            addressee=actor.authority
        )


class Record(models.Model):
    """What Summons and Circular share. Addressed to an authority or to an institution, never both.

    `state` DRAFT is nobody's word yet: only the issuing side sees it. `cause` is empty for what a person drafted.
    """

    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="发出单位"
    )
    addressee = models.ForeignKey(
        Authority,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="对象（部门）",
    )
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="对象（机构）",
    )  # fmt: skip
    cause = models.CharField("起草依据", max_length=20, choices=DraftingCause, blank=True)
    # The ladder's draft that this is the form of; settled together with it.
    ladder_draft = models.OneToOneField(
        Draft, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="阶梯起草"
    )
    title = models.CharField("标题", max_length=100)
    text = models.CharField("事由和要求", max_length=1500)
    hazards = models.ManyToManyField(Hazard, related_name="+", blank=True, verbose_name="涉及的隐患")
    state = models.CharField("状态", max_length=10, choices=RecordState, default=RecordState.DRAFT)
    version = models.PositiveIntegerField(default=1)  # raised by every act: what a form carries
    drafted_at = models.DateTimeField("起草时间")
    author = _user("起草人")
    issued_at = models.DateTimeField("发出时间", null=True, blank=True)
    issued_by = _user("签发人")
    document_number = models.CharField("文号", max_length=60, blank=True)
    dropped_at = models.DateTimeField("不予发出时间", null=True, blank=True)
    dropped_by = _user("不予发出人")
    drop_reason = models.CharField("不予发出的原因", max_length=300, blank=True)
    feedback_due_on = models.DateField("书面反馈期限", null=True, blank=True)
    feedback = models.CharField("书面反馈", max_length=1500, blank=True)
    feedback_at = models.DateTimeField("反馈时间", null=True, blank=True)
    feedback_by = _user("反馈人")

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="%(class)s_state_known", condition=Q(state__in=RecordState.values)),
            models.CheckConstraint(
                name="%(class)s_one_addressee",
                condition=Q(addressee=None, institution__isnull=False)
                | Q(addressee__isnull=False, institution=None) & ~Q(addressee=F("authority")),
            ),
            *(pair("%(class)s", name) for name in ("issued", "dropped", "feedback")),
            models.CheckConstraint(
                name="%(class)s_state_with_facts",
                condition=Q(state="draft", issued_at=None, dropped_at=None, feedback_at=None)
                | Q(state="dropped", issued_at=None, dropped_at__isnull=False, feedback_at=None)
                & Q(drop_reason__length__gte=5)
                | Q(state="issued", issued_at__isnull=False, dropped_at=None, feedback_at=None)
                & ~Q(document_number="")
                | Q(state="answered", issued_at__isnull=False, dropped_at=None, feedback_at__isnull=False)
                & ~Q(document_number="")
                & ~Q(feedback=""),
            ),
            # The machine looks every day and drafts once.
            models.UniqueConstraint(
                fields=["cause", "authority", "addressee"],
                condition=Q(state="draft", addressee__isnull=False) & ~Q(cause=""),
                name="%(class)s_one_draft_to_authority",
            ),
            models.UniqueConstraint(
                fields=["cause", "authority", "institution"],
                condition=Q(state="draft", institution__isnull=False) & ~Q(cause=""),
                name="%(class)s_one_draft_to_institution",
            ),
            models.UniqueConstraint(
                fields=["authority", "document_number"],
                condition=~Q(document_number=""),
                name="%(class)s_number_once",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def place(self) -> Authority | Institution:
        """Whom it is addressed to."""
        return self.addressee if self.addressee_id else self.institution


class Circular(Record):
    """通报: named in writing; feedback is owed from the day it is issued."""

    kind = RecordKind.CIRCULAR

    class Meta(Record.Meta):
        verbose_name = "通报"


class Summons(Record):
    """约谈: a talk at a time and place, minuted; feedback is owed from the day it was held."""

    kind = RecordKind.SUMMONS

    meets_at = models.DateTimeField("约谈时间", null=True, blank=True)
    meets_where = models.CharField("约谈地点", max_length=100, blank=True)
    held_on = models.DateField("实际约谈日期", null=True, blank=True)
    attendees = models.CharField("参加人员", max_length=300, blank=True)
    minutes = models.CharField("约谈纪要", max_length=1500, blank=True)
    minuted_at = models.DateTimeField("纪要记录时间", null=True, blank=True)
    minuted_by = _user("纪要记录人")

    class Meta(Record.Meta):
        verbose_name = "约谈"
        constraints = [
            *Record.Meta.constraints,
            pair("%(class)s", "minuted"),
            models.CheckConstraint(
                name="summons_issued_with_time_and_place",
                condition=~Q(state__in=["issued", "answered"])
                | Q(meets_at__isnull=False) & ~Q(meets_where=""),
            ),
            models.CheckConstraint(
                name="summons_minuted_with_facts",
                condition=Q(minuted_at=None, held_on=None, feedback_due_on=None)
                | Q(minuted_at__isnull=False, held_on__isnull=False, feedback_due_on__isnull=False)
                & ~Q(attendees="")
                & ~Q(minutes=""),
            ),
            models.CheckConstraint(
                name="summons_answered_after_the_talk",
                condition=~Q(state="answered") | Q(minuted_at__isnull=False),
            ),
        ]


class DraftingRule(models.Model):
    """From which number on a record is drafted in a province; without a row the default of deadlines.py."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="省")
    cause = models.CharField("依据", max_length=20, choices=DraftingCause)
    threshold = models.PositiveSmallIntegerField("起草门槛")

    class Meta:
        verbose_name = "约谈通报起草规则"
        constraints = [
            models.UniqueConstraint(fields=["region", "cause"], name="drafting_rule_once"),
            models.CheckConstraint(name="drafting_rule_sensible", condition=Q(threshold__range=(1, 366))),
        ]

    def __str__(self):
        return f"{self.region} {self.get_cause_display()} {self.threshold}"


class DraftingRuleChange(models.Model):
    """Append-only trace of who set which threshold."""

    append_only = True

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="省")
    cause = models.CharField("依据", max_length=20, choices=DraftingCause)
    threshold = models.PositiveSmallIntegerField("起草门槛")
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="设定人"
    )

    class Meta:
        verbose_name = "约谈通报起草规则变更"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.region} {self.get_cause_display()} {self.threshold}"
