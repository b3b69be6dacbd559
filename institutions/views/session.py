"""Logging in and out, one's own password, post and type size."""

import math
import time
from http import HTTPStatus

from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.db import OperationalError
from django.db.backends.postgresql.psycopg_any import errors
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from common.http import public, readonly, writes
from institutions.actions import accounts
from institutions.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from institutions.enums import Capability
from institutions.forms.session import LoginForm, OwnPasswordForm


def safe_next(request, default: str) -> str:
    """The page asked for in `next` when it is one of ours, else `default` (a URL or its name)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else resolve_url(default)


@never_cache
@sensitive_post_parameters("password")
@public(methods=("GET", "HEAD", "POST"))
def login(request):
    """Log in; then the page that was asked for. Wrong words are told without saying which."""
    if request.user.is_authenticated and request.method != "POST":
        return redirect(safe_next(request, settings.LOGIN_REDIRECT_URL))
    form, status = LoginForm(request), HTTPStatus.OK
    if request.method == "POST":
        form = LoginForm(request, request.POST)
        try:
            if form.is_valid():
                return _begin(request, form.get_user())
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.LockNotAvailable):
                raise
            form = LoginForm(request, initial={"username": request.POST.get("username", "")[:60]})
            messages.warning(request, "这个账号正有多次登录在验证，请过几秒再试。")
            status = HTTPStatus.TOO_MANY_REQUESTS
    context = {"form": form, "next": safe_next(request, settings.LOGIN_REDIRECT_URL)}
    if settings.IS_DEMO:
        context |= {"demo_accounts": DEMO_ACCOUNTS, "demo_password": DEMO_PASSWORD}
    return render(request, "registration/login.html", context, status=status)


def _begin(request, user) -> HttpResponse:
    """A new session with its own clock: no key, post or age is taken over from before."""
    if request.user.is_authenticated:
        end_session(request)
    start_session(request, user)
    now = int(time.time())
    request.session.update({"started_at": now, "seen_at": now, "epoch": user.session_epoch})
    return redirect(safe_next(request, settings.LOGIN_REDIRECT_URL))


def locked_out(request, response, credentials):
    """The page of a login name that failed too often: says from when it may be tried again."""
    username = get_client_username(request, credentials) or ""
    last = AccessAttempt.objects.filter(username=username).order_by("-attempt_time").first()
    retry_at = (last.attempt_time if last else timezone.now()) + get_cool_off(request)
    minutes = max(1, math.ceil((retry_at - timezone.now()).total_seconds() / 60))
    context = {"username": username, "retry_at": retry_at, "minutes": minutes}
    page = render(request, "registration/locked_out.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    page["Retry-After"] = str(minutes * 60)
    return page


@writes(needs_post=False)
def logout(request):
    """End the session."""
    end_session(request)
    response = redirect("login")
    response["Clear-Site-Data"] = '"cache"'  # what the next person at this machine must not find
    return response


@never_cache
@sensitive_post_parameters()
@writes(needs_post=False, methods=("GET", "HEAD", "POST"))
def password_change(request):
    """Change one's own password: other sessions end, this one goes on."""
    form, status = OwnPasswordForm(request.user), HTTPStatus.OK
    if request.method == "POST":
        form = OwnPasswordForm(request.user, request.POST)
        if form.is_valid():
            user = accounts.change_own_password(request.user, password=form.cleaned_data["new_password1"])
            update_session_auth_hash(request, user)
            request.session["epoch"] = user.session_epoch
            messages.success(request, "密码已修改，其他设备上的登录已退出。")
            return redirect(settings.LOGIN_REDIRECT_URL)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {"form": form, "is_first": request.user.must_change_password}
    return render(request, "registration/password_change.html", context, status=status)


@writes(needs_post=False)
def post_switch(request):
    """Act in another of one's own posts from now on. Another person's post does not exist: 404."""
    wanted = request.POST.get("membership", "")
    membership = next((post for post in request.posts if str(post.pk) == wanted), None)
    if membership is None:
        raise Http404
    request.session["membership"] = membership.pk
    messages.success(request, f"已切换到：{membership}")
    return redirect(settings.LOGIN_REDIRECT_URL)


@writes(needs_post=False)
def display_size(request):
    """Large type or normal, kept in the profile; back to the page it was asked on."""
    size = request.POST.get("size")
    is_large = size == "large" if size in {"large", "normal"} else not request.user.has_large_text
    accounts.set_large_text(request.user, is_large=is_large)
    return redirect(safe_next(request, "me"))


@readonly(needs_post=False)
def me(request):
    """Who I am, in which posts, and what my role may do."""
    can = [c.label for c in Capability if request.actor and request.actor.can(c)]
    return render(request, "institutions/me.html", {"can": can})
