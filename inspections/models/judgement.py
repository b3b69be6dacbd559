"""重大事故隐患判定: the listed situations as data, and the judgement made of one finding."""

from datetime import date

from django.db import models
from django.db.models import Q

from common.constraints import known, pair
from inspections.enums import SituationStatus
from institutions.models import Institution, Region

from ._parts import kinds, kinds_known, user
from .finding import Finding


class MajorSituationQuerySet(models.QuerySet):
    def current(self, today: date):
        """The latest revision of each situation whose standard is in force on `today`."""
        return self.filter(
            Q(effective_from=None) | Q(effective_from__lte=today),
            Q(effective_to=None) | Q(effective_to__gte=today),
            is_current=True,
        )

    def for_institution(self, institution: Institution, today: date):
        """What can be judged there: the national situations of its kind and its regions' additions."""
        regions = [
            institution.province_id,
            institution.city_id,
            institution.county_id,
            institution.township_id,
        ]
        return self.current(today).filter(
            Q(region=None) | Q(region__in=regions), kinds__contains=[institution.kind]
        )


class MajorSituation(models.Model):
    """One situation of one standard. Rows never change; a correction is a new revision of the same code."""

    code = models.CharField("代码", max_length=30, db_collation="C")
    revision = models.PositiveIntegerField("修订", default=1)
    is_current = models.BooleanField("现行", default=True)
    standard = models.CharField("判定标准", max_length=120)
    version = models.CharField("标准版本", max_length=60)
    clause = models.CharField("条款", max_length=40, blank=True)
    text = models.CharField("情形", max_length=300)
    status = models.CharField("核对情况", max_length=10, choices=SituationStatus)
    needs_finding = models.BooleanField("须有主管部门或机构判定", default=False)
    finding_bodies = models.CharField("判定机关", max_length=120, blank=True)
    kinds = kinds()
    item_codes = models.JSONField("对应检查项", default=list)  # failing one of these proposes this situation
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用地区"
    )
    issued_on = models.DateField("印发日期", null=True, blank=True)
    effective_from = models.DateField("施行日期", null=True, blank=True)
    effective_to = models.DateField("失效日期", null=True, blank=True)

    objects = MajorSituationQuerySet.as_manager()

    class Meta:
        verbose_name = "重大事故隐患情形"
        ordering = ["standard", "code", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["code", "revision"], name="situation_revision_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(is_current=True), name="situation_one_current"
            ),
            kinds_known("situation_kinds_known"),
            known("situation", "status", SituationStatus),
            # A clause number that was not read in the source is not written down at all.
            models.CheckConstraint(
                name="situation_clause_only_verified", condition=Q(clause="") | Q(status="verified")
            ),
            models.CheckConstraint(
                name="situation_bodies_named", condition=Q(needs_finding=False) | ~Q(finding_bodies="")
            ),
            models.CheckConstraint(
                name="situation_period",
                condition=Q(effective_from=None)
                | Q(effective_to=None)
                | Q(effective_to__gte=models.F("effective_from")),
            ),
        ]

    def __str__(self):
        return f"{self.standard}{self.clause}"


class Judgement(models.Model):
    """Why a finding is MAJOR: a listed situation or, in hard cases, a consultation (会商判定).

    Standard, version, clause, text and dates are copied: they stay as they were when it was judged.
    """

    finding = models.OneToOneField(Finding, on_delete=models.CASCADE, related_name="judgement")
    situation = models.ForeignKey(
        MajorSituation, on_delete=models.PROTECT, null=True, blank=True, related_name="judgements"
    )
    standard = models.CharField("判定标准", max_length=120, blank=True)
    version = models.CharField("标准版本", max_length=60, blank=True)
    clause = models.CharField("条款", max_length=40, blank=True)
    text = models.CharField("情形", max_length=300, blank=True)
    situation_status = models.CharField("核对情况", max_length=10, choices=SituationStatus, blank=True)
    issued_on = models.DateField("印发日期", null=True, blank=True)
    effective_from = models.DateField("施行日期", null=True, blank=True)
    effective_to = models.DateField("失效日期", null=True, blank=True)
    needs_finding = models.BooleanField("须有主管部门或机构判定", default=False)
    competent_body = models.CharField("判定机关", max_length=80, blank=True)
    document_number = models.CharField("文书号", max_length=60, blank=True)
    participants = models.CharField("会商人员", max_length=200, blank=True)
    opinion = models.CharField("会商意见", max_length=500, blank=True)
    decided_at = models.DateTimeField("判定时间")
    decided_by = user("判定人")

    class Meta:
        verbose_name = "重大隐患判定"
        constraints = [
            pair("judgement", "decided"),
            models.CheckConstraint(
                name="judgement_on_a_ground",
                condition=Q(situation__isnull=False) & ~Q(standard="") & ~Q(text="")
                | ~Q(participants="") & ~Q(opinion=""),
            ),
            models.CheckConstraint(
                name="judgement_by_competent_body",
                condition=Q(needs_finding=False) | ~Q(competent_body="") & ~Q(document_number=""),
            ),
            models.CheckConstraint(
                name="judgement_consultation_whole",
                condition=Q(participants="", opinion="") | ~Q(participants="") & ~Q(opinion=""),
            ),
        ]

    def __str__(self):
        return self.text or self.opinion

    @property
    def is_consultation(self) -> bool:
        """会商判定: decided together, with participants and an opinion."""
        return bool(self.opinion)
