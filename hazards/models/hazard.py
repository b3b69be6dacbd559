"""The hazard (隐患): facts as found, status, and the facts that belong to the current round."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.constraints import known, pair
from hazards import deadlines
from hazards.enums import OPEN_STATUSES, Domain, HazardStatus, Severity, Source
from hazards.models.indexes import INDEXES, OPEN
from hazards.numbers import number_of
from institutions.enums import PROTECTED_KINDS, InstitutionKind
from institutions.models import Authority, Institution, Region

CLOCK_RUNS = Q(status="rectifying")


def _user(verbose: str, **options) -> models.ForeignKey:
    """Without an index: nobody looks for hazards by person alone, and each costs every act and every plan."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=verbose,
        db_index=False,
        **options,
    )


def _place(verbose: str, **options) -> models.ForeignKey:
    """A region, without an index of its own: those in Meta begin with it where one is needed."""
    return models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, db_index=False, **options
    )


class HazardQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """What `actor` may know of. Every list, page, file, export, search and count starts here.

        An institution sees what it reported itself at once, and what officials found from the day it is issued.
        """
        if actor is None or not actor.may_view_hazards:
            return self.none()
        rows = self.filter(**actor.scope.hazard_filter)
        if actor.institution:
            rows = rows.filter(Q(is_self_reported=True) | Q(issued_at__isnull=False))
        return rows

    def open(self):
        return self.filter(OPEN)

    def overdue(self, today: date):
        """Past the deadline and not submitted: the institution is late. `due_on` itself is still in time."""
        return self.filter(CLOCK_RUNS, due_on__lt=today)

    def due_within(self, today: date, days: int):
        return self.filter(CLOCK_RUNS, due_on__range=(today, today + timedelta(days=days)))

    def may_have_come_back(self, today: date):
        """Closed within two years, counted from the close-out and not from when it was found; the latest first.

        What is found today may be one of these again (反弹), however old the fault was when it was put right.
        """
        after = today - timedelta(days=deadlines.RECURS_WITHIN_DAYS)
        return self.filter(status="closed", closed_at__date__gt=after).order_by("-closed_at", "-id")


class Hazard(models.Model):
    """One hazard from finding to close-out. `status` is written in hazards/actions/_transition.py alone."""

    # What was found, where
    uid = models.UUIDField(
        "客户端编号", unique=True
    )  # made where it was found: a repeated send is the same hazard
    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="hazards",
        verbose_name="机构",
        db_index=False,
    )
    # The institution's, so that indexes know it: PostgreSQL writes no other, whatever is said (docs/adr/0035)
    institution_kind = models.CharField(
        "机构类型", max_length=20, choices=InstitutionKind, default="", editable=False
    )
    province = _place("省")
    city = _place("市")
    county = _place("县")
    township = _place("乡镇")
    supervising_authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="主管民政部门", db_index=False
    )
    description = models.CharField("存在问题", max_length=500)
    location = models.CharField("具体部位", max_length=100)
    domain = models.CharField("隐患类别", max_length=20, choices=Domain)
    severity = models.CharField("隐患等级", max_length=10, choices=Severity)
    source = models.CharField("来源", max_length=20, choices=Source)
    basis = models.CharField("判定依据", max_length=200, blank=True)
    found_on = models.DateField("发现日期")
    no_photo_reason = models.CharField("无照片原因", max_length=100, blank=True)
    is_fixed_on_the_spot = models.BooleanField("立行立改", default=False)
    is_self_reported = models.BooleanField("机构自报", default=False)
    recurrence_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="recurrences",
        db_index=False,
        verbose_name="反弹自",
    )

    # Where it stands
    status = models.CharField("状态", max_length=25, choices=HazardStatus, default=HazardStatus.REGISTERED)
    round = models.PositiveSmallIntegerField("整改轮次", default=0)
    due_on = models.DateField("整改期限", null=True, blank=True)
    responsible_person = models.CharField("整改责任人", max_length=30, blank=True)
    interim_measures = models.CharField("临时管控措施", max_length=300, blank=True)
    supervising_officer = _user("监管责任人", null=True, blank=True)
    closing_region = _place("销号地区", null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        db_index=False,
        verbose_name="重复于",
    )

    # Facts beside the status, each set exactly while a row of its own is open (deferred trigger, migration 0007)
    # An extension was asked for; whose civil-affairs authority decides
    extension_region = _place("延期审批地区", null=True, blank=True)
    # Under 挂牌督办 by the civil-affairs authority of this region
    supervised_region = _place("督办地区", null=True, blank=True)
    awaits_department = models.BooleanField("待部门", default=False)  # transferred and not answered

    # Who did what last; the rounds and the events keep everything before
    registered_at = models.DateTimeField("登记时间")
    registered_by = _user("登记人")
    issued_at = models.DateTimeField("下发时间", null=True, blank=True)
    issued_by = _user("下发人", null=True, blank=True)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    submitted_by = _user("提交人", null=True, blank=True)
    verified_at = models.DateTimeField("验收时间", null=True, blank=True)
    verified_by = _user("验收人", null=True, blank=True)
    closed_at = models.DateTimeField("销号时间", null=True, blank=True)
    closed_by = _user("销号人", null=True, blank=True)
    void_requested_at = models.DateTimeField("申请作废时间", null=True, blank=True)
    void_requested_by = _user("申请作废人", null=True, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    voided_by = _user("作废人", null=True, blank=True)
    void_reason = models.CharField("作废原因", max_length=300, blank=True)
    status_changed_at = models.DateTimeField("状态变更时间")

    # Length and head of its chain of events: a chain alone would not show a cut tail. The length is the version.
    event_count = models.PositiveIntegerField("事件数", default=0)
    event_head = models.CharField("事件链头", max_length=64, default="")

    objects = HazardQuerySet.as_manager()

    class Meta:
        verbose_name = "隐患"
        ordering = ["-found_on", "-id"]
        indexes = INDEXES
        constraints = [
            known("hazard", "status", HazardStatus),
            known("hazard", "severity", Severity),
            known("hazard", "domain", Domain),
            known("hazard", "source", Source),
            *(
                pair("hazard", name)
                for name in ("issued", "submitted", "verified", "closed", "void_requested", "voided")
            ),
            models.CheckConstraint(
                name="hazard_closed_with_facts",
                condition=Q(status="closed", closed_at__isnull=False)
                | ~Q(status="closed") & Q(closed_at=None),
            ),
            models.CheckConstraint(  # so that what was closed in a month is looked for among what was found by then
                name="hazard_found_before_closed",
                condition=Q(closed_at=None) | Q(closed_at__date__gte=F("found_on")),
            ),
            models.CheckConstraint(
                name="hazard_voided_with_facts",
                condition=Q(status="voided", voided_at__isnull=False) & ~Q(void_reason="")
                | ~Q(status="voided") & Q(voided_at=None),
            ),
            models.CheckConstraint(
                name="hazard_issued_with_facts",
                condition=Q(status__in=["registered", "voided"])
                | Q(issued_at__isnull=False, due_on__isnull=False) & ~Q(responsible_person=""),
            ),
            models.CheckConstraint(
                name="hazard_submitted_with_facts",
                condition=~Q(status__in=["awaiting_verification", "verified", "closed"])
                | Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="hazard_verified_with_facts",
                condition=~Q(status__in=["verified", "closed"])
                | Q(verified_at__isnull=False, closing_region__isnull=False),
            ),
            models.CheckConstraint(
                name="hazard_extension_only_while_rectifying",
                condition=Q(extension_region=None) | Q(status="rectifying"),
            ),
            models.CheckConstraint(
                name="hazard_ends_without_open_matters",
                condition=~Q(status__in=["closed", "voided"])
                | Q(supervised_region=None, awaits_department=False),
            ),
            # 企业整改、县级验收、市级销号: never the same person twice.
            models.CheckConstraint(
                name="hazard_verifier_is_not_submitter", condition=~Q(verified_by=F("submitted_by"))
            ),
            models.CheckConstraint(
                name="hazard_closer_is_a_third_person",
                condition=~Q(closed_by=F("verified_by")) & ~Q(closed_by=F("submitted_by")),
            ),
            models.CheckConstraint(
                name="hazard_major_voided_by_two",
                condition=~Q(status="voided", severity="major")
                | Q(void_requested_by__isnull=False) & ~Q(voided_by=F("void_requested_by")),
            ),
            models.CheckConstraint(
                name="hazard_not_its_own_origin",
                condition=~Q(recurrence_of=F("id")) & ~Q(duplicate_of=F("id")),
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.description}"

    @property
    def number(self) -> str:
        """隐患编号 as spoken and printed."""
        return number_of(self.found_on, self.pk)

    @property
    def version(self) -> int:
        """What a form carries to notice that somebody else acted in between."""
        return self.event_count

    @property
    def is_major(self) -> bool:
        return self.severity == Severity.MAJOR

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_protected(self) -> bool:
        return self.institution.kind in PROTECTED_KINDS

    def days_left(self, today: date) -> int | None:
        return deadlines.days_left(self.due_on, self.status, today)
