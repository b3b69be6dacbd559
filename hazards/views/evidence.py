"""Photos of a hazard: in scope only, and each viewing logged where people are under protection."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from common.http import writes
from files.serve import serve
from hazards import queries
from hazards.actions.viewing import log_viewing
from hazards.models import Evidence, Hazard


@writes(methods=("GET", "HEAD"))
def photo(request, pk: int, variant: str):
    """The re-encoded photo (`full`, `thumb`) or the PDF of one evidence; writes only the log of viewings."""
    evidence = get_object_or_404(
        Evidence.objects.select_related("file", "hazard__institution").filter(
            hazard__in=Hazard.objects.visible_to(request.actor)
        ),
        pk=pk,
    )
    if not queries.may_see_photos(evidence.hazard, request.actor):
        raise PermissionDenied("受保护机构的照片只供县级以上民政部门和机构本身查看。")
    if variant == "thumb" and not evidence.file.is_image:
        raise Http404
    log_viewing(evidence, by=request.actor, variant=variant)
    return serve(evidence.file, variant)
