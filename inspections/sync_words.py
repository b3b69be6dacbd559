"""The JSON a phone reads: a visit as it stands, and both sides of a conflict."""

from inspections import visit_queries
from inspections.actions.answering import Refusal
from inspections.actions.visits import FACTS
from inspections.forms.judging import CONSULTATION
from inspections.models import Finding, FindingPhoto, Judgement, Visit


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
        "recurrence_of": found.recurrence_of_id,
        "department": found.department,
        "judgement": judgement(found.judgement) if hasattr(found, "judgement") else None,
        "hazard": found.hazard_id,
        "photos": [
            {"id": str(p.file.client_id), "sha256": p.file.original_sha256, "stage": p.stage}
            for p in found.photos.all()
        ],
    }


def judgement(found: Judgement) -> dict:
    """On what ground a finding is MAJOR, as its form is sent."""
    names = ("competent_body", "document_number", "participants", "opinion")
    ground = CONSULTATION if found.is_consultation else str(found.situation_id)
    return {"ground": ground} | {name: getattr(found, name) for name in names}


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
