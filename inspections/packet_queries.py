"""What a person took along, and what became of it."""

from django.db.models import OuterRef, Subquery

from inspections.models import Packet, Visit
from institutions.actor import Actor


def packet_list(actor: Actor):
    """The person's kits, latest first, with `visit_status` of their visits as far as there are any."""
    visits = Visit.objects.visible_to(actor).filter(uid=OuterRef("visit_uid"))
    return (
        Packet.objects.visible_to(actor)
        .defer("key")
        .select_related("institution__county")
        .annotate(visit_status=Subquery(visits.values("status")[:1]))
        .order_by("-id")
    )
