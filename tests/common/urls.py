"""The product's addresses and a few views that misbehave on purpose."""

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.urls import path

from common.http import Conflict, readonly, writes
from config.urls import urlpatterns as product
from institutions.models import User


def _say(request):
    return HttpResponse("done")


@readonly
def looks_but_writes(request):
    User.objects.filter(pk=request.user.pk).update(name="写坏了")
    return HttpResponse("done")


@writes
def waits_for_a_lock(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM institutions_user WHERE id = %s FOR UPDATE", [request.user.pk])
    return HttpResponse("done")


@writes
def conflicts(request):
    raise Conflict(
        "这条隐患已经办理过。", back_url="/ledger/", typed=[{"label": "意见", "value": "写下的<字>"}]
    )


@readonly
def forbids(request):
    raise PermissionDenied("须由另一位同事办理。")


@readonly
def breaks(request):
    raise RuntimeError("秘密的细节")


urlpatterns = [
    *product,
    path("t/looks/", readonly(_say)),
    path("t/looks-without-post/", readonly(_say, needs_post=False)),
    path("t/writes/", writes(_say)),
    path("t/looks-but-writes/", looks_but_writes),
    path("t/waits/", waits_for_a_lock),
    path("t/conflicts/", conflicts),
    path("t/forbids/", forbids),
    path("t/breaks/", breaks),
]
