"""Regions (行政区划) and the authorities (监管部门) that answer for them."""

from django.db import models
from django.db.models import Q

from institutions.enums import Department, RegionLevel


class RegionQuerySet(models.QuerySet):
    def within(self, region: "Region"):
        """`region` and everything below it."""
        return self.filter(path__startswith=region.path)

    def valid_on(self, day):
        """Regions that exist on `day`."""
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)
        )


class Region(models.Model):
    """One administrative division; `path` is built from the parents, never from the code's prefix.

    Development zones and counties run by the province break code prefixes (GB/T 2260), so the parent is a key.
    """

    code = models.CharField("区划代码", max_length=12, unique=True, db_collation="C")
    name = models.CharField("名称", max_length=60)
    level = models.CharField("级别", max_length=10, choices=RegionLevel)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    path = models.CharField("路径", max_length=80, unique=True, db_collation="C", editable=False)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = "行政区划"
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(name="region_level_known", condition=Q(level__in=RegionLevel.values)),
            models.CheckConstraint(
                name="region_top_is_province",
                condition=Q(level="province", parent=None) | Q(parent__isnull=False),
            ),
            models.CheckConstraint(
                name="region_valid_period",
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=models.F("valid_from")),
            ),
        ]

    def __str__(self):
        return self.name

    @staticmethod
    def path_for(code: str, parent: "Region | None") -> str:
        """The path of a region: its parent's path, its own code, a slash."""
        return f"{parent.path if parent else '/'}{code}/"

    @property
    def ancestor_codes(self) -> list[str]:
        """Codes from the province down to this region itself."""
        return self.path.strip("/").split("/")


class Authority(models.Model):
    """监管部门: one department of one region."""

    name = models.CharField("名称", max_length=80)
    department = models.CharField("部门", max_length=20, choices=Department, default=Department.CIVIL_AFFAIRS)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="authorities", verbose_name="行政区划"
    )

    class Meta:
        verbose_name = "监管部门"
        verbose_name_plural = "监管部门"
        ordering = ["region__path", "department"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "department"], name="authority_one_per_region_and_department"
            ),
            models.CheckConstraint(
                name="authority_department_known", condition=Q(department__in=Department.values)
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def level(self) -> RegionLevel:
        return RegionLevel(self.region.level)
