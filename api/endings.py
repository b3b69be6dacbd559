"""Access that ends soon: whoever asked for it and whoever issued it hear of it 14 and 3 days before, once each.

What is owed is computed from the rows, so that it may be called at any time, by any number of processes.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from api.models import ENDS_SOON_DAYS, Access
from institutions.enums import Capability, Role
from institutions.models import Membership
from notifications import outbox

LAST_CALL_DAYS = 3


def tell_of_endings(now: datetime | None = None) -> int:
    """Tell of every access in force that ends within these days and was not told of yet; how many were."""
    now = now or timezone.now()
    soon = Access.objects.in_force(now).filter(expires_at__lte=now + timedelta(days=ENDS_SOON_DAYS + 1))
    told = 0
    for access in soon.exclude(told_days=LAST_CALL_DAYS).select_related("authority", "issued_as"):
        days = access.days_left(timezone.localdate(now))
        step = LAST_CALL_DAYS if days <= LAST_CALL_DAYS else ENDS_SOON_DAYS
        # Who issued it later than that has just read when it ends.
        if days <= step and access.issued_at < access.expires_at - timedelta(days=step + 1):
            told += _tell_once(access, step, days)
    return told


@transaction.atomic
def _tell_once(access: Access, step: int, days: int) -> bool:
    """Of any number at once, one changes the row and tells."""
    untold = Q(told_days=None) | Q(told_days__gt=step)
    if not Access.objects.filter(untold, pk=access.pk, revoked_at=None).update(told_days=step):
        return False
    outbox.settle(topic(access.pk))
    when = f"还有 {days} 天到期" if days else "今天到期"
    outbox.notify(
        recipients=_people(access),
        subject=f"数据接入{when}：{access.name}",
        body=f"{access.operator}读取{access.authority.name}的数据，{access.last_day:%Y-%m-%d} 止，之后令牌失效。\n"
        "还要用的，请系统管理员另行登记，签发后交给对方更换令牌。",
        url=reverse("accesses:detail", args=[access.pk]),
        topic=topic(access.pk),
    )
    return True


def topic(access_id: int) -> str:
    """The key under which it is said that an access ends."""
    return f"access-end:{access_id}"


def _people(access: Access) -> list[int]:
    """Who asked and who issued, as far as they still hold a post that may look at it."""
    able = [role for role in Role if Capability.VIEW_ACCESSES in role.facts.capabilities]
    members = Membership.objects.active().filter(
        user__in=[access.requested_by_id, access.issued_as.user_id],
        role__in=able,
        authority__department=access.authority.department,
    )
    above = access.authority.region.ancestor_codes
    return sorted(set(members.filter(authority__region__code__in=above).values_list("user_id", flat=True)))
