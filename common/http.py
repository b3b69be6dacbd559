"""What every view of the house is wrapped in, and the errors a view may raise."""

from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views import csrf
from django_htmx.http import HttpResponseClientRedirect

BUSY = "另一位同事正在办理同一条隐患，请稍等几秒再试。"


class Conflict(Exception):
    """Somebody else acted first, or the row is busy. Becomes the 409 page; `context` goes to its template."""

    def __init__(self, message: str, **context):
        super().__init__(message)
        self.message = message
        self.context = context


def _deny_stranger(request) -> HttpResponse:
    """Send somebody who is not logged in to the login page, in the way the caller can follow."""
    path = request.get_full_path()
    if request.htmx:
        # Never a login page inside a table cell: the browser goes there whole, then back to the page it was on.
        current = request.htmx.current_url_abs_path or path
        return HttpResponseClientRedirect(redirect_to_login(current).url, status=204)
    if request.headers.get("accept", "").startswith("application/json"):
        return HttpResponse('{"error": "登录已过期，请重新登录。"}', "application/json", 401)
    return redirect_to_login(path if request.method == "GET" else request.headers.get("referer") or "/")


def _guard(request, needs_post: bool) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return _deny_stranger(request)
    if needs_post and request.actor is None:
        raise PermissionDenied("您还没有任职，请联系安全管理员。")
    return None


def readonly(view=None, *, needs_post=True):
    """GET and HEAD by somebody logged in (and, by default, holding a post), in a READ ONLY transaction.

    A view that tries to write gets an error from PostgreSQL: looking changes nothing.
    """

    def decorate(function):
        @wraps(function)
        def wrapped(request, *args, **kwargs):
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["GET", "HEAD"])
            if denied := _guard(request, needs_post):
                return denied
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION READ ONLY")
                return function(request, *args, **kwargs)

        wrapped.access = "readonly"
        return wrapped

    return decorate(view) if view else decorate


def writes(view=None, *, needs_post=True, methods=("POST",)):
    """POST (or `methods`) by somebody logged in. The action called opens its own transaction."""

    def decorate(function):
        @wraps(function)
        def wrapped(request, *args, **kwargs):
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if denied := _guard(request, needs_post):
                return denied
            return function(request, *args, **kwargs)

        wrapped.access = "writes"
        return wrapped

    return decorate(view) if view else decorate


def public(view=None, *, methods=("GET", "HEAD")):
    """Open to anybody: login, health. Says so, because the access matrix asks every URL."""

    def decorate(function):
        @wraps(function)
        def wrapped(request, *args, **kwargs):
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return function(request, *args, **kwargs)

        wrapped.access = "public"
        return wrapped

    return decorate(view) if view else decorate


def csrf_failure(request, reason=""):
    """The 403 page; JSON where a script asks (a view that `answers_json`), which then fetches a new token."""
    if getattr(request.resolver_match.func, "answers_json", False):
        return JsonResponse({"error": "页面已过期，正在重新取得许可。", "code": "csrf"}, status=403)
    return csrf.csrf_failure(request, reason)
