"""A kit is taken along, and what came back of it is written down. The row is the trace."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from inspections import packet_rules, visit_rules
from inspections.models import Checklist, Packet
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
