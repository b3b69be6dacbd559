"""销号规则, 延期规则, 约谈通报规则: what is set, and setting it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render

from common.http import writes
from hazards.actions.policies import set_closing_policy, set_drafting_rule, set_extension_policy
from hazards.deadlines import DRAFTING_THRESHOLDS
from hazards.enums import DraftingCause, ExtensionCase
from hazards.forms import ClosingPolicyForm, DraftingRuleForm, ExtensionPolicyForm
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

CHANGES_SHOWN = 20


def _require(actor: Actor, what: str) -> None:
    if not actor.can(Capability.SET_POLICY):
        raise PermissionDenied(f"只有省级监管人员可以设定{what}。")


@writes(methods=("GET", "HEAD", "POST"))
def closing_policy(request):
    """The policies of the province with their latest changes, and the form to set one."""
    actor = request.actor
    _require(actor, "销号规则")
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


@writes(methods=("GET", "HEAD", "POST"))
def extension_policy(request):
    """The limits of extensions in the province with their latest changes, and the form to set them."""
    actor = request.actor
    _require(actor, "延期规则")
    form, status = ExtensionPolicyForm(actor=actor), 200
    if request.method == "POST":
        form = ExtensionPolicyForm(request.POST, actor=actor)
        if form.is_valid():
            set_extension_policy(by=actor, **form.facts())
            messages.success(request, "延期规则已设定，从下一次申请起生效。")
            return redirect("hazards:extension_policy")
        status = 422
    within = {"region__path__startswith": actor.authority.region.path}
    context = {
        "form": form,
        "defaults": [ExtensionPolicy.default(case) for case in ExtensionCase],
        "policies": ExtensionPolicy.objects.filter(**within)
        .select_related("region")
        .order_by("region__path", "case"),
        "changes": ExtensionPolicyChange.objects.filter(**within).select_related("region", "by")[
            :CHANGES_SHOWN
        ],
    }
    return render(request, "hazards/extension_policy.html", context, status=status)


@writes(methods=("GET", "HEAD", "POST"))
def drafting_rules(request):
    """From when on 通报 and 约谈 are drafted in the province, and the form to set it."""
    actor = request.actor
    _require(actor, "约谈通报规则")
    form, status = DraftingRuleForm(), 200
    if request.method == "POST":
        form = DraftingRuleForm(request.POST)
        if form.is_valid():
            set_drafting_rule(by=actor, **form.facts())
            messages.success(request, "起草门槛已设定，从下一次检查起生效。")
            return redirect("hazards:drafting_rules")
        status = 422
    region = actor.authority.region
    given = dict(DraftingRule.objects.filter(region=region).values_list("cause", "threshold"))
    context = {
        "form": form,
        "rules": [(c, given.get(c.value, DRAFTING_THRESHOLDS[c]), c.value in given) for c in DraftingCause],
        "changes": DraftingRuleChange.objects.filter(region=region).select_related("by")[:CHANGES_SHOWN],
    }
    return render(request, "hazards/drafting_rules.html", context, status=status)
