"""What a person took along, and what became of it."""

from django.db.models import OuterRef, Subquery, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from inspections.enums import VisitAct
from inspections.models import Packet, Visit, VisitEvent
from institutions.actor import Actor


def packet_list(actor: Actor):
    """The person's kits, latest first, with `visit_status` of their visits as far as there are any.

    `waiting_photos`: the list of those the latest zip still may bring; see inspections.imported.Waiting.
    """
    visits = Visit.objects.visible_to(actor).filter(uid=OuterRef("visit_uid"))
    imports = VisitEvent.objects.filter(visit__uid=OuterRef("visit_uid"), act=VisitAct.IMPORT)
    of_packet = imports.alias(packet=KeyTextTransform("packet", "data")).filter(
        packet=Cast(OuterRef("uid"), TextField())
    )
    return (
        Packet.objects.visible_to(actor)
        .defer("key")
        .select_related("institution__county")
        .annotate(
            visit_status=Subquery(visits.values("status")[:1]),
            waiting_photos=Subquery(of_packet.order_by("-id").values("data__waiting__photos")[:1]),
        )
        .order_by("-id")
    )
