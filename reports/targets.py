"""存量清零: setting the target of one's own region, and how far a territory has come."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from institutions.actor import Actor
from institutions.enums import Capability
from institutions.territories import Territory
from reports.models import ClearanceTarget
from reports.statistics import Statistics


def may_set(actor: Actor) -> bool:
    """Officials of civil affairs, for their own region."""
    return actor.can(Capability.MANAGE_CAMPAIGNS) and actor.scope.column is not None and bool(actor.authority)


def set_target(*, by: Actor, stock_month: date, clear_by: date) -> ClearanceTarget:
    """Order that what was open at the end of `stock_month` be closed by `clear_by`; replaces the region's last one.

    Raises PermissionDenied for whoever may not.
    """
    if not may_set(by):
        raise PermissionDenied("您的角色不能设定清零目标。")
    return ClearanceTarget.objects.create(
        region=by.authority.region,
        stock_month=stock_month.replace(day=1),
        clear_by=clear_by,
        set_at=timezone.now(),
        set_by=by.user,
    )


def target_for(territory: Territory) -> ClearanceTarget | None:
    """The latest target of the region itself, or of the nearest above that has one. One statement."""
    codes = territory.region.ancestor_codes
    rows = ClearanceTarget.objects.filter(region__code__in=codes).select_related("region")
    return rows.order_by("-region__path", "-id").first()


@dataclass(frozen=True)
class Clearance:
    """How much of a stock is left, and the days left for it (negative: over)."""

    target: ClearanceTarget
    stock: int
    left: int
    days_left: int

    @property
    def days_late(self) -> int:
        return -self.days_left

    @property
    def cleared(self) -> int:
        return self.stock - self.left

    @property
    def rate(self) -> float | None:
        """清零率: closed or voided since, of what was open then."""
        return self.cleared / self.stock if self.stock else None

    @property
    def rate_floor(self) -> int:
        return int((self.rate or 0) * 100)


def clearance_of(target: ClearanceTarget | None, statistics: Statistics) -> Clearance | None:
    """Of statistics read with the target's month as `cleared`."""
    if target is None:
        return None
    return Clearance(
        target,
        statistics.summary.stock_after(target.stock_month),
        statistics.work.of_old_stock,
        (target.clear_by - statistics.today).days,
    )
