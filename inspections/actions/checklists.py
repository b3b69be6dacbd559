"""The acts on checklists: draft, edit, publish, withdraw. Each is atomic, takes `by`, and leaves an event.

All raise PermissionDenied when `by` may not edit the checklist, and Conflict when somebody else edited it meanwhile.
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from common.http import Conflict
from inspections.actions.loading import locked_versions, publish_version, record, withdraw_version
from inspections.enums import ChecklistAct, ChecklistStatus
from inspections.models import Checklist, ChecklistItem
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel
from institutions.permissions import require

_COPIED = [
    field.name for field in ChecklistItem._meta.concrete_fields if field.name not in {"id", "checklist"}
]


def may_edit(actor: Actor | None, checklist: Checklist) -> bool:
    """Whether the actor keeps this checklist: the national ones at the province, a region's own in that region."""
    if actor is None or not actor.can(Capability.EDIT_CHECKLISTS) or actor.scope.column is None:
        return False
    if checklist.scope_id is None:
        return actor.level == RegionLevel.PROVINCE
    return checklist.scope_id == actor.authority.region_id


def require_editor(actor: Actor | None, checklist: Checklist) -> None:
    """Raise PermissionDenied unless the actor keeps this checklist."""
    require(actor, Capability.EDIT_CHECKLISTS)
    if not may_edit(actor, checklist):
        whose = "省级民政部门" if checklist.scope_id is None else "制定这份检查表的民政部门"
        raise PermissionDenied(f"这份检查表由{whose}维护。")


def _draft(checklist: Checklist, by: Actor, revision: int | None) -> Checklist:
    """The locked draft as it is now; Conflict when it is no draft any more or was edited since `revision`."""
    require_editor(by, checklist)
    draft = Checklist.objects.select_for_update(no_key=True).get(pk=checklist.pk)
    back = {"back_url": reverse("inspections:checklist", args=[draft.pk])}
    if not draft.is_draft:
        raise Conflict(f"这一版检查表现在是“{draft.get_status_display()}”，不能再修改。", **back)
    if revision is not None and draft.revision != revision:
        last = draft.events.last()
        changes = [{"who": last.by_name, "what": last.get_act_display(), "at": last.at}] if last else []
        raise Conflict("这份草稿刚刚被修改过，请在新的内容上再改。", changes=changes, **back)
    return draft


def _touched(draft: Checklist, by: Actor, comment: str, data: dict) -> None:
    draft.revision += 1
    draft.save(update_fields=["revision"])
    record(draft, ChecklistAct.EDITED, by=by, comment=comment, data=data)


@transaction.atomic
def copy_to_draft(checklist: Checklist, *, by: Actor) -> Checklist:
    """A draft of the next version with the same items; the one there is when there is one already."""
    require_editor(by, checklist)
    known = locked_versions(checklist.code)
    if existing := next((version for version in known if version.is_draft), None):
        return existing
    draft = Checklist.objects.create(
        code=checklist.code,
        name=checklist.name,
        kinds=checklist.kinds,
        scope=checklist.scope,
        version=known[-1].version + 1,
        source=checklist.source,
    )
    ChecklistItem.objects.bulk_create(
        ChecklistItem(checklist=draft, **{name: getattr(item, name) for name in _COPIED})
        for item in checklist.items.all()
    )
    record(draft, ChecklistAct.DRAFTED, by=by, comment=f"由第 {checklist.version} 版复制")
    return draft


@transaction.atomic
def create_own(*, by: Actor, name: str, kinds: list[str]) -> Checklist:
    """A draft of the actor's region's own checklist, to be used beside the national ones."""
    require(by, Capability.EDIT_CHECKLISTS)
    if by.authority is None or by.scope.column is None:
        raise PermissionDenied("本地检查表由民政部门制定。")
    region = type(by.authority.region).objects.select_for_update(no_key=True).get(pk=by.authority.region_id)
    taken = Checklist.objects.filter(scope=region).values("code").distinct().count()
    draft = Checklist.objects.create(
        code=f"{region.code}-{taken + 1}", name=name, kinds=kinds, scope=region, version=1
    )
    record(draft, ChecklistAct.DRAFTED, by=by, comment=name)
    return draft


@transaction.atomic
def save_facts(checklist: Checklist, *, by: Actor, name: str, kinds: list[str], revision: int | None = None):
    """Name and kinds of a draft. Raises ValidationError when an item is for a kind that is taken away."""
    draft = _draft(checklist, by, revision)
    left_out = draft.items.exclude(kinds__contained_by=kinds).values_list("code", flat=True)[:5]
    if left_out:
        raise ValidationError({"kinds": f"这些检查项还适用于被去掉的机构类型：{'、'.join(left_out)}。"})
    draft.name, draft.kinds = name, kinds
    draft.save(update_fields=["name", "kinds"])
    _touched(draft, by, "名称和适用类型", {"name": name, "kinds": kinds})
    return draft


@transaction.atomic
def save_item(
    checklist: Checklist,
    *,
    by: Actor,
    item: ChecklistItem | None = None,
    revision: int | None = None,
    **fields,
) -> ChecklistItem:
    """Add an item to a draft (without `item`) or change one; the trace keeps what changed, old and new."""
    draft = _draft(checklist, by, revision)
    if item is None:
        item = ChecklistItem(checklist=draft, code=_next_code(draft), order=_next_order(draft))
    else:
        item = draft.items.get(pk=item.pk)
    old = {name: getattr(item, name) for name in fields}
    for name, value in fields.items():
        setattr(item, name, value)
    is_new = item.pk is None
    item.save()
    changes = {
        name: [None if is_new else old[name], value]
        for name, value in fields.items()
        if is_new or old[name] != value
    }
    _touched(
        draft, by, f"{'新增' if is_new else '修改'} {item.code}", {"item": item.code, "changes": changes}
    )
    return item


@transaction.atomic
def remove_item(checklist: Checklist, *, by: Actor, item: ChecklistItem, revision: int | None = None) -> None:
    """Take an item out of a draft; published versions keep theirs."""
    draft = _draft(checklist, by, revision)
    draft.items.filter(pk=item.pk).delete()
    _touched(draft, by, f"删除 {item.code}", {"item": item.code, "text": item.text})


@transaction.atomic
def publish(checklist: Checklist, *, by: Actor, revision: int | None = None) -> Checklist:
    """The draft becomes the version in use, for visits from now on; the one before is withdrawn.

    Visits that are open keep the version they began with. Raises ValidationError for a checklist without items.
    """
    require_editor(by, checklist)
    locked_versions(checklist.code)
    draft = _draft(checklist, by, revision)
    if not draft.items.exists():
        raise ValidationError("检查表还没有检查项，不能发布。")
    publish_version(draft, by=by)
    return draft


@transaction.atomic
def withdraw(checklist: Checklist, *, by: Actor, reason: str = "") -> Checklist:
    """弃用 a draft, or 停用 a region's own checklist. The national ones are only ever replaced."""
    require_editor(by, checklist)
    row = Checklist.objects.select_for_update(no_key=True).get(pk=checklist.pk)
    if row.status == ChecklistStatus.WITHDRAWN:
        return row
    if row.scope_id is None and not row.is_draft:
        raise ValidationError("全国检查表不能停用，只能由新版本代替。")
    withdraw_version(row, by=by, reason=reason)
    return row


def _next_order(draft: Checklist) -> int:
    return (draft.items.aggregate(last=Max("order"))["last"] or 0) + 1


def _next_code(draft: Checklist) -> str:
    """A code no version of this checklist ever used."""
    used = set(ChecklistItem.objects.filter(checklist__code=draft.code).values_list("code", flat=True))
    number = len(used) + 1
    while f"{draft.code}-{number}" in used:
        number += 1
    return f"{draft.code}-{number}"
