"""What several models of this app share: fields of people and kinds, the trace, constraints by pattern."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from institutions.enums import InstitutionKind


def user(verbose: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, **options
    )


def kinds(verbose: str = "适用机构类型") -> ArrayField:
    return ArrayField(
        models.CharField(max_length=20, choices=InstitutionKind),
        verbose_name=verbose,
        default=list,
        blank=True,
    )


def kinds_known(name: str) -> models.CheckConstraint:
    """Every kind listed is one of ours."""
    return models.CheckConstraint(
        name=name, condition=Q(kinds__contained_by=[kind.value for kind in InstitutionKind])
    )


class Trace(models.Model):
    """One act on a record. Names and posts are written down as they were; nobody: a command did it."""

    append_only = True

    at = models.DateTimeField("时间")
    by = user("操作人", null=True)
    by_name = models.CharField("姓名", max_length=30)
    by_role = models.CharField("角色", max_length=20, blank=True)
    by_place = models.CharField("单位", max_length=80, blank=True)
    comment = models.CharField("说明", max_length=500, blank=True)
    data = models.JSONField("数据", default=dict)

    class Meta:
        abstract = True
