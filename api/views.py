"""数据接入: pages of those who ask for, issue and revoke access by other systems."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from api import accesses, reading
from api.forms import AccessForm
from api.models import Access
from common.http import readonly, writes
from institutions.forms.base import add_action_error, posted
from notifications.publishing import standing

EVENTS_SHOWN = 20


def _visible(actor):
    accesses.require_viewer(actor)
    rows = Access.objects.visible_to(actor)
    return rows.select_related("authority", "issued_as__user", "requested_by", "revoked_by", "subscriber")


@readonly
def access_list(request):
    """The accesses of the region's authorities, newest first."""
    now = timezone.now()
    rows = [(access, *access.state(now)) for access in _visible(request.actor)]
    context = {"rows": rows, "may_request": accesses.may_request(request.actor)}
    return render(request, "api/accesses.html", context)


@writes(methods=("GET", "HEAD", "POST"))
def access_new(request):
    """登记接入."""
    if not accesses.may_request(request.actor):
        raise PermissionDenied("只有系统管理员可以登记数据接入。")
    form = AccessForm(posted(request), actor=request.actor)
    if form.is_bound and form.is_valid():
        try:
            made = accesses.request_access(by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, f"已登记，等待{made.authority.name}的监管人员签发。")
            return redirect("accesses:detail", made.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "api/access_new.html", {"form": form}, status=status)


@readonly
def access(request, pk):
    """One access: what was agreed, how it stands, its trace, and what this person may do."""
    found = get_object_or_404(_visible(request.actor), pk=pk)
    word, tone = found.state(timezone.now())
    context = {
        "access": found,
        "word": word,
        "tone": tone,
        "is_over": tone == "grey",
        "days_left": found.days_left(timezone.localdate()),
        "ends_soon": tone == "amber" and found.issued_as is not None,
        "may_request": accesses.may_request(request.actor),
        "may_issue": accesses.may_issue(request.actor, found),
        "may_revoke": accesses.may_revoke(request.actor),
        "push": found.subscriber and standing(found.subscriber),
        "events": found.events.select_related("by")[:EVENTS_SHOWN],
    }
    return render(request, "api/access.html", context)


@never_cache
@writes
def access_issue(request, pk):
    """签发令牌: the answer shows it, this once."""
    found = get_object_or_404(_visible(request.actor), pk=pk)
    typed = request.POST.get("issue_count", "")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else -1
    issued = accesses.issue_token(found, by=request.actor, issue_count=count)
    return render(request, "api/issued.html", {"issued": issued, "access": issued.access})


@writes
def access_revoke(request, pk):
    """吊销, at once."""
    accesses.revoke(get_object_or_404(_visible(request.actor), pk=pk), by=request.actor)
    messages.success(request, "已吊销，令牌立即失效，不再推送。")
    return redirect("accesses:detail", pk)


@writes
def access_try(request, pk):
    """Send a test message; the page then says what became of it."""
    try:
        accesses.try_push(get_object_or_404(_visible(request.actor), pk=pk), by=request.actor)
        messages.success(request, "测试消息已交给发送程序，几秒后刷新本页可看到结果。")
    except ValidationError as refusal:
        messages.warning(request, refusal.messages[0])
    return redirect("accesses:detail", pk)


@readonly
def openapi(request):
    """The OpenAPI document, for people to hand on."""
    accesses.require_viewer(request.actor)
    return JsonResponse(reading.document(), json_dumps_params={"ensure_ascii": False})
