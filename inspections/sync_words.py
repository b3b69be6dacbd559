"""The JSON a phone reads: a visit as it stands, what to take along, both sides of a conflict."""

import uuid
from datetime import date

from hazards import deadlines
from hazards.enums import Severity
from hazards.models import Hazard
from inspections import rules, visit_queries, visit_rules
from inspections.actions.answering import Refusal
from inspections.actions.visits import FACTS
from inspections.models import ChecklistItem, Finding, FindingPhoto, MajorSituation, Visit
from institutions.actor import Actor
from institutions.models import Institution


def read_uuid(text) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def state(visit: Visit) -> dict:
    """The visit with all its answers and findings, and the revisions the phone sends its changes upon."""
    answers = visit.answers.order_by("item_id").values("item", "value", "note", "revision")
    return {
        "uid": str(visit.uid),
        "institution": visit.institution_id,
        "kind": visit.kind,
        "status": visit.status,
        "version": visit.version,
        "checklist": visit.checklist_id,
        "checked_in_at": visit.checked_in_at.isoformat() if visit.checked_in_at else None,
        "finished_at": visit.finished_at.isoformat() if visit.finished_at else None,
        "inspectors": sorted(visit_queries.inspector_ids(visit)),
        "facts": {name: getattr(visit, name) for name in FACTS} | {"refusal_reason": visit.refusal_reason},
        "answers": list(answers),
        "findings": [finding(found) for found in visit_queries.findings_of(visit)],
        "signatures": [
            {"id": str(s.uid), "role": s.role, "user": s.user_id, "name": s.name}
            for s in visit.signatures.defer("image")
        ],
    }


def finding(found: Finding) -> dict:
    """One finding; its photos by the ids and hashes under which the phone sent them."""
    return {
        "uid": str(found.uid),
        "revision": found.revision,
        "item": found.item_id,
        "description": found.description,
        "location": found.location,
        "domain": found.domain,
        "severity": found.severity,
        "handling": found.handling,
        "due_on": found.due_on.isoformat() if found.due_on else None,
        "responsible_person": found.responsible_person,
        "interim_measures": found.interim_measures,
        "measures": found.measures,
        "no_photo_reason": found.no_photo_reason,
        "same_as": found.same_as_id,
        "hazard": found.hazard_id,
        "photos": [
            {"id": str(p.file.client_id), "sha256": p.file.original_sha256, "stage": p.stage}
            for p in found.photos.all()
        ],
    }


def both(visit: Visit, name: str, mine) -> dict:
    """One field of the record as it stands and as it was sent."""
    if name == "inspectors":
        theirs = sorted(visit_queries.inspector_ids(visit))
        return {"theirs": theirs, "mine": sorted(user.pk for user in mine)}
    return {"theirs": getattr(visit, name), "mine": mine}


def answers_both(refusal: Refusal) -> dict:
    """One answer as it stands and as it was sent."""
    given, theirs = refusal.given, refusal.theirs
    return {
        "item": given.item_id,
        "reason": refusal.reason,
        "mine": {"value": given.value, "note": given.note, "revision": given.revision},
        "theirs": theirs
        and {
            "value": theirs.value,
            "note": theirs.note,
            "revision": theirs.revision,
            "by": theirs.updated_by.name,
            "at": theirs.updated_at.isoformat(),
        },
    }


def not_arrived(visit: Visit, named: dict) -> dict:
    """Which of the findings and photos the phone names are not here; empty when all are."""
    found = {str(uid) for uid in visit.findings.values_list("uid", flat=True)}
    photos = FindingPhoto.objects.filter(finding__visit=visit)
    there = {str(uid) for uid in photos.values_list("file__client_id", flat=True)}
    missing = {
        "findings": sorted(set(map(str, named.get("findings") or [])) - found),
        "photos": sorted(set(map(str, named.get("photos") or [])) - there),
    }
    return {name: uids for name, uids in missing.items() if uids}


def prepared(actor: Actor, institution: Institution, today: date) -> dict:
    """What a phone takes along to one institution: its facts, checklists, open hazards, and what this person may do.

    Of persons only the names that are written on the record: colleagues and the responsible person. No phones.
    """
    national, added = visit_queries.checklists_for(institution)
    person = institution.responsible_persons.first()
    situations = list(MajorSituation.objects.for_institution(institution, today))
    return {
        "prepared_on": today.isoformat(),
        "institution": {
            "id": institution.pk,
            "name": institution.name,
            "kind": institution.kind,
            "kind_name": institution.get_kind_display(),
            "county": institution.county.name,
            "address": institution.address,
            "is_protected": institution.is_protected,
            "responsible_person": person.name if person else "",
        },
        "me": {"id": actor.user.pk, "name": actor.user.name},
        "colleagues": list(visit_queries.colleagues(actor).exclude(pk=actor.user.pk).values("id", "name")),
        "kinds": [{"value": k.value, "name": k.label} for k in visit_rules.kinds_for(actor)],
        "may_come_unannounced": visit_rules.may_come_unannounced(actor),
        "handlings": [
            {"value": h.value, "name": h.label} for h in visit_rules.handlings_for(actor, institution)
        ],
        "default_days": {s.value: deadlines.DEFAULT_DAYS[s] for s in Severity},
        "checklists": [checklist(c, institution, situations, today) for c in (*national, *added)],
        "open_hazards": [hazard(h) for h in visit_queries.open_hazards(actor, institution.pk)],
    }


def checklist(found, institution: Institution, situations: list, today: date) -> dict:
    """One checklist with the items asked at such a house."""
    return {
        "id": found.pk,
        "name": found.name,
        "version": found.version,
        "is_added": found.scope_id is not None,
        "items": [
            item(i, situations, today) for i in found.items.for_kind(institution.kind).order_by("order", "id")
        ],
    }


def item(found: ChecklistItem, situations: list, today: date) -> dict:
    """One item; only what was verified is called law."""
    return {
        "id": found.pk,
        "code": found.code,
        "domain": found.domain,
        "domain_name": found.get_domain_display(),
        "text": found.text,
        "guidance": found.guidance,
        "severity": rules.default_severity(found, situations, today),
        "days": found.days,
        "bases": [{"text": str(basis), "is_law": basis.is_law} for basis in rules.bases(found)],
        "upgrade_when": found.upgrade_when,
        "interim": found.interim,
        "phrases": found.phrases,
    }


def hazard(found: Hazard) -> dict:
    """An open hazard, to be recognised on site."""
    return {
        "id": found.pk,
        "number": found.number,
        "domain": found.domain,
        "description": found.description,
        "location": found.location,
        "status": found.get_status_display(),
        "due_on": found.due_on.isoformat() if found.due_on else None,
    }
