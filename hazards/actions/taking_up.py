"""What the ladder drafts, taken up in the form it has here: 通报 and 约谈 as records, 挂牌 as an order."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clocks.actions import drafts
from clocks.acts import Waiting
from clocks.enums import ClockKind, RungKind
from clocks.models import Clock, Draft
from hazards import workflow
from hazards.actions.drafting import addressees
from hazards.enums import HazardAction, RecordAction, RecordState
from hazards.matter_queries import RECORDS, record_rows
from hazards.models import Circular, Hazard, Summons
from institutions.actor import Actor
from institutions.enums import Capability

_RECORD = {RungKind.CIRCULAR: Circular, RungKind.SUMMON: Summons}
_HAZARD_BY = {
    ClockKind.HAZARD: "pk",
    ClockKind.SUPERVISION: "supervisions",
    ClockKind.PROGRESS: "supervisions",
    ClockKind.TRANSFER: "transfers",
    ClockKind.EXTENSION: "extensions",
}


def _hazards_of(clock: Clock):
    """The hazard behind a clock; none behind a licence or a record."""
    column = _HAZARD_BY.get(ClockKind(clock.kind))
    return Hazard.objects.filter(**{column: clock.subject_id}) if column else Hazard.objects.none()


def _addressee(actor: Actor, draft: Draft) -> dict:
    """To whom: a circular to the authority that supervises, if it is below, a summons to whoever owes the matter."""
    clock = draft.clock
    to_office = draft.kind == RungKind.CIRCULAR or clock.institution_id is None
    if to_office and addressees(actor).filter(pk=clock.office.pk).exists():
        return {"addressee": clock.office}
    return {"institution": clock.institution} if clock.institution else {}


def form_of(actor: Actor, draft: Draft) -> str:
    """Where the actor takes the draft up (POST); empty where its kind has no form here, or not for the actor."""
    if not draft.is_waiting or not drafts.may_decide(actor, draft):
        return ""
    if draft.kind == RungKind.PLACARD:
        hazard = _hazards_of(draft.clock).first() if draft.clock.kind == ClockKind.HAZARD else None
        has_form = hazard and not workflow.refusal(HazardAction.PLACE_UNDER_SUPERVISION, actor, hazard)
    else:
        has_form = draft.kind in _RECORD and actor.can(Capability.SUMMON) and _addressee(actor, draft)
    return reverse("hazards:take_up", args=[draft.pk]) if has_form else ""


@transaction.atomic
def take_up(draft: Draft, *, by: Actor) -> str:
    """The address of the form, filled in; taking up again leads to the same. Raises PermissionDenied without one."""
    if not form_of(by, draft):
        raise PermissionDenied("这份文书没有专门的表单，或不由您签发。")
    if draft.kind == RungKind.PLACARD:
        return reverse(
            "hazards:act", args=[draft.clock.subject_id, HazardAction.PLACE_UNDER_SUPERVISION.value]
        )
    model, name = _RECORD[RungKind(draft.kind)], draft.clock.place.name
    record, is_new = model.objects.get_or_create(
        ladder_draft=draft,
        defaults={
            "authority": draft.authority,
            "title": f"关于{name[:60]}安全隐患整改不力的{model.kind.label}",
            "text": drafts.proposed_text(draft)[:1500],
            "drafted_at": timezone.now(),
            "author": by.user,
        }
        | _addressee(by, draft),
    )
    if is_new:
        record.hazards.set(_hazards_of(draft.clock))
    if record.state != RecordState.DRAFT:
        return reverse("hazards:record", args=[model.kind.value, record.pk])
    return reverse("hazards:record_act", args=[model.kind.value, record.pk, RecordAction.ISSUE.value])


def waiting(actor: Actor) -> list[Waiting]:
    """通报 and 约谈 that wait for somebody of the actor's own authority; what the ladder's list has is not repeated."""
    if actor.authority is None or not actor.can(Capability.SUMMON):
        return []
    repeated = Draft.objects.waiting().filter(authority=actor.authority)
    return [
        Waiting(
            title=record.title,
            label=record.kind.label,
            sub=f"{record.place.name} · {record.get_cause_display() or '人工起草'}",
            url=reverse("hazards:record", args=[kind, record.pk]),
        )
        for kind in RECORDS
        for record in record_rows(actor, kind)
        .filter(state=RecordState.DRAFT, authority=actor.authority)
        .exclude(ladder_draft__in=repeated)
    ]
