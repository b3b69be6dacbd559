"""专项行动: made and changed by the authority that runs them, each act with its trace."""

from collections.abc import Collection
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from common.http import Conflict
from inspections.actions.trace import trace_of
from inspections.enums import CampaignAct
from inspections.models import Campaign, CampaignEvent, Checklist
from institutions.actor import Actor
from institutions.enums import Capability, InstitutionKind, RegionLevel
from institutions.models import Region
from institutions.permissions import require

LONGEST = timedelta(days=5 * 366)
FIELDS = ("name", "kind", "starts_on", "ends_on", "kinds", "checklist", "parent", "note")
OWN_ACTS = (CampaignAct.CREATED, CampaignAct.EDITED)


def may_manage(actor: Actor, campaign: Campaign) -> bool:
    """Officials of the authority that runs it; neither its superiors nor those it reaches."""
    return may_create(actor) and actor.authority.pk == campaign.authority_id


def may_create(actor: Actor) -> bool:
    return actor.can(Capability.MANAGE_CAMPAIGNS) and actor.authority is not None and bool(actor.scope.column)


def revision(campaign: Campaign) -> int:
    """What a form carries to notice that somebody else changed the campaign in between."""
    return campaign.events.filter(act__in=OWN_ACTS).count()


@transaction.atomic
def create(
    *, by: Actor, name: str, kind: str, starts_on: date, ends_on: date, kinds: Collection[str] = (),
    regions: Collection[Region] = (), checklist: Checklist | None = None, parent: Campaign | None = None,
    note: str = "",
) -> Campaign:  # fmt: skip
    """A campaign of the actor's own authority and level. No regions: its whole region; no kinds: every kind.

    Raises PermissionDenied for who may not, ValidationError by field for what does not fit.
    """
    require(by, Capability.MANAGE_CAMPAIGNS)
    if not may_create(by):
        raise PermissionDenied("专项行动由各级民政部门组织。")
    campaign = Campaign(
        name=name, kind=kind, starts_on=starts_on, ends_on=ends_on, kinds=_ordered(kinds), checklist=checklist,
        parent=_locked_parent(parent), note=note, authority=by.authority, level=by.level,
        created_at=timezone.now(), created_by=by.user,
    )  # fmt: skip
    _check(campaign, regions, by)
    campaign.save(force_insert=True)
    campaign.regions.set(regions)
    words = {label: [None, value] for label, value in _words(campaign, regions).items() if value}
    record(campaign, by, CampaignAct.CREATED, data={"changes": words})
    return campaign


@transaction.atomic
def edit(campaign: Campaign, *, by: Actor, revision: int | None = None, regions=None, **fields) -> Campaign:
    """Change `fields` (see FIELDS) and, unless None, the regions. Without a change nothing is recorded.

    Raises PermissionDenied, ValidationError as create(), Conflict when somebody else changed it since `revision`.
    """
    campaign = lock(campaign, by)
    _refuse_stale(campaign, revision)
    before = list(campaign.regions.all())
    old = _words(campaign, before)
    regions = before if regions is None else list(regions)
    for name, value in fields.items():
        if name not in FIELDS:
            raise TypeError(f"not a field of a campaign: {name}")
        setattr(campaign, name, _ordered(value) if name == "kinds" else value)
    if "parent" in fields:
        campaign.parent = _locked_parent(campaign.parent)
    _check(campaign, regions, by, kept=before)
    new = _words(campaign, regions)
    changes = {label: [old[label], new[label]] for label in new if old[label] != new[label]}
    if changes:
        campaign.save(update_fields=list(fields))
        campaign.regions.set(regions)
        record(campaign, by, CampaignAct.EDITED, data={"changes": changes})
    return campaign


def lock(campaign: Campaign, by: Actor) -> Campaign:
    """The campaign's row, locked until the transaction ends. Raises PermissionDenied unless `by` may manage it."""
    row = (
        Campaign.objects.visible_to(by)
        .select_for_update(no_key=True, of=("self",))
        .select_related("authority__region", "checklist", "parent")
        .filter(pk=campaign.pk)
        .first()
    )
    if row is None or not may_manage(by, row):
        raise PermissionDenied("只有组织这次行动的部门可以修改它。")
    return row


def _locked_parent(parent: Campaign | None) -> Campaign | None:
    """The parent as it is now, held: it must not get a parent of its own meanwhile."""
    return parent and Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=parent.pk)


def _refuse_stale(campaign: Campaign, seen: int | None) -> None:
    acts = list(campaign.events.filter(act__in=OWN_ACTS))
    if seen not in (None, len(acts)):
        raise Conflict(
            "您打开页面之后，同事已经修改了这次行动。",
            changes=[
                {"what": e.get_act_display(), "who": f"{e.by_name}（{e.by_place}）", "at": e.at}
                for e in acts[seen:]
            ],
            back_url=reverse("inspections:campaign", args=[campaign.pk]),
        )


def _check(campaign: Campaign, regions: Collection[Region], by: Actor, kept: Collection[Region] = ()) -> None:
    """Raise ValidationError for what does not fit together, by field."""
    errors = {}
    if campaign.ends_on < campaign.starts_on:
        errors["ends_on"] = "结束日期不能早于开始日期。"
    elif campaign.ends_on - campaign.starts_on > LONGEST:
        errors["ends_on"] = "一次行动最长不超过五年，请核对年份。"
    own, kept_ids = by.authority.region, {region.pk for region in kept}
    if any(not r.path.startswith(own.path) for r in regions if r.pk not in kept_ids):
        errors["regions"] = "只能选择本辖区内的地区。"
    if any(r.level == RegionLevel.VILLAGE for r in regions):
        errors["regions"] = "范围选到乡镇（街道）为止。"
    if campaign.checklist and not Checklist.objects.visible_to(by).filter(pk=campaign.checklist_id).exists():
        errors["checklist"] = "这份检查表不在您可以使用的范围内。"
    elif campaign.checklist and not _fits(campaign.checklist.kinds, campaign.kinds):
        errors["checklist"] = "这份检查表不适用于所选的机构类型。"
    if campaign.parent and (words := _refuse_parent(campaign, by)):
        errors["parent"] = words
    if errors:
        raise ValidationError(errors)


def _fits(checklist_kinds: Collection[str], kinds: Collection[str]) -> bool:
    return not checklist_kinds or not kinds or bool(set(checklist_kinds) & set(kinds))


def _refuse_parent(campaign: Campaign, by: Actor) -> str:
    """大灶 and 小灶 are two levels, so there is no chain and no circle."""
    parent = campaign.parent
    if parent.pk == campaign.pk:
        return "上级行动不能是它自己。"
    if not Campaign.objects.visible_to(by).filter(pk=parent.pk).exists():
        return "没有这个上级行动，或不涉及您的辖区。"
    if not by.authority.region.path.startswith(parent.authority.region.path):
        return "上级行动须由本级或上级部门组织。"
    if parent.parent_id:
        return f"“{parent.name}”已经属于另一个行动，只分大灶、小灶两级。"
    if campaign.pk and campaign.children.exists():
        return "这次行动下面已有行动，不能再归入别的行动。"
    return ""


def _ordered(kinds: Collection[str]) -> list[str]:
    return [kind.value for kind in InstitutionKind if kind in kinds]


def _words(campaign: Campaign, regions: Collection[Region]) -> dict[str, str]:
    """Field label → its value as a person reads it."""
    return {
        "名称": campaign.name,
        "类型": campaign.get_kind_display(),
        "开始日期": campaign.starts_on.isoformat(),
        "结束日期": campaign.ends_on.isoformat(),
        "机构类型": "、".join(InstitutionKind(kind).label for kind in campaign.kinds),
        "范围": "、".join(r.name for r in sorted(regions, key=lambda r: r.path)),
        "检查表": str(campaign.checklist or ""),
        "上级行动": str(campaign.parent or ""),
        "说明": campaign.note,
    }


def note_export(campaign: Campaign, *, by: Actor, place: str, count: int, kind: str) -> None:
    """Write down who took the list of institutions not yet visited out of the house: where, how many, as what.

    Anybody who may read the list may take it along; the trace is for the authority that runs the campaign.
    """
    data = {"place": place, "count": count, "kind": kind}
    record(campaign, by, CampaignAct.EXPORTED, f"{place} {count} 家（{kind}）", data)


def record(
    campaign: Campaign, by: Actor, act: CampaignAct, comment: str = "", data: dict | None = None
) -> None:
    """One event of the campaign's trace."""
    CampaignEvent.objects.create(
        campaign=campaign, act=act, **trace_of(by, comment=comment[:500], data=data or {})
    )
