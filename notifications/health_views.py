"""Health for load balancers and monitors, open to anybody, so they say what is wrong and nothing else; and for staff."""

from django.db import DatabaseError
from django.http import JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from common.http import public, readonly
from institutions.enums import Capability
from institutions.permissions import require
from notifications import health, waking
from notifications.health_facts import facts


def _answer(status: int, state: str, reasons: list[str]) -> JsonResponse:
    response = JsonResponse(
        {"status": state, "reasons": reasons}, status=status, json_dumps_params={"ensure_ascii": False}
    )
    response["Cache-Control"] = "no-store"
    return response


@public
def health_live(request):
    """This process answers. Touches neither database nor broker."""
    return _answer(200, "ok", [])


@public
def health_ready(request):
    """PostgreSQL answers and every migration is applied."""
    try:
        is_behind = health.has_unapplied_migrations()
    except DatabaseError:
        return _answer(503, "failing", ["连接不上数据库。"])
    if is_behind:
        return _answer(503, "failing", ["数据库结构不是最新，请运行 prepare_database。"])
    return _answer(200, "ok", [])


@public
def health_deep(request):
    """Messages leave the house: 503 with the reasons if not. A broker that is down degrades, no more."""
    try:
        reasons = health.problems(health.vitals())
    except DatabaseError:
        return _answer(503, "failing", ["连接不上数据库。"])
    if reasons:
        return _answer(503, "failing", reasons)
    if not waking.broker_answers():
        return _answer(200, "degraded", ["消息队列没有应答：邮件改由定时任务发送，最多晚 30 秒。"])
    return _answer(200, "ok", [])


@readonly
def health_panel(request):
    """The same in words for system administrators: the panel alone for htmx, else a page around it."""
    require(request.actor, Capability.MANAGE_SYSTEM)
    template = "notifications/health_panel.html" if request.htmx else "notifications/health.html"
    response = render(request, template, {"facts": facts(health.vitals()), "now": timezone.now()})
    patch_vary_headers(response, ["HX-Request"])
    return response
