"""销号规则: what is set, and setting it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render

from common.http import writes
from hazards.actions.policies import set_closing_policy
from hazards.forms import ClosingPolicyForm
from hazards.models import ClosingPolicy, ClosingPolicyChange
from institutions.enums import Capability

CHANGES_SHOWN = 20


@writes(methods=("GET", "HEAD", "POST"))
def closing_policy(request):
    """The policies of the province with their latest changes, and the form to set one."""
    actor = request.actor
    if not actor.can(Capability.SET_POLICY):
        raise PermissionDenied("只有省级监管人员可以设定销号规则。")
    form, status = ClosingPolicyForm(actor=actor), 200
    if request.method == "POST":
        form = ClosingPolicyForm(request.POST, actor=actor)
        if form.is_valid():
            set_closing_policy(by=actor, **form.facts())
            messages.success(request, "销号规则已设定，从下一次验收起生效。")
            return redirect("hazards:closing_policy")
        status = 422
    within = {"region__path__startswith": actor.authority.region.path}
    context = {
        "form": form,
        "policies": ClosingPolicy.objects.filter(**within).select_related("region").order_by("region__path"),
        "changes": ClosingPolicyChange.objects.filter(**within).select_related("region", "by")[
            :CHANGES_SHOWN
        ],
    }
    return render(request, "hazards/closing_policy.html", context, status=status)
