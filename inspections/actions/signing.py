"""签名 drawn on screen, and 拒签 with its reason (安全生产法 68)."""

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from inspections import png
from inspections.actions.visit_door import inspected, leave_trace, require_open, writable
from inspections.actions.visits import credible
from inspections.enums import SignerRole, VisitAct
from inspections.models import Visit, VisitSignature
from institutions.actor import Actor
from institutions.models import User


@transaction.atomic
def sign(
    visit: Visit,
    *,
    by: Actor,
    uid: uuid.UUID,
    role: str,
    image: bytes,
    name: str = "",
    user: User | None = None,
    signed_at=None,
) -> VisitSignature:
    """Keep the signature of one inspector (`user`) or of the person in charge (`name`); signing again replaces it.

    The phone is handed round, so any inspector may take another's. The same `uid` again changes nothing. Raises
    png.BadDrawing for a picture that is no drawing.
    """
    visit = inspected(visit, by=by)
    if there := visit.signatures.filter(uid=uid).first():
        return there
    require_open(visit)
    image = png.clean(image)
    if role == SignerRole.INSPECTOR:
        if user is None or user.pk not in {u.pk for u in visit.inspectors.all()}:
            raise PermissionDenied("签名的不是这次检查的检查人员。")
        whose, name = {"user": user}, user.name
    else:
        whose, name = {"role": SignerRole.IN_CHARGE}, name.strip()
    visit.signatures.filter(**whose).delete()
    signature = VisitSignature.objects.create(
        uid=uid,
        visit=visit,
        role=role,
        user=user if role == SignerRole.INSPECTOR else None,
        name=name,
        image=image,
        signed_at=credible(signed_at, timezone.now()),
    )
    if role == SignerRole.IN_CHARGE:
        _write(visit, person_in_charge=name, refusal_reason="")
    leave_trace(visit, VisitAct.SIGN, by=by, comment=f"{SignerRole(role).label} {name}")
    return signature


@transaction.atomic
def refuse(visit: Visit, *, by: Actor, reason: str, name: str = "") -> Visit:
    """拒签 (or signed on paper): why the person in charge did not sign on screen. Takes the place of a signature."""
    visit = writable(visit, by=by)
    name = name or visit.person_in_charge
    if (visit.refusal_reason, visit.person_in_charge) == (reason, name):
        return visit
    visit.signatures.filter(role=SignerRole.IN_CHARGE).delete()
    _write(visit, person_in_charge=name, refusal_reason=reason)
    leave_trace(visit, VisitAct.REFUSE, by=by, comment=reason)
    return visit


def _write(visit: Visit, **fields) -> None:
    for name, value in fields.items():
        setattr(visit, name, value)
    visit.version += 1
    visit.save(update_fields=[*fields, "version"])
