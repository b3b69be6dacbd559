"""检查表: versioned reference data. Published versions are frozen by the database (migration 0002)."""

from django.db import models
from django.db.models import Q

from common.constraints import known
from hazards.enums import Domain, Severity
from inspections import rules
from inspections.enums import ChecklistAct, ChecklistStatus
from institutions.enums import Capability, Department, InstitutionKind, RegionLevel
from institutions.models import Institution, Region

from ._parts import Trace, kinds, kinds_known, user


class ChecklistQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """The national checklists and those of the regions above and within the actor's own.

        Drafts are seen by those who edit them and their superiors alone.
        """
        if actor is None or not actor.may_view_hazards or actor.scope.column is None:
            return self.none()
        if house := actor.institution:
            above = [house.province_id, house.city_id, house.county_id, house.township_id]
            return self.filter(Q(scope=None) | Q(scope__in=above)).exclude(status=ChecklistStatus.DRAFT)
        region = actor.authority.region
        rows = self.filter(
            Q(scope=None) | Q(scope__code__in=region.ancestor_codes) | Q(scope__path__startswith=region.path)
        )
        drafts = _editable(actor)
        if actor.can(Capability.EDIT_CHECKLISTS):
            drafts |= Q(scope__path__startswith=region.path)
        return rows.filter(~Q(status=ChecklistStatus.DRAFT) | drafts)

    def in_use(self):
        return self.filter(status=ChecklistStatus.PUBLISHED)

    def for_institution(self, institution: Institution):
        """What a visit there is made with today: the national list of its kind first, then those of its regions."""
        regions = [
            institution.province_id,
            institution.city_id,
            institution.county_id,
            institution.township_id,
        ]
        return (
            self.in_use()
            .filter(Q(scope=None) | Q(scope__in=regions), kinds__contains=[institution.kind])
            .order_by(models.F("scope__path").asc(nulls_first=True), "code")
        )


def _editable(actor) -> Q:
    if not actor.can(Capability.EDIT_CHECKLISTS) or not actor.authority:
        return Q(pk__in=[])
    own = Q(scope=actor.authority.region_id)
    return own | Q(scope=None) if actor.level == RegionLevel.PROVINCE else own


class Checklist(models.Model):
    """One version of one checklist. `scope` None: national; else its items are added to visits in that region."""

    code = models.CharField("代码", max_length=30, db_collation="C")
    name = models.CharField("名称", max_length=60)
    kinds = kinds()
    scope = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用地区"
    )
    version = models.PositiveIntegerField("版本")
    status = models.CharField("状态", max_length=10, choices=ChecklistStatus, default=ChecklistStatus.DRAFT)
    source = models.CharField("来源", max_length=200, blank=True)
    digest = models.CharField(
        "文件内容的 SHA-256", max_length=64, blank=True
    )  # of what was loaded from the file
    revision = models.PositiveIntegerField("草稿修改次数", default=0)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = user("发布人", null=True, blank=True)  # nobody: loaded by a command

    objects = ChecklistQuerySet.as_manager()

    class Meta:
        verbose_name = "检查表"
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="checklist_version_once"),
            models.UniqueConstraint(fields=["code"], condition=Q(status="draft"), name="checklist_one_draft"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(status="published"), name="checklist_one_in_use"
            ),
            kinds_known("checklist_kinds_known"),
            models.CheckConstraint(name="checklist_for_some_kind", condition=Q(kinds__len__gt=0)),
            known("checklist", "status", ChecklistStatus),
            models.CheckConstraint(
                name="checklist_published_with_date",
                condition=Q(status="draft", published_at=None, published_by=None)
                | Q(status="published", published_at__isnull=False)
                | Q(status="withdrawn"),
            ),
        ]

    def __str__(self):
        return f"{self.name} 第{self.version}版"

    @property
    def is_draft(self) -> bool:
        return self.status == ChecklistStatus.DRAFT

    @property
    def kind_names(self) -> list[str]:
        return [InstitutionKind(kind).label for kind in self.kinds]


class ChecklistItemQuerySet(models.QuerySet):
    def for_kind(self, kind: str):
        """The items that are asked at an institution of `kind`."""
        return self.filter(kinds__contains=[kind])


class ChecklistItem(models.Model):
    """检查项: what is to be so, how it is looked at, and what follows when it is not.

    `bases` are {text, is_verified}; how each may be shown is decided by inspections.rules alone.
    """

    checklist = models.ForeignKey(Checklist, on_delete=models.CASCADE, related_name="items")
    code = models.CharField("代码", max_length=20, db_collation="C")
    order = models.PositiveIntegerField("序号")
    kinds = kinds()
    domain = models.CharField("分类", max_length=20, choices=Domain)
    subject = models.CharField("检查对象", max_length=40, blank=True)
    text = models.CharField("检查内容", max_length=200)
    guidance = models.CharField("检查方式", max_length=200, blank=True)
    severity = models.CharField("默认等级", max_length=10, choices=Severity, default=Severity.GENERAL)
    days = models.PositiveSmallIntegerField("整改天数", help_text="自然日；0 表示当场整改")
    bases = models.JSONField("依据", default=list)
    major_ref = models.CharField("重大事故隐患判定依据", max_length=120, blank=True)
    is_major_ref_verified = models.BooleanField("判定依据已核对", default=False)
    upgrade_when = models.CharField("可升级为重大的情形", max_length=200, blank=True)
    interim = models.CharField("临时管控措施", max_length=300, blank=True)
    transfer_department = models.CharField("移送部门", max_length=20, choices=Department, blank=True)
    transfer_to = models.CharField("移送部门（文字）", max_length=60, blank=True)
    owner_department = models.CharField(
        "检查责任部门", max_length=20, choices=Department, default=Department.CIVIL_AFFAIRS
    )
    phrases = models.JSONField("典型隐患描述", default=list)

    objects = ChecklistItemQuerySet.as_manager()

    class Meta:
        verbose_name = "检查项"
        ordering = ["checklist_id", "order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["checklist", "code"], name="item_code_once"),
            kinds_known("item_kinds_known"),
            models.CheckConstraint(name="item_for_some_kind", condition=Q(kinds__len__gt=0)),
            known("item", "domain", Domain),
            known("item", "severity", Severity),
            models.CheckConstraint(name="item_says_what", condition=~Q(text="")),
            models.CheckConstraint(
                name="item_department_known",
                condition=Q(transfer_department__in=["", *Department.values])
                & Q(owner_department__in=Department.values),
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.text}"

    @property
    def shown_bases(self) -> list[rules.Basis]:
        """The bases as they may be shown; nothing else ever shows `bases`."""
        return rules.bases(self)

    @property
    def is_confirmed_major(self) -> bool:
        """Printed with ★."""
        return rules.is_confirmed_major(self)

    @property
    def joint_department(self) -> Department:
        """责任部门 in a joint inspection: who owns the item, else who would receive it, else civil affairs."""
        is_ours = self.owner_department == Department.CIVIL_AFFAIRS
        return Department((is_ours and self.transfer_department) or self.owner_department)

    @property
    def receiver(self) -> str:
        """移送部门 in words."""
        return self.transfer_to or self.get_transfer_department_display()


class ChecklistEvent(Trace):
    """Who loaded, edited, published or withdrew a version."""

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="events")
    act = models.CharField("事项", max_length=20, choices=ChecklistAct)

    class Meta:
        verbose_name = "检查表办理记录"
        ordering = ["id"]

    def __str__(self):
        return self.get_act_display()
