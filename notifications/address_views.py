"""Addresses that reach nobody, for the system administrators of the region."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers

from common.http import readonly, writes
from institutions.enums import Capability
from institutions.permissions import require
from notifications.channels import is_open
from notifications.enums import Channel
from notifications.preferences import allow_again, undeliverable_in_region
from notifications.robots import robots_in_region

SHOWN = 50


@readonly
def address_panel(request):
    """Which channels are open, and which addresses are dead: the panel alone for htmx, else a page around it."""
    require(request.actor, Capability.MANAGE_SYSTEM)
    found = undeliverable_in_region(request.actor)
    context = {
        "addresses": found[:SHOWN],
        "total": found.count(),
        "failed_robots": robots_in_region(request.actor)
        .filter(is_active=True, failed_at__isnull=False)
        .count(),
        "channels": [(channel, is_open(channel)) for channel in Channel],
    }
    template = "notifications/address_panel.html" if request.htmx else "notifications/addresses.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@writes
def address_allow(request, pk):
    """Send to this address again."""
    require(request.actor, Capability.MANAGE_SYSTEM)
    address = get_object_or_404(undeliverable_in_region(request.actor), pk=pk)
    allow_again(address, by=request.actor)
    messages.success(request, f"{address.user.name}的{address.get_channel_display()}以后会再发。")
    return redirect("members:system")
