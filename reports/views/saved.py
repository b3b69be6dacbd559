"""常用条件: keep what the ledger is asked, share it, be told of what matches anew."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from institutions.forms.base import add_action_error, posted
from reports import saved_filters
from reports.asked import Asked
from reports.forms import KeepForm
from reports.links import ledger_url
from reports.models import FilterAlert, SavedFilter

_CHANGES = {
    "share": (saved_filters.share, "已共享给本单位的同事。"),
    "unshare": (saved_filters.unshare, "已取消共享。"),
    "alert": (saved_filters.alert, "有新的隐患符合条件时会通知您。"),
    "silence": (saved_filters.silence, "不再提醒。"),
    "forget": (saved_filters.forget, "已删除。"),
}


def _visible(request, pk: int) -> SavedFilter:
    _require(request)
    return get_object_or_404(SavedFilter.objects.visible_to(request.actor), pk=pk)


def _require(request) -> None:
    if not request.actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")


@readonly
def filters(request):
    """One's own filters of this post and those shared in the authority."""
    _require(request)
    actor = request.actor
    kept = SavedFilter.objects.visible_to(actor).select_related("kept_as__user")
    alerts = FilterAlert.objects.filter(told_as=actor.membership)
    faults = dict(alerts.values_list("filter_id", "fault"))
    rows = [
        {
            "filter": one,
            "is_own": one.kept_as_id == actor.membership.pk,
            "is_alerting": one.pk in faults,
            "fault": faults.get(one.pk, ""),
            "url": reverse("reports:open_filter", args=[one.pk]),
        }
        for one in kept
    ]
    return render(request, "reports/filters/list.html", {"rows": rows})


@writes(methods=("GET", "HEAD", "POST"))
def keep_filter(request):
    """Keep what the address asks for, under a name."""
    _require(request)
    asked = Asked(request.GET, request.actor, timezone.localdate())
    if not asked.is_valid:
        raise Http404("查询条件有误，请回到台账重新查询。")
    form = KeepForm(posted(request), actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            saved_filters.keep(asked, by=request.actor, **form.cleaned_data)
            messages.success(request, "已保存为常用条件。")
            return redirect("reports:filters")
        except ValidationError as error:
            add_action_error(form, error)
    context = {"form": form, "words": asked.words, "back_url": ledger_url(**asked.query)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "reports/filters/keep.html", context, status=status)


@writes(methods=("GET", "HEAD"))
def open_filter(request, pk):
    """To the ledger, asked as it was kept: where notices lead. Writes only that its notices are read."""
    kept = _visible(request, pk)
    saved_filters.seen(kept, by=request.actor)
    return redirect(ledger_url(**kept.query))


@writes
def change_filter(request, pk):
    """POST `change`: share, unshare, alert, silence or forget."""
    kept = _visible(request, pk)
    act, words = _CHANGES.get(request.POST.get("change", ""), (None, ""))
    if act is None:
        raise Http404("没有这个操作。")
    try:
        act(kept, by=request.actor)
        messages.success(request, words)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("reports:filters")
