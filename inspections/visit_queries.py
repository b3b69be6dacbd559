"""What the pages of visits show. Everything starts from `visible_to(actor)`."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.utils import timezone

from hazards.enums import Domain
from hazards.models import Hazard
from hazards.queries import may_see_photos
from inspections import crossing, rules, visit_rules
from inspections.enums import VisitStatus
from inspections.models import (
    Answer,
    Campaign,
    Checklist,
    ChecklistItem,
    Finding,
    FindingPhoto,
    InspectionTeam,
    MajorSituation,
    Visit,
    VisitSignature,
)
from institutions.actor import Actor
from institutions.enums import Capability, Role
from institutions.models import Institution, Membership, User

DUE_DAYS = 30
TABS = {
    "planned": [VisitStatus.PLANNED],
    "open": [VisitStatus.OPEN],
    "finished": [VisitStatus.FINISHED],
    "cancelled": [VisitStatus.CANCELLED],
}


def page(actor: Actor):
    """Visits in reach (交叉检查 beyond the scope among them) with what every page of one shows."""
    return (
        crossing.reach(actor, timezone.localdate())
        .select_related(
            "institution__authority__region", "county", "city", "province", "checklist", "team__authority",
            "created_by", "checked_in_by", "finished_by", "cancelled_by",
        )
        .prefetch_related("inspectors", "campaigns", "added_checklists")
    )  # fmt: skip


def visit_list(actor: Actor):
    """Visits in scope, latest first, with what a row shows."""
    return _as_rows(Visit.objects.visible_to(actor))


def _as_rows(visits):
    return (
        visits.with_place()
        .prefetch_related("inspectors")
        .annotate(finding_count=Count("findings", distinct=True))
        .order_by("-id")
    )


def tab_counts(visits) -> dict[str, int]:
    """How many of these visits stand under each tab; one statement."""
    found = dict(visits.order_by().values_list("status").annotate(n=Count("pk", distinct=True)))
    return {tab: sum(found.get(status, 0) for status in statuses) for tab, statuses in TABS.items()}


def inspector_ids(visit: Visit) -> set[int]:
    return {user.pk for user in visit.inspectors.all()}


def colleagues(
    actor: Actor, visit: Visit | None = None, team: InspectionTeam | None = None, *, is_crossing: bool = False
):
    """Who can be named as an inspector: people of the same place who inspect, the team, and those already named.

    For 交叉检查 the team alone: nobody else was sent.
    """
    roles = [role for role in Role if Capability.INSPECT in role.facts.capabilities]
    place = {"institution": actor.institution} if actor.institution else {"authority": actor.authority}
    here = Membership.objects.active().filter(role__in=roles, **place).values("user")
    is_crossing = is_crossing or (visit is not None and visit.is_crossing)
    who = Q(pk__in=[]) if is_crossing else Q(pk__in=here)
    if visit is not None:
        who |= Q(inspected_visits=visit)
        team = visit.team
    if team is not None:
        who |= Q(inspection_teams=team) | Q(pk=team.leader_id)
    return User.objects.filter(who, is_active=True).distinct().order_by("name", "pk")


def checklists_for(institution: Institution) -> tuple[list[Checklist], list[Checklist]]:
    """The national checklists for such a house, and what its regions add."""
    found = list(Checklist.objects.for_institution(institution))
    return [c for c in found if c.scope_id is None], [c for c in found if c.scope_id is not None]


def campaigns_for(actor: Actor, institution: Institution, today: date):
    """Running campaigns this institution can be visited for."""
    line = [institution.province_id, institution.city_id, institution.county_id, institution.township_id]
    return (
        Campaign.objects.visible_to(actor)
        .running(today)
        .filter(Q(kinds=[]) | Q(kinds__contains=[institution.kind]), authority__region__in=line)
        .filter(Q(regions=None) | Q(regions__in=line))
        .distinct()
    )


def hazards_at(actor: Actor, visit: Visit):
    """Hazards of the visit's institution that a finding there may be, for who writes in the visit.

    Who was sent from elsewhere has no scope there and sees of them what the form of a finding names, no more.
    """
    if crossing.is_outside(actor, visit):
        sent = crossing.visits(actor, timezone.localdate()).filter(pk=visit.pk)
        return Hazard.objects.filter(Exists(sent), institution=visit.institution_id)
    return Hazard.objects.visible_to(actor).filter(institution=visit.institution_id)


def closed_hazards(actor: Actor, visit: Visit, today: date, item: ChecklistItem | None = None):
    """What a finding may be that came back (反弹), of the item's domain.

    Those that the same item had found come first, then the latest closed.
    """
    found = hazards_at(actor, visit).may_have_come_back(today)
    if item is None:
        return found
    is_of_item = Exists(Finding.objects.filter(hazard=OuterRef("pk"), item__code=item.code))
    return found.filter(domain=item.domain).order_by(is_of_item.desc(), "-closed_at", "-id")


@dataclass
class Row:
    """One item of the walk with its answer and its findings."""

    item: ChecklistItem
    answer: Answer | None = None
    findings: list[Finding] = field(default_factory=list)
    department: str = ""  # who answers for it, in words; of joint visits alone

    @property
    def bases(self):
        return rules.bases(self.item)


@dataclass
class Section:
    """The items of one domain."""

    domain: Domain
    rows: list[Row]

    @property
    def answered(self) -> int:
        return sum(row.answer is not None for row in self.rows)


@dataclass
class Walk:
    """The whole checklist of a visit as far as it has been walked."""

    sections: list[Section]
    free: list[Finding]  # findings without an item

    @property
    def rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    @property
    def answered(self) -> int:
        return sum(section.answered for section in self.sections)

    @property
    def findings(self) -> list[Finding]:
        return sorted((*(f for row in self.rows for f in row.findings), *self.free), key=lambda f: f.pk)

    def row(self, item_pk: int) -> Row:
        return next(row for row in self.rows if row.item.pk == item_pk)


def findings_of(visit: Visit):
    """The findings of a visit with what they show, in the order they were found."""
    photos = FindingPhoto.objects.select_related("file").order_by("id")
    return (
        Finding.objects.filter(visit=visit)
        .select_related(
            "item", "hazard__institution", "same_as__institution", "recurrence_of", "found_by", "judgement"
        )
        .prefetch_related(Prefetch("photos", photos))
        .order_by("id")
    )


def sightings(actor: Actor, hazard: Hazard) -> list[Finding]:
    """Where a hazard was seen: the finding it came from, then those that found it again, of finished visits in sight.

    What an open visit writes can still change, and an institution does not read it before the finish.
    """
    visits = Visit.objects.visible_to(actor).finished()
    photos = FindingPhoto.objects.select_related("file").order_by("id")
    return list(
        Finding.objects.filter(Q(hazard=hazard) | Q(same_as=hazard), visit__in=visits.values("pk"))
        .select_related("visit__institution", "same_as__institution", "hazard__institution")
        .prefetch_related("visit__inspectors", Prefetch("photos", photos))
        .order_by("visit__checked_in_at", "pk")
    )


def walk(visit: Visit) -> Walk:
    """Four statements, whatever the length of the checklist."""
    answers = {a.item_id: a for a in visit.answers.select_related("updated_by")}
    by_item, free = {}, []
    for finding in findings_of(visit):
        finding.visit = visit
        by_item.setdefault(finding.item_id, []).append(finding) if finding.item_id else free.append(finding)
    sections: dict[str, list[Row]] = {}
    for item in visit.items:
        department = item.joint_department.label if visit.is_joint else ""
        row = Row(item, answers.get(item.pk), by_item.pop(item.pk, []), department)
        sections.setdefault(item.domain, []).append(row)
    # A finding of an item that is not asked any more still belongs to the visit.
    free += [finding for found in by_item.values() for finding in found]
    return Walk([Section(Domain(domain), rows) for domain, rows in sections.items()], free)


def progress(visit: Visit) -> dict[str, int]:
    """已查 4 / 93 and the number of problems."""
    return {
        "answered": visit.answers.count(),
        "total": visit.items.count(),
        "findings": visit.findings.count(),
    }


def signatures_of(visit: Visit) -> list[VisitSignature]:
    """The signatures with `data_url`, the picture as a page shows it (at most 100 KB each)."""
    signatures = list(visit.signatures.all())
    for signature in signatures:
        signature.data_url = f"data:image/png;base64,{b64encode(bytes(signature.image)).decode()}"
    return signatures


def situations(visit: Visit, today: date) -> list[MajorSituation]:
    """The listed situations in force for such a house."""
    return list(MajorSituation.objects.for_institution(visit.institution, today))


def known_hazards(actor: Actor, findings) -> set[int]:
    """Which of the hazards these findings became, repeat or bring back the actor may open."""
    keys = {key for f in findings for key in (f.hazard_id, f.same_as_id, f.recurrence_of_id)} - {None}
    return set(Hazard.objects.visible_to(actor).filter(pk__in=keys).values_list("pk", flat=True))


def why_not_finish(actor: Actor, visit: Visit) -> str:
    """Why this person can't finish the visit; empty when they can."""
    is_sent = crossing.is_outside(actor, visit)
    return visit_rules.finisher(actor, visit, inspector_ids(visit), is_sent=is_sent)


def may_see_findings(actor: Actor, visit: Visit) -> bool:
    """An institution reads what officials found when the visit is finished, not while they walk."""
    return actor.institution is None or visit.is_own or visit.status == VisitStatus.FINISHED


def may_see_photo(actor: Actor, photo: FindingPhoto, known: set[int]) -> bool:
    """Whoever may read the finding; `known` are the hazards in the actor's sight (known_hazards).

    Of a protected house only who took it, until a hazard shows it (and logs that). What was found again has no hazard
    of its own: from the finish those see it who may see the photos of the one it repeats.
    """
    finding, visit = photo.finding, photo.finding.visit
    if photo.file.uploaded_by_id == actor.user.pk:
        return True
    if not may_see_findings(actor, visit):
        return False
    if finding.same_as is not None and visit.status == VisitStatus.FINISHED:
        return finding.same_as_id in known and may_see_photos(finding.same_as, actor)
    if visit.institution.is_protected:
        return False
    if finding.hazard is None:
        return actor.institution is None or visit.is_own
    return may_see_photos(finding.hazard, actor) and actor.may_view_hazards


def show_photos(actor: Actor, findings: list[Finding], known: set[int]) -> None:
    """Gives each finding its `shown_photos`: those this actor may open."""
    for finding in findings:
        finding.shown_photos = [p for p in finding.photos.all() if may_see_photo(actor, p, known)]


def due(actor: Actor, today: date) -> dict:
    """For the workbench: what this person has begun, and what is planned for people like them."""
    visits = visit_list(actor)
    led = Q(is_crossing=True, team__leader=actor.user)  # they wait for the leader to finish them
    mine = _as_rows(crossing.reach(actor, today)).open().filter(Q(inspectors=actor.user) | led)
    mine = mine.distinct().order_by("checked_in_at", "id")
    kinds = visit_rules.kinds_for(actor)
    soon = today + timedelta(days=DUE_DAYS)
    planned = visits.filter(
        status=VisitStatus.PLANNED, planned_on__lte=soon, kind__in=kinds, is_own=actor.institution is not None
    ).order_by("planned_on", "id")
    return {"open": mine, "planned": planned}
