"""Supervised facilities (民政服务机构): identity, size in counts only, licences, responsible persons."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone

from institutions.enums import (
    KINDS_WITHOUT_RESIDENTS,
    PROTECTED_KINDS,
    InstitutionKind,
    LicenceKind,
    Operation,
    RiskGrade,
)
from institutions.rules import half_year_after

from .region import Authority, Region


def first_drill_due() -> date:
    """When a house that never had a drill owes the first: half a year after the system first knows of the duty.

    For a new house that is the day it is registered. Houses that were there before drills were recorded were given
    the day of that upgrade: nobody knew of their drills, so not all of them are late on one morning.
    """
    return half_year_after(timezone.localdate())


class InstitutionQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """The institutions `actor` may know of; nothing for no actor or one who sees no institutions."""
        if actor is None or not actor.may_view_institutions:
            return self.none()
        return self.filter(**actor.scope.institution_filter)

    def in_use(self):
        return self.filter(is_active=True)


class Institution(models.Model):
    """A supervised facility.

    `province`, `city`, `county` and `township` are the regions that play these parts for it; where a level is
    missing (不设区的市, 省直辖县, no township recorded) the nearest one above stands in, so that each column is
    always set and scope is one comparison.
    Never holds a resident's name: counts only.
    """

    name = models.CharField("机构名称", max_length=80)
    kind = models.CharField("机构类型", max_length=20, choices=InstitutionKind)
    operation = models.CharField("运营性质", max_length=20, choices=Operation, default=Operation.PUBLIC)
    credit_code = models.CharField(
        "统一社会信用代码", max_length=18, blank=True, help_text="农村敬老院等没有代码的可以不填"
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="所在区划")
    province = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="省")
    city = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="市")
    county = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="县")
    township = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="乡镇")
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="institutions", verbose_name="主管民政部门"
    )
    address = models.CharField("地址", max_length=120, blank=True)
    beds = models.PositiveIntegerField("床位数", default=0)
    residents = models.PositiveIntegerField("入住（在院）人数", default=0)
    disabled_residents = models.PositiveIntegerField("其中失能失智人数", default=0)
    staff = models.PositiveIntegerField("员工数", default=0)
    night_staff = models.PositiveIntegerField("夜班人数", default=0)
    risk_grade = models.CharField("风险等级", max_length=10, choices=RiskGrade, default=RiskGrade.BLUE)
    is_active = models.BooleanField("在用", default=True)
    first_drill_due_on = models.DateField("首次演练期限", default=first_drill_due)
    created_at = models.DateTimeField("建档时间", auto_now_add=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = "机构"
        ordering = ["county__path", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["county", "name"], name="institution_name_once_per_county"),
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="institution_credit_code_once"
            ),
            # Target of the hazards' composite foreign key that keeps their place columns true.
            models.UniqueConstraint(
                fields=["id", "province", "city", "county", "township"], name="institution_place_key"
            ),
            models.CheckConstraint(
                name="institution_kind_known", condition=Q(kind__in=InstitutionKind.values)
            ),
            models.CheckConstraint(
                name="institution_disabled_within_residents",
                condition=Q(disabled_residents__lte=models.F("residents")),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_protected(self) -> bool:
        """Whether photos from here can show children or people under protection."""
        return self.kind in PROTECTED_KINDS

    @property
    def counts_residents(self) -> bool:
        """Whether beds and residents say anything here: somebody can live there, or a number was recorded."""
        return self.kind not in KINDS_WITHOUT_RESIDENTS or self.beds > 0 or self.residents > 0


class Licence(models.Model):
    """A permit, test or certificate of an institution, with the day it expires (None: does not expire)."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="licences")
    kind = models.CharField("证照", max_length=20, choices=LicenceKind)
    number = models.CharField("证号", max_length=60, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)

    class Meta:
        verbose_name = "证照"
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind"], name="licence_one_of_a_kind"),
        ]

    def __str__(self):
        return self.get_kind_display()


class ResponsiblePerson(models.Model):
    """责任人 of an institution: staff, never residents. Phones are masked outside the supervising authority."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="responsible_persons")
    duty = models.CharField("职责", max_length=30)
    name = models.CharField("姓名", max_length=30)
    phone = models.CharField("电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "责任人"
        ordering = ["id"]

    def __str__(self):
        return f"{self.duty} {self.name}"
