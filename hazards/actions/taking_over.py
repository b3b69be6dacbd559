"""台账导入: many hazards of another ledger at once, through the same rules, events and clocks as one by one.

They begin here as registered, and under rectification where the one who brings them may issue. How far they were
elsewhere stands in the event's words: nobody here has seen it done.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from common.http import Conflict
from hazards import clock, rules, workflow
from hazards.actions._transition import begin_rectifying, make_event, require_post
from hazards.enums import HazardAction, HazardStatus
from hazards.models import Hazard, HazardEvent
from institutions.actor import Actor
from institutions.models import Institution

NO_PHOTO = "台账导入，照片在原台账"


@dataclass(frozen=True)
class Entry:
    """A hazard as another ledger has it. With `due_on` and `responsible_person` it is under rectification there.

    `institution` was read in the actor's scope. `told` are the words of its events, `data` what they keep beside.
    """

    uid: uuid.UUID
    institution: Institution
    description: str
    location: str
    domain: str
    severity: str
    source: str
    found_on: date
    told: str
    basis: str = ""
    data: dict = field(default_factory=dict)
    due_on: date | None = None
    responsible_person: str = ""
    interim_measures: str = ""
    officer_id: int | None = None


def take_over(lots: Iterable[list[Entry]], *, by: Actor) -> list[list[Hazard]]:
    """Register each entry, and issue those that carry a deadline; the hazards of each lot in its order.

    The caller's transaction, and the caller tells people: one notice for a ledger, not one for each row.
    Raises PermissionDenied when the actor may not register, or may not issue one that has a deadline; IntegrityError
    when one is here already; Conflict when an institution went to another authority meanwhile.
    """
    if reason := workflow.refusal(HazardAction.REGISTER, by, None):
        raise PermissionDenied(reason)
    require_post(by)
    made, authorities = [], {}
    for lot in lots:
        made.append(_take_over(lot, by, timezone.now()))
        authorities |= {entry.institution.pk: entry.institution.authority_id for entry in lot}
    _confirm(authorities, by)
    return made


def _take_over(lot: list[Entry], by: Actor, now: datetime) -> list[Hazard]:
    hazards, events, issued = [], [], []
    for entry in lot:
        hazard = _hazard(entry, by, now)
        own = [_registered(hazard, entry, by, now)]
        if entry.due_on:
            own.append(_issued(hazard, entry, by, now))
            issued.append(hazard)
        hazards.append(hazard)
        events.append(own)
    Hazard.objects.bulk_create(hazards)
    for hazard, own in zip(hazards, events, strict=True):
        for event in own:
            event.hazard = hazard
    HazardEvent.objects.bulk_create(event for own in events for event in own)
    begin_rectifying(issued, at=now)
    clock.follow_new(issued)
    return hazards


def _hazard(entry: Entry, by: Actor, now: datetime) -> Hazard:
    home = entry.institution
    return Hazard(
        uid=entry.uid,
        institution=home,
        institution_kind=home.kind,
        province_id=home.province_id,
        city_id=home.city_id,
        county_id=home.county_id,
        township_id=home.township_id,
        supervising_authority_id=home.authority_id,
        description=entry.description,
        location=entry.location,
        domain=entry.domain,
        severity=entry.severity,
        source=entry.source,
        basis=entry.basis,
        found_on=entry.found_on,
        no_photo_reason=NO_PHOTO,
        status=HazardStatus.REGISTERED,
        registered_at=now,
        registered_by=by.user,
        status_changed_at=now,
    )


def _registered(hazard: Hazard, entry: Entry, by: Actor, now: datetime) -> HazardEvent:
    facts = {
        name: str(getattr(entry, name)) for name in ("description", "location", "severity", "domain")
    } | entry.data
    return make_event(hazard, HazardAction.REGISTER, by=by, at=now, comment=entry.told, data=facts)


def _issued(hazard: Hazard, entry: Entry, by: Actor, now: datetime) -> HazardEvent:
    """Issued as the ledger has it: also with a deadline that is over, for it is late."""
    if reason := rules.issuer(by, hazard):
        raise PermissionDenied(reason)
    hazard.issued_at, hazard.issued_by, hazard.round = now, by.user, 1
    hazard.due_on, hazard.responsible_person = entry.due_on, entry.responsible_person
    hazard.interim_measures, hazard.supervising_officer_id = entry.interim_measures, entry.officer_id
    facts = {"due_on": entry.due_on.isoformat(), "responsible_person": entry.responsible_person}
    return make_event(
        hazard, HazardAction.ISSUE, by=by, at=now, from_status=HazardStatus.REGISTERED,
        to_status=HazardStatus.RECTIFYING, comment=entry.interim_measures or "由台账导入，期限和责任人沿用原台账", data=facts,
    )  # fmt: skip


def _confirm(authorities: dict[int, int], by: Actor) -> None:
    """Lock the institutions, last and for a moment: who registers elsewhere need not wait for the whole ledger.

    Their place can't have moved (a composite foreign key), their authority could have.
    """
    rows = Institution.objects.visible_to(by).filter(pk__in=authorities)
    now = dict(
        rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", "authority_id")
    )
    if now != authorities:
        raise Conflict("导入时有机构换了主管部门或离开了辖区，请重新核对。")
