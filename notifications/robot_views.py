"""群机器人: pages of the administrators who set them. Address and secret go in and never come out."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from common.http import readonly, writes
from institutions.forms.base import add_action_error, posted
from notifications import robots
from notifications.forms import AddRobotForm, EditRobotForm

EVENTS_SHOWN = 20


def _robot(request, pk):
    robots.require_setter(request.actor)
    return get_object_or_404(robots.robots_in_region(request.actor), pk=pk)


@readonly
def robot_list(request):
    """The robots of the authorities in the region."""
    robots.require_setter(request.actor)
    return render(request, "notifications/robots.html", {"robots": robots.robots_in_region(request.actor)})


@never_cache
@sensitive_post_parameters("url", "secret")
@writes(methods=("GET", "HEAD", "POST"))
def robot_add(request):
    """A new robot; then its page, to try it."""
    robots.require_setter(request.actor)
    form = AddRobotForm(posted(request), actor=request.actor)
    if form.is_bound and form.is_valid():
        try:
            robot = robots.add_robot(by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, "已保存。请发一条测试消息，确认群里能收到。")
            return redirect("notifications:robot", robot.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "notifications/robot_add.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters("url", "secret")
@writes(methods=("GET", "HEAD", "POST"))
def robot(request, pk):
    """One robot: how it stands, its trace, and the form to change it."""
    found = _robot(request, pk)
    form = EditRobotForm(posted(request), initial={"name": found.name, "has_markdown": found.has_markdown})
    if form.is_bound and form.is_valid():
        try:
            robots.edit_robot(found, by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, "已保存。")
            return redirect("notifications:robot", pk)
    context = {
        "form": form,
        "robot": found,
        "last": robots.last_message(found),
        "events": found.events.select_related("by")[:EVENTS_SHOWN],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "notifications/robot.html", context, status=status)


@writes
def robot_switch(request, pk):
    """Switch a robot on (`on`) or off."""
    robots.switch_robot(_robot(request, pk), by=request.actor, is_on="on" in request.POST)
    messages.success(request, "已启用。" if "on" in request.POST else "已停用，等待发送的消息不再发。")
    return redirect("notifications:robot", pk)


@writes
def robot_try(request, pk):
    """Send a test message; the page then says what became of it."""
    try:
        robots.try_robot(_robot(request, pk), by=request.actor)
        messages.success(request, "测试消息已交给发送程序，几秒后刷新本页可看到结果。")
    except ValidationError as refusal:
        messages.warning(request, refusal.messages[0])
    return redirect("notifications:robot", pk)
