"""Pages of notices. Each starts from the logged-in user: somebody else's notice does not exist."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from common.http import readonly, writes
from institutions.forms.base import add_action_error, posted
from notifications import channels, preferences, queries, reading
from notifications.enums import PERSONAL_CHANNELS
from notifications.forms import PreferenceForm


def _own_notice(request, pk):
    notice = queries.notice_of(request.user, pk)
    if notice is None:
        raise Http404("没有这条通知。")
    return notice


@readonly(needs_post=False)
def notice_list(request):
    """Unread notices, or all with `?show=all`; `?after=<id>` continues."""
    shows_all = request.GET.get("show") == "all"
    after = queries.notice_of(request.user, request.GET.get("after"))
    page = queries.page_of_notices(request.user, unread_only=not shows_all, after=after)
    context = {"page": page, "shows_all": shows_all, "is_first_page": after is None}
    return render(request, "notifications/list.html", context)


@readonly(needs_post=False)
def bell(request):
    """The bell of the header, to be swapped in: the same include as on every page."""
    return render(request, "includes/bell.html", {"unread": queries.unread_count(request.user)})


@writes(needs_post=False)
def mark_read(request):
    """Mark read everything `up_to` the newest one shown; a single one is read by opening it."""
    reading.mark_all_read(request.user, up_to=_own_notice(request, request.POST.get("up_to")))
    return redirect(reverse("notifications:list") + ("?show=all" if "all" in request.POST else ""))


@writes(needs_post=False, methods=("GET", "HEAD", "POST"))
def open_notice(request, pk):
    """Go to what the notice is about. POST marks it read on the way; a plain link (GET) changes nothing."""
    notice = _own_notice(request, pk)
    if request.method == "POST":
        reading.mark_read(notice)
    return HttpResponseClientRedirect(notice.url) if request.htmx else redirect(notice.url)


@writes(needs_post=False, methods=("GET", "HEAD", "POST"))
def own_preferences(request):
    """How I want to be told, where I can be reached, and where I can't."""
    form = PreferenceForm(posted(request), user=request.user)
    if form.is_bound and form.is_valid():
        try:
            preferences.choose(request.user, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, "提醒方式已保存。")
            return redirect("notifications:preferences")
    context = {
        "form": form,
        "undeliverable": preferences.undeliverable_of(request.user),
        "closed": [channel.label for channel in PERSONAL_CHANNELS if not channels.is_open(channel)],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "notifications/preferences.html", context, status=status)
