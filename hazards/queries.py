"""What pages ask for: work lists, what a detail page shows. Everything starts from `visible_to(actor)`."""

from datetime import date

from django.db.models import Count, Prefetch, Q

from hazards import deadlines, matter_queries, notices
from hazards.enums import EvidenceStage, HazardStatus, Severity
from hazards.models import Evidence, Hazard, RectificationSubmission
from institutions.actor import Actor
from institutions.enums import Capability, Department, Role
from institutions.models import Institution, Membership

S = HazardStatus

# What one row of a list shows; fetched with the row.
ROW = ("institution", "county", "city")


def rows(hazards):
    """With what a list row needs, so that a list costs the same number of queries at any length."""
    return hazards.select_related(*ROW)


def waiting_for(actor: Actor):
    """待我办理: hazards whose next act is this actor's, by the same rules as the buttons."""
    visible, mine = Hazard.objects.visible_to(actor), Q(pk__in=[])
    me = actor.user.pk
    if actor.can(Capability.RECTIFY):
        mine |= Q(status=S.RECTIFYING)
    if actor.authority and actor.authority.department == Department.CIVIL_AFFAIRS:
        own = Q(supervising_authority_id=actor.authority.pk)
        if actor.can(Capability.ISSUE):
            mine |= own & Q(status=S.REGISTERED)
            mine |= own & Q(status=S.RECTIFYING, void_requested_by__isnull=False) & ~Q(void_requested_by=me)
        if actor.can(Capability.VERIFY):
            mine |= own & Q(status=S.AWAITING_VERIFICATION) & ~Q(submitted_by=me)
        if actor.can(Capability.CLOSE):
            mine |= Q(
                status=S.VERIFIED, closing_region_id=actor.authority.region_id, supervised_region=None
            ) & ~(Q(verified_by=me) | Q(submitted_by=me))
        if actor.can(Capability.SUPERVISE):
            mine |= Q(status=S.VERIFIED, supervised_region_id=actor.authority.region_id)
        if actor.can(Capability.DECIDE_EXTENSION):
            mine |= Q(extension_region_id=actor.authority.region_id)
    return visible.filter(mine)


def most_urgent(hazards):
    """Major ones first, then by deadline; what has no deadline yet by how long it has waited."""
    return hazards.annotate(is_general=Q(severity=Severity.GENERAL)).order_by(
        "is_general", "due_on", "status_changed_at", "id"
    )


def counts_by_status(hazards) -> list[dict]:
    """How many in each status, in the order of the workflow: `status`, `count`."""
    counts = dict(hazards.order_by().values_list("status").annotate(count=Count("pk")))
    return [{"status": status, "count": counts[status]} for status in S if status in counts]


def due_soon(actor: Actor, today: date):
    """Deadline today or within the next days, still being rectified."""
    return Hazard.objects.visible_to(actor).due_within(today, deadlines.DUE_SOON_DAYS)


def handled_by(actor: Actor):
    """我经手的: what this person touched and somebody else must act on now, latest change first."""
    me = actor.user.pk
    touched = (
        Q(registered_by=me)
        | Q(issued_by=me)
        | Q(submitted_by=me)
        | Q(verified_by=me)
        | Q(supervising_officer=me)
    )
    waiting = waiting_for(actor).values("pk")
    return (
        Hazard.objects.visible_to(actor)
        .open()
        .filter(touched)
        .exclude(pk__in=waiting)
        .order_by("-status_changed_at", "-id")
    )


def for_detail(actor: Actor):
    """Hazards in scope with everything the detail page shows."""
    return (
        Hazard.objects.visible_to(actor)
        .select_related(
            "institution", "county", "city", "province", "supervising_authority__region", "closing_region",
            "extension_region", "supervised_region",
            "registered_by", "supervising_officer", "recurrence_of", "duplicate_of", "void_requested_by", "plan",
        )
        .prefetch_related(
            "events",
            Prefetch(
                "submissions",
                RectificationSubmission.objects.select_related(
                    "submitted_by", "verification__verified_by", "verification__closure__decided_by"
                ),
            ),
            Prefetch("evidence", Evidence.objects.select_related("file", "added_by")),
            *matter_queries.for_hazards(),
        )
    )  # fmt: skip


def turn_of(hazard: Hazard) -> str:
    """Who has the next move, by name; empty when nobody has."""
    if not hazard.is_open:
        return ""
    if hazard.status == S.RECTIFYING:
        return hazard.institution.name
    if hazard.status == S.VERIFIED:
        region = hazard.supervised_region or hazard.closing_region
        return f"{region.name if region else ''}民政部门"
    return hazard.supervising_authority.name


def waits_on(hazard: Hazard) -> str:
    """Whose move it is, in words; empty when nobody's."""
    return f"等待{turn_of(hazard)}{notices.next_step(hazard)}" if hazard.is_open else ""


def nobody_to_act(hazard: Hazard) -> str:
    """Whose side has nobody to do the next step, in words; empty when somebody can. One statement."""
    if not hazard.is_open:
        return ""
    took_part = [hazard.submitted_by_id, hazard.verified_by_id]
    able = Membership.objects.active().filter(notices.whose_turn(hazard)(hazard))
    return "" if able.exclude(user_id__in=[p for p in took_part if p]).exists() else turn_of(hazard)


def has_other_verifier(institution: Institution, actor: Actor) -> bool:
    """Whether anybody but `actor` can verify at this institution: without, 立行立改 would wait for ever."""
    able = Q(authority_id=institution.authority_id, role__in=notices.roles_with(Capability.VERIFY))
    return Membership.objects.active().filter(able).exclude(user_id=actor.user.pk).exists()


def steps(hazard: Hazard) -> list[dict]:
    """The stepper: 登记 → 下发 → 整改 → 验收 → 销号, each done, current or to come, with its time."""
    order = [S.REGISTERED, S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED, S.CLOSED]
    verified_at_level = f"{hazard.supervising_authority.level.label}验收"
    names = ["发现登记", "下发整改", "机构整改", verified_at_level, "销号"]
    times = [
        hazard.registered_at, hazard.issued_at, hazard.submitted_at, hazard.verified_at, hazard.closed_at,
    ]  # fmt: skip
    if hazard.status == S.VOIDED:
        done = 2 if hazard.issued_at else 1
        return [
            {"name": n, "at": t, "state": "done"} for n, t in zip(names[:done], times[:done], strict=True)
        ] + [{"name": "已作废", "at": hazard.voided_at, "state": "stopped"}]
    # The step in progress is the one after the status reached: 整改中 means step 3 is being done.
    current = order.index(S(hazard.status)) + 1
    return [
        {
            "name": name,
            "at": at if i < current else None,
            "state": "done" if i < current else "current" if i == current else "todo",
        }
        for i, (name, at) in enumerate(zip(names, times, strict=True))
    ]


def may_see_photos(hazard: Hazard, actor: Actor) -> bool:
    """Photos from protected houses stay with the house and officials of county level and above (domain 4.4)."""
    if not hazard.is_protected or actor.institution:
        return True
    return actor.can(Capability.VERIFY) or actor.role == Role.AUDITOR


def photos(hazard: Hazard, actor: Actor) -> dict:
    """The photos of a hazard for its page: found, then by round what was rectified, then at verification."""
    if not may_see_photos(hazard, actor):
        return {"is_hidden": True}
    by_stage = {stage: [] for stage in EvidenceStage}
    for item in hazard.evidence.all():
        by_stage[EvidenceStage(item.stage)].append(item)
    latest = max((e.round for e in by_stage[EvidenceStage.RECTIFIED]), default=0)
    return {
        "found": by_stage[EvidenceStage.FOUND],
        "rectified": [e for e in by_stage[EvidenceStage.RECTIFIED] if e.round == latest],
        "earlier": [e for e in by_stage[EvidenceStage.RECTIFIED] if e.round != latest],
        "verified": by_stage[EvidenceStage.VERIFIED],
        "progress": by_stage[EvidenceStage.PROGRESS],
    }
