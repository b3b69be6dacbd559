"""Rules set by the province as data, with a trace: 销号, 延期, and from when on 约谈 or 通报 is drafted."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from hazards.deadlines import EXTENSION_LIMITS
from hazards.enums import ExtensionCase
from hazards.models import (
    ClosingPolicy,
    ClosingPolicyChange,
    DraftingRule,
    DraftingRuleChange,
    ExtensionPolicy,
    ExtensionPolicyChange,
)
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Region


def _require(by: Actor, region: Region, what: str) -> None:
    if not by.can(Capability.SET_POLICY) or not region.path.startswith(by.authority.region.path):
        raise PermissionDenied(f"只有省级监管人员可以设定本省的{what}。")


@transaction.atomic
def set_closing_policy(
    *, by: Actor, region: Region, severity: str, level: str | None, spot_check_percent: int = 0
) -> None:
    """Set the policy of a region and severity; `level=None` takes it away, and the region above decides again.

    Hazards accepted before keep the authority that was chosen then. Raises PermissionDenied for a role that may
    not, or a region outside the actor's own.
    """
    _require(by, region, "销号规则")
    rows = ClosingPolicy.objects.filter(region=region, severity=severity)
    if level is None:
        rows.delete()
    else:
        ClosingPolicy.objects.update_or_create(
            region=region,
            severity=severity,
            defaults={"level": level, "spot_check_percent": spot_check_percent},
        )
    ClosingPolicyChange.objects.create(
        region=region,
        severity=severity,
        level=level or "",
        spot_check_percent=spot_check_percent,
        by=by.user,
    )


@transaction.atomic
def set_extension_policy(*, by: Actor, region: Region, case: str, limits: dict | None) -> None:
    """Set the limits of extensions of a region and case; `limits=None` takes them away.

    Requests made before keep the day by which they must be decided and who decides. Raises PermissionDenied.
    """
    _require(by, region, "延期规则")
    rows = ExtensionPolicy.objects.filter(region=region, case=case)
    if limits is None:
        rows.delete()
    else:
        ExtensionPolicy.objects.update_or_create(region=region, case=case, defaults=limits)
    written = limits or EXTENSION_LIMITS[ExtensionCase(case)]
    ExtensionPolicyChange.objects.create(
        region=region, case=case, is_default=limits is None, by=by.user, **written
    )


@transaction.atomic
def set_drafting_rule(*, by: Actor, cause: str, threshold: int) -> None:
    """Set from which number on a record is drafted in the actor's province. Raises PermissionDenied."""
    region = by.authority.region
    _require(by, region, "约谈通报规则")
    DraftingRule.objects.update_or_create(region=region, cause=cause, defaults={"threshold": threshold})
    DraftingRuleChange.objects.create(region=region, cause=cause, threshold=threshold, by=by.user)
