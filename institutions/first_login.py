"""A password somebody else has seen is changed before anything else."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

_OPEN = frozenset({"password_change", "logout", "display_size"})


class PasswordChangeMiddleware:
    """Sends a user whose password is still the first one to the password page, from every page but a few."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        # What is open to anybody, or to a token, does not look at who is logged in.
        if getattr(view, "access", "") in ("public", "token") or request.resolver_match.view_name in _OPEN:
            return None
        if getattr(view, "answers_json", False):
            words = "请先在电脑或手机上登录系统，把初始密码改掉。手机里的内容还在。"
            return JsonResponse({"error": words, "code": "first_login"}, status=403)
        if request.htmx:
            return HttpResponseClientRedirect(reverse("password_change"), status=204)
        return redirect("password_change")
