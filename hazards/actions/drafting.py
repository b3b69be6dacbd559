"""Drafts of 通报 and 约谈 by rule. Nobody is told of a draft but those who may issue it; a person decides."""

from collections import defaultdict
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from hazards import deadlines
from hazards.enums import DraftingCause, RecordState, Severity
from hazards.models import Circular, DraftingRule, Hazard, Summons, SupervisionOrder
from institutions.actor import Actor
from institutions.enums import Capability, Department, RegionLevel
from institutions.models import Authority, Institution, Region

C = DraftingCause
QUIET_DAYS = 30  # after a draft, whatever became of it, the same cause rests that long for the same addressee
LISTED = 200  # hazards named in one draft at most; its text says how many there are
_RECORD = {
    C.COUNTY_OVERDUE: Circular,
    C.LONG_OVERDUE: Circular,
    C.MAJOR_LONG_OVERDUE: Summons,
    C.SUPERVISION_LATE: Summons,
}
_WORDS = {
    C.COUNTY_OVERDUE: "共有 {n} 条隐患超过整改期限仍未提交整改",
    C.LONG_OVERDUE: "共有 {n} 条一般隐患逾期 {threshold} 天以上仍未提交整改",
    C.MAJOR_LONG_OVERDUE: "共有 {n} 条重大隐患逾期 {threshold} 天以上仍未提交整改",
    C.SUPERVISION_LATE: "共有 {n} 件挂牌督办到期仍未治理完毕",
}
_DEMAND = "请查明原因，落实责任人、措施和完成时间，并在 5 个工作日内书面反馈。"


def thresholds() -> dict[tuple[int, str], int]:
    """What provinces have set, by province and cause."""
    return {(r.region_id, r.cause): r.threshold for r in DraftingRule.objects.all()}


def threshold(given: dict, province_id: int, cause: DraftingCause) -> int:
    return given.get((province_id, cause), deadlines.DRAFTING_THRESHOLDS[cause])


def draft_due(today: date, within: Region | None = None) -> int:
    """Draft what the rules ask for on `today`, in all provinces or `within` a region; how many are new.

    May run as often and as many times at once as one likes: a cause rests for QUIET_DAYS for the same addressee.
    """
    given, drafted = thresholds(), 0
    for cause in DraftingCause:
        for place, hazards in _found(cause, today, given).items():
            issuer = _above(hazards[0])
            if issuer is None or (within and not issuer.region.path.startswith(within.path)):
                continue
            limit = threshold(given, hazards[0].province_id, cause)
            drafted += _draft(cause, issuer, place, hazards, limit, today)
    return drafted


def _found(cause: DraftingCause, today: date, given: dict) -> dict:
    """The hazards behind each addressee (authority or institution) for whom the cause's threshold is reached."""
    hazards = _matching(cause, today, given)
    places = defaultdict(list)
    for hazard in hazards:
        to_institution = cause == C.MAJOR_LONG_OVERDUE
        places[hazard.institution if to_institution else hazard.supervising_authority].append(hazard)
    if cause in (C.COUNTY_OVERDUE, C.SUPERVISION_LATE):
        return {p: hs for p, hs in places.items() if len(hs) >= threshold(given, hs[0].province_id, cause)}
    return places


def _matching(cause: DraftingCause, today: date, given: dict) -> list[Hazard]:
    if cause == C.SUPERVISION_LATE:
        late = SupervisionOrder.objects.open().filter(due_on__lt=today)
        hazards = Hazard.objects.filter(pk__in=late.values("hazard"))
    else:
        hazards = Hazard.objects.overdue(today)
    if cause in (C.LONG_OVERDUE, C.MAJOR_LONG_OVERDUE):
        severity = Severity.MAJOR if cause == C.MAJOR_LONG_OVERDUE else Severity.GENERAL
        hazards = hazards.filter(severity=severity)
    rows = hazards.select_related(
        "institution", "supervising_authority__region", "county", "city", "province"
    ).order_by("due_on", "id")
    if cause in (C.LONG_OVERDUE, C.MAJOR_LONG_OVERDUE):
        return [
            row
            for row in rows
            if row.due_on <= today - timedelta(days=threshold(given, row.province_id, cause))
        ]
    return list(rows)


def _above(hazard: Hazard) -> Authority | None:
    """The civil-affairs authority of the next level up that exists; None over the province."""
    own, chain = hazard.supervising_authority.region, [hazard.county, hazard.city, hazard.province]
    above = [r for r in chain if own.path.startswith(r.path) and r.pk != own.pk]
    found = {
        a.region_id: a
        for a in Authority.objects.filter(
            department=Department.CIVIL_AFFAIRS, region__in=above
        ).select_related("region")
    }
    return next((found[r.pk] for r in above if r.pk in found), None)


def _draft(cause, issuer: Authority, place: Authority | Institution, hazards, limit: int, today: date) -> int:
    record, to = _RECORD[cause], "institution" if isinstance(place, Institution) else "addressee"
    same = record.objects.filter(cause=cause, **{to: place})
    since = timezone.now() - timedelta(days=QUIET_DAYS)
    if same.filter(state=RecordState.DRAFT).exists() or same.filter(drafted_at__gte=since).exists():
        return 0
    words = _WORDS[cause].format(n=len(hazards), threshold=limit)
    day = f"{today.year}年{today.month}月{today.day}日"
    draft = record(
        authority=issuer,
        cause=cause,
        title=f"关于{place.name[:60]}安全隐患整改不力的{record.kind.label}",
        text=f"截至{day}，{place.name}{'' if to == 'institution' else '监管的机构'}{words}。{_DEMAND}",
        drafted_at=timezone.now(),
        **{to: place},
    )
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
            draft.hazards.set(hazards[:LISTED])
    except IntegrityError:
        return 0  # another run drafted it at the same moment
    return 1


@transaction.atomic
def draft_by_hand(*, by: Actor, kind: type, addressee: Authority, title: str, text: str):
    """A draft by an official, to an authority below their own. Raises PermissionDenied."""
    if not by.can(Capability.SUMMON) or addressee not in addressees(by):
        raise PermissionDenied("只能约谈、通报下级民政部门。")
    return kind.objects.create(
        authority=by.authority, addressee=addressee, title=title, text=text,
        drafted_at=timezone.now(), author=by.user,
    )  # fmt: skip


def addressees(actor: Actor):
    """Civil-affairs authorities of cities and counties below the actor's own."""
    if actor.authority is None:
        return Authority.objects.none()
    region = actor.authority.region
    return Authority.objects.filter(
        department=Department.CIVIL_AFFAIRS,
        region__path__startswith=region.path,
        region__level__in=[RegionLevel.CITY, RegionLevel.COUNTY],
    ).exclude(pk=actor.authority.pk)
