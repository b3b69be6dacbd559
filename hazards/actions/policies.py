"""销号规则: which level closes out, set by the province as data, with a trace."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from hazards.models import ClosingPolicy, ClosingPolicyChange
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Region


@transaction.atomic
def set_closing_policy(
    *, by: Actor, region: Region, severity: str, level: str | None, spot_check_percent: int = 0
) -> None:
    """Set the policy of a region and severity; `level=None` takes it away, and the region above decides again.

    Hazards accepted before keep the authority that was chosen then. Raises PermissionDenied for a role that may
    not, or a region outside the actor's own.
    """
    if not by.can(Capability.SET_POLICY) or not region.path.startswith(by.authority.region.path):
        raise PermissionDenied("只有省级监管人员可以设定本省的销号规则。")
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
