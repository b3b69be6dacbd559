"""挂牌督办公示: the one list that is open to anybody. What it may say is decided in hazards.publishing."""

from django.core.paginator import Paginator
from django.shortcuts import render

from common.http import public
from hazards import publishing

PER_PAGE = 20


@public
def public_orders(request):
    """Published orders, latest first; not to be indexed by search engines. Two statements."""
    page = Paginator(publishing.published(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "orders": [publishing.shown(row) for row in page]}
    response = render(request, "hazards/public_orders.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
