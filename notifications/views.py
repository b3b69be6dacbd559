"""Pages of notices. Each starts from the logged-in user: somebody else's notice does not exist."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from common.http import readonly, writes
from notifications import queries, reading


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
