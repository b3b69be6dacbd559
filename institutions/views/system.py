"""系统管理: facts of the system for system administrators; no business data."""

from django.db.models import Count, Q
from django.shortcuts import render

from common.http import readonly
from institutions.enums import Capability
from institutions.lockouts import locked_names
from institutions.permissions import require, users_in_region


@readonly
def status(request):
    """How many accounts there are, and which are locked out."""
    require(request.actor, Capability.MANAGE_SYSTEM)
    users = users_in_region(request.actor)
    counts = users.aggregate(
        total=Count("pk"),
        disabled=Count("pk", filter=Q(is_active=False)),
        never=Count("pk", filter=Q(is_active=True, last_login=None)),
        first_password=Count("pk", filter=Q(is_active=True, must_change_password=True)),
    )
    retry_at = locked_names()
    locked = list(users.filter(username__in=retry_at).order_by("username"))
    for user in locked:
        user.retry_at = retry_at[user.username]
    return render(request, "institutions/system.html", {"counts": counts, "locked": locked})
