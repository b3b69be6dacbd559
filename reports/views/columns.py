"""选择列: which columns the ledger shows and the 自选列 file has, saved with each click."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone

from common.http import writes
from reports import chosen
from reports.asked import Asked
from reports.links import ledger_url


def _back(request) -> str:
    """The ledger as it was asked; without conditions when they don't hold any more."""
    asked = Asked(request.GET, request.actor, timezone.localdate())
    return ledger_url(**asked.query) if asked.is_valid else ledger_url()


@writes(methods=("GET", "HEAD", "POST"))
def columns(request):
    """POST one of add, drop, up, down (a column's name), or reset; then the page again."""
    actor = request.actor
    if not actor.may_view_hazards:
        raise PermissionDenied("您的角色不能查看隐患。")
    if request.method == "POST":
        what = next((what for what in chosen.CHANGES if what in request.POST), None)
        if what is None:
            raise Http404("没有这个操作。")
        chosen.change(actor, what, request.POST[what])
        if not request.htmx:  # with htmx the page follows at once and stays where it is scrolled to
            return redirect(request.get_full_path())
    names = chosen.names_for(actor)
    context = {
        "chosen": [chosen.CHOICES[name] for name in names],
        "others": [choice for choice in chosen.offered(actor) if choice.name not in names],
        "is_own": names != chosen.defaults_for(actor),
        "is_full": len(names) >= chosen.MOST_CHOSEN,
        "most": chosen.MOST_CHOSEN,
        "back_url": _back(request),
    }
    return render(request, "reports/columns.html", context)
