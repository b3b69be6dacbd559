"""A kit is taken along, and what came back of it is written down. The row is the trace."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from inspections import packet_rules, visit_rules
from inspections.actions.visit_door import leave_trace
from inspections.enums import VisitAct
from inspections.models import Checklist, Packet, Visit
from institutions.actor import Actor
from institutions.models import Institution


@transaction.atomic
def take_along(
    *,
    by: Actor,
    uid: uuid.UUID,
    form: str,
    institution: Institution,
    visit_uid: uuid.UUID,
    checklists: Iterable[Checklist],
    made_at: datetime,
    key: bytes,
    digest: str,
) -> Packet:
    """Write down what `by` takes along; raises PermissionDenied for who can't inspect there."""
    if reason := visit_rules.opener(by):
        raise PermissionDenied(reason)
    if not Institution.objects.visible_to(by).filter(pk=institution.pk).exists():
        raise PermissionDenied("这家机构不在您的辖区内。")
    packet = Packet.objects.create(
        uid=uid,
        form=form,
        institution=institution,
        visit_uid=visit_uid,
        made_at=made_at,
        made_by=by.user,
        use_until=made_at + packet_rules.USE_FOR,
        send_until=made_at + packet_rules.SEND_FOR,
        key=key,
        digest=digest,
    )
    packet.checklists.set(checklists)
    return packet


@transaction.atomic
def bring_back(
    packet: Packet,
    *,
    by: Actor,
    visit: Visit,
    saved: int,
    sha256: str,
    arrived: dict,
    left: int,
    waiting: dict,
    is_rest: bool = False,
) -> None:
    """Write down which save of a kit was taken in, and that on the visit; the same save again changes nothing.

    `waiting` is what a repeat of the same zip may still bring (see Waiting); `is_rest`: this was such a repeat.
    Of two at once the later waits here; an older save never takes the place of a newer.
    """
    packet = Packet.objects.select_for_update(no_key=True, of=("self",)).get(pk=packet.pk)
    is_older = packet.last_saved is not None and packet.last_saved > saved
    if is_older or (packet.last_sha256 == sha256) != is_rest:
        return
    packet.last_saved, packet.last_sha256 = saved, sha256
    packet.imported_at, packet.imported_by = timezone.now(), by.user
    packet.save(update_fields=["last_saved", "last_sha256", "imported_at", "imported_by"])
    data = {"packet": str(packet.uid), "saved": saved, "sha256": sha256, "arrived": arrived, "left": left}
    comment = packet.get_form_display()
    leave_trace(visit, VisitAct.IMPORT, by=by, comment=comment, data=data | {"waiting": waiting})
