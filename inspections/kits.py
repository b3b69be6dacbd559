"""检查包: all that one visit needs where there is no signal, as JSON, with the markup to walk through it.

Of persons only the names that are written on the record: colleagues and the responsible person. No phones, nothing
of residents.
"""

import hashlib
import json
import secrets
import uuid
from datetime import date, datetime

from django.template.loader import render_to_string
from django.utils import timezone

from hazards import deadlines
from hazards.enums import Domain, Severity
from hazards.models import Hazard
from inspections import packet_rules, rules, sync_words, visit_queries, visit_rules
from inspections.actions.packets import take_along
from inspections.enums import InspectionKind, VisitStatus
from inspections.forms.findings import FindingForm
from inspections.forms.records import RecordForm, SignForm
from inspections.forms.visits import OpenForm
from inspections.models import Checklist, ChecklistItem, MajorSituation, Visit
from institutions.actor import Actor
from institutions.models import Institution

KEY_BYTES = 32


def take(actor: Actor, institution: Institution, *, form: str, visit: Visit | None = None) -> dict:
    """Make a kit for `visit`, or for one to come, and its row.

    `key` signs what is brought back and is nowhere but here and in the row; `digest` is of all but it and `html`.
    A fixed number of statements, whatever the length of the checklists.
    """
    now = timezone.now()
    uid, visit_uid, key = uuid.uuid4(), visit.uid if visit else uuid.uuid4(), secrets.token_bytes(KEY_BYTES)
    lists = _checklists(institution, visit)
    kit = {
        "packet": str(uid),
        "visit": str(visit_uid),
        "form": str(form),
        "prepared_at": now.isoformat(),
        "use_until": (now + packet_rules.USE_FOR).isoformat(),
        "send_until": (now + packet_rules.SEND_FOR).isoformat(),
        "state": sync_words.state(visit) if visit else None,
    } | _needed(actor, _shown(institution, visit), lists, timezone.localdate(now))
    kit["digest"] = digest(kit)
    take_along(
        by=actor, uid=uid, form=form, institution=institution, visit_uid=visit_uid, checklists=lists, made_at=now,
        key=key, digest=kit["digest"],
    )  # fmt: skip
    return kit | {"key": key.hex(), "html": _markup(actor, institution, visit, kit)}


def digest(kit: dict) -> str:
    """SHA-256 of the kit's data in canonical JSON."""
    text = json.dumps(kit, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _checklists(institution: Institution, visit: Visit | None) -> list[Checklist]:
    """Those of the visit there is; for one to come, all it may be made with."""
    if visit is None:
        national, added = visit_queries.checklists_for(institution)
        return [*national, *added]
    return [visit.checklist, *visit.added_checklists.all()] if visit.checklist else []


def _shown(institution: Institution, visit: Visit | None) -> Visit:
    """The visit, or one that is to come: of the kind whose forms ask for most, the phone leaves out what is too much."""
    return visit or Visit(
        pk=0,
        institution=institution,
        province_id=institution.province_id,
        city_id=institution.city_id,
        county_id=institution.county_id,
        township_id=institution.township_id,
        kind=InspectionKind.JOINT,
        status=VisitStatus.OPEN,
    )


def _needed(actor: Actor, shown: Visit, lists: list[Checklist], today: date) -> dict:
    institution, at_house = shown.institution, visit_queries.hazards_at(actor, shown)
    person = institution.responsible_persons.first()
    situations = list(MajorSituation.objects.for_institution(institution, today))
    handlings = visit_rules.handlings_for(actor, institution)
    campaigns = visit_queries.campaigns_for(actor, institution, today).order_by("-starts_on", "id")
    return {
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
        "campaigns": [{"id": c.pk, "name": c.name} for c in campaigns],
        "handlings": [{"value": h.value, "name": h.label} for h in handlings],
        "default_days": {s.value: deadlines.DEFAULT_DAYS[s] for s in Severity},
        "severities": [{"value": s.value, "name": s.label} for s in Severity],
        "domains": [{"value": d.value, "name": d.label} for d in Domain],
        "situations": [_situation(s) for s in situations],
        "checklists": _with_items(lists, institution, situations, today),
        "open_hazards": [_hazard(h) for h in at_house.open().order_by("-found_on", "-id")],
        "closed_hazards": list(visit_queries.closed_hazards(actor, shown, today).values("id", "domain")),
    }


def _with_items(
    lists: list[Checklist], institution: Institution, situations: list, today: date
) -> list[dict]:
    """Each checklist with the items asked at such a house; one statement for all."""
    items: dict[int, list] = {}
    asked = ChecklistItem.objects.filter(checklist__in=lists).for_kind(institution.kind)
    for found in asked.order_by("order", "id"):
        items.setdefault(found.checklist_id, []).append(_item(found, situations, today))
    return [
        {
            "id": found.pk,
            "name": found.name,
            "version": found.version,
            "is_added": found.scope_id is not None,
            "items": items.get(found.pk, []),
        }
        for found in lists
    ]


def _item(found: ChecklistItem, situations: list, today: date) -> dict:
    """One item; only what was verified is called law. `situations` are those it proposes, firm ones first."""
    return {
        "id": found.pk,
        "code": found.code,
        "domain": found.domain,
        "domain_name": found.get_domain_display(),
        "text": found.text,
        "guidance": found.guidance,
        "severity": rules.default_severity(found, situations, today),
        "days": found.days,
        "department": found.joint_department,
        "department_name": found.joint_department.label,
        "bases": [{"words": basis.words, "is_law": basis.is_law} for basis in rules.bases(found)],
        "upgrade_when": found.upgrade_when,
        "interim": found.interim,
        "phrases": found.phrases,
        "situations": [
            {"id": p.situation.pk, "is_firm": p.is_firm} for p in rules.proposals(found, situations, today)
        ],
    }


def _situation(found: MajorSituation) -> dict:
    """A listed situation; its clause stands in `words` only when it was read in the source."""
    words = rules.situation_words(found)
    return {
        "id": found.pk,
        "text": found.text,
        "words": str(words),
        "is_law": words.is_law,
        "needs_finding": found.needs_finding,
        "finding_bodies": found.finding_bodies,
    }


def _hazard(found: Hazard) -> dict:
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


def _markup(actor: Actor, institution: Institution, visit: Visit | None, kit: dict) -> str:
    """The walk as the forms of the online walk draw it; the script on the phone only binds it."""
    shown = _shown(institution, visit)
    today = timezone.localdate(datetime.fromisoformat(kit["prepared_at"]))
    people = visit_queries.colleagues(actor, visit)
    context = {
        "kit": kit,
        "institution": institution,
        "visit": visit,
        "open": OpenForm(actor=actor, institution=institution, today=today, auto_id="open_%s"),
        "finding": FindingForm(actor=actor, visit=shown, today=today, auto_id="finding_%s"),
        "record": RecordForm(actor=actor, visit=shown, auto_id="record_%s"),
        "sign": SignForm(visit=shown, people=people, auto_id="sign_%s"),
    }
    return render_to_string("inspections/field/kit.html", context)
