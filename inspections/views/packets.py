"""离线检查包: what I took along, making one file, and bringing back what a phone saved."""

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header

from common.http import readonly, writes
from files.upload_handlers import takes
from inspections import importing, kits, packet_queries, packet_rules, visit_rules
from inspections.enums import PacketForm
from inspections.forms.packets import ZipForm
from inspections.packet_file import one_file
from inspections.packet_zip import MAX_ZIP_BYTES, Unusable
from institutions.models import Institution
from institutions.queries import choices

PER_PAGE = 20


def _require_opener(request) -> None:
    if reason := visit_rules.opener(request.actor):
        raise PermissionDenied(reason)


@readonly
def packets(request):
    """The person's own kits, loud about those of which nothing came back; and which institution the next is for."""
    _require_opener(request)
    page = Paginator(packet_queries.packet_list(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    for packet in page.object_list:
        waiting = len(packet.waiting_photos or ())
        packet.whereabouts = packet_rules.whereabouts(packet, packet.visit_status, waiting, now)
    context = {"page": page} | choices(request.actor, request.GET.get("q", ""))
    return render(request, "inspections/packets/list.html", context)


@writes(methods=("GET", "HEAD", "POST"))
def packet_new(request, institution_pk: int):
    """What one file is, in plain words; POST makes it and downloads it."""
    institution = get_object_or_404(
        Institution.objects.visible_to(request.actor).in_use().select_related("county"), pk=institution_pk
    )
    _require_opener(request)
    if request.method != "POST":
        terms = {"use_days": packet_rules.USE_FOR.days, "send_days": packet_rules.SEND_FOR.days}
        return render(request, "inspections/packets/new.html", {"institution": institution} | terms)
    page = one_file(kits.take(request.actor, institution, form=PacketForm.FILE))
    name = f"离线检查包-{institution.name}-{timezone.localdate().isoformat()}.html"
    headers = {
        "Content-Disposition": content_disposition_header(True, name),
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(page, headers=headers)


@takes(MAX_ZIP_BYTES)
@writes(methods=("GET", "HEAD", "POST"))
def packet_import(request):
    """The zip, and what became of it: shown at once, because what was refused stands on that page with its text."""
    _require_opener(request)
    if request.method != "POST":
        return render(request, "inspections/packets/import.html", {"form": ZipForm()})
    form = ZipForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            done = importing.bring_in(request.actor, file, file.size)
        except Unusable as unusable:
            form.add_error("file", str(unusable))
        else:
            return render(request, "inspections/packets/result.html", {"done": done})
    return render(
        request, "inspections/packets/import.html", {"form": form}, status=HTTPStatus.UNPROCESSABLE_ENTITY
    )
