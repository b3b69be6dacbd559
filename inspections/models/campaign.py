"""专项行动, 督导组 and 检查计划: who is to look where, and until when."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.constraints import known, pair
from hazards.models import Hazard
from inspections.enums import CampaignAct, CampaignKind, PlanKind
from institutions.enums import RegionLevel
from institutions.models import Authority, Institution, Region

from ._parts import Trace, kinds, kinds_known, user
from .checklist import Checklist


class CampaignQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Campaigns of the actor's own region and below, and those from above that reach it."""
        if actor is None or not actor.may_view_hazards or actor.scope.column is None:
            return self.none()
        reach = Campaign.regions.through.objects.filter(campaign=models.OuterRef("pk"))
        if house := actor.institution:
            line = [house.province_id, house.city_id, house.county_id, house.township_id]
            reaches = ~models.Exists(reach) | models.Exists(reach.filter(region__in=line))
            meant = Q(kinds=[]) | Q(kinds__contains=[house.kind])
            return self.filter(meant, reaches, authority__region__in=line)
        region = actor.authority.region
        touches = Q(region__code__in=region.ancestor_codes) | Q(region__path__startswith=region.path)
        reaches = ~models.Exists(reach) | models.Exists(reach.filter(touches))
        return self.filter(
            Q(authority__region__path__startswith=region.path)
            | Q(authority__region__code__in=region.ancestor_codes) & reaches
        )

    def running(self, today: date):
        return self.filter(starts_on__lte=today, ends_on__gte=today)


class Campaign(models.Model):
    """专项行动. No regions: the whole region of its authority; no kinds: every kind. Several may overlap."""

    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=20, choices=CampaignKind)
    level = models.CharField("级别", max_length=10, choices=RegionLevel)
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="组织部门"
    )
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    kinds = kinds()
    regions = models.ManyToManyField(Region, related_name="+", blank=True, verbose_name="范围")
    checklist = models.ForeignKey(
        Checklist, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="检查表"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name="上级行动",
    )  # fmt: skip
    note = models.CharField("说明", max_length=500, blank=True)
    created_at = models.DateTimeField("建立时间")
    created_by = user("建立人")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "专项行动"
        ordering = ["-starts_on", "-id"]
        constraints = [
            known("campaign", "kind", CampaignKind),
            known("campaign", "level", RegionLevel),
            pair("campaign", "created"),
            kinds_known("campaign_kinds_known"),
            models.CheckConstraint(name="campaign_period", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(name="campaign_not_its_own_parent", condition=~Q(parent=F("id"))),
        ]

    def __str__(self):
        return self.name

    def days_left(self, today: date) -> int:
        """Days until the last one, which counts as 0; negative when it is over."""
        return (self.ends_on - today).days


class CampaignEvent(Trace):
    """Who did what on a campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="events")
    act = models.CharField("事项", max_length=20, choices=CampaignAct)

    class Meta:
        verbose_name = "专项行动办理记录"
        ordering = ["id"]

    def __str__(self):
        return self.get_act_display()


class InspectionTeamQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Teams of the actor's authority and below it, and those the person belongs to; never an institution's."""
        if actor is None or not actor.may_view_hazards or actor.institution or actor.scope.column is None:
            return self.none()
        members = InspectionTeam.members.through.objects.filter(
            inspectionteam=models.OuterRef("pk"), user=actor.user
        )
        return self.filter(
            Q(authority__region__path__startswith=actor.authority.region.path)
            | Q(leader=actor.user)
            | models.Exists(members)
        )


class InspectionTeam(models.Model):
    """督导组: leader, members and the institutions they are to visit."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="teams",
        verbose_name="专项行动",
    )  # fmt: skip
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="派出部门"
    )
    name = models.CharField("名称", max_length=40)
    leader = user("组长")
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="inspection_teams", blank=True, verbose_name="组员"
    )
    institutions = models.ManyToManyField(
        Institution, related_name="+", blank=True, verbose_name="被检查机构"
    )

    objects = InspectionTeamQuerySet.as_manager()

    class Meta:
        verbose_name = "督导组"
        ordering = ["id"]

    def __str__(self):
        return self.name


class VisitPlanQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Plans for the institutions of an authority's scope; an institution never sees when others mean to come."""
        if actor is None or not actor.may_view_hazards or actor.institution or actor.scope.column is None:
            return self.none()
        return self.filter(**{f"institution__{actor.scope.column}": actor.scope.value})

    def open(self):
        return self.filter(visit=None)


class VisitPlan(models.Model):
    """A visit that is due: by the institution's risk grade, or to see that a closed hazard stayed closed (回头看)."""

    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="visit_plans", verbose_name="机构"
    )
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="检查部门"
    )
    due_on = models.DateField("应在此前完成")
    kind = models.CharField("类型", max_length=20, choices=PlanKind)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="plans",
        verbose_name="专项行动",
    )  # fmt: skip
    source_hazard = models.ForeignKey(
        Hazard, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="来源隐患"
    )
    visit = models.OneToOneField(
        "inspections.Visit", on_delete=models.PROTECT, null=True, blank=True, related_name="plan"
    )
    created_at = models.DateTimeField("安排时间", auto_now_add=True)

    objects = VisitPlanQuerySet.as_manager()

    class Meta:
        verbose_name = "检查计划"
        ordering = ["due_on", "id"]
        constraints = [
            known("plan", "kind", PlanKind),
            models.UniqueConstraint(
                fields=["institution", "authority", "kind", "due_on"],
                condition=Q(source_hazard=None),
                name="plan_once",
            ),
            models.UniqueConstraint(
                fields=["source_hazard"],
                condition=Q(source_hazard__isnull=False),
                name="plan_once_per_hazard",
            ),
            models.CheckConstraint(
                name="plan_look_back_at_what", condition=~Q(kind="look_back") | Q(source_hazard__isnull=False)
            ),
        ]
        indexes = [models.Index("due_on", "id", condition=Q(visit=None), name="plan_open_due")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.due_on}"
