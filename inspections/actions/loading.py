"""Takes the data files into the database: new versions where they changed, nothing where they did not."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from inspections.actions.trace import trace_of
from inspections.data_files import DataError, LoadedChecklist
from inspections.enums import ChecklistAct, ChecklistStatus
from inspections.models import Checklist, ChecklistEvent, ChecklistItem, MajorSituation
from institutions.models import Region


@dataclass
class Loaded:
    """What a load did, by code."""

    published: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    drafted: list[str] = field(default_factory=list)  # the province edits this one: it decides
    waiting: list[str] = field(default_factory=list)  # a draft is in the way


@transaction.atomic
def load_checklists(checklists: list[LoadedChecklist]) -> Loaded:
    """Publish each national checklist whose content was never loaded before; the version before is withdrawn.

    Where the version in use was edited by the province, the file becomes a draft for it to decide on; where a draft
    is being edited, nothing happens and the code is reported as waiting.
    """
    done = Loaded()
    for checklist in checklists:
        known = locked_versions(checklist.code)
        in_use = next((v for v in known if v.status == ChecklistStatus.PUBLISHED), None)
        if any(v.digest == checklist.digest for v in known):
            done.unchanged.append(checklist.code)
        elif any(v.is_draft for v in known):
            done.waiting.append(checklist.code)
        elif in_use is not None and in_use.published_by_id:
            _draft(checklist)
            done.drafted.append(checklist.code)
        else:
            publish_version(_draft(checklist), by=None)
            done.published.append(checklist.code)
    return done


def locked_versions(code: str) -> list[Checklist]:
    """All versions of a code, oldest first, locked: one at a time drafts or publishes it."""
    rows = Checklist.objects.filter(code=code).order_by("version")
    list(rows.select_for_update(no_key=True))
    return list(rows.all())  # read again: whoever waited for the lock has not seen what was added meanwhile


def _draft(loaded: LoadedChecklist) -> Checklist:
    last = Checklist.objects.filter(code=loaded.code).aggregate(last=Max("version"))["last"] or 0
    draft = Checklist.objects.create(
        code=loaded.code,
        name=loaded.name,
        kinds=loaded.kinds,
        version=last + 1,
        source=loaded.source,
        digest=loaded.digest,
    )
    ChecklistItem.objects.bulk_create(ChecklistItem(checklist=draft, **item) for item in loaded.items)
    record(draft, ChecklistAct.LOADED, by=None, data={"items": len(loaded.items), "digest": loaded.digest})
    return draft


def publish_version(draft: Checklist, *, by) -> None:
    """The draft becomes the version in use, the one before is withdrawn. Permission is the caller's matter."""
    for old in Checklist.objects.filter(code=draft.code, status=ChecklistStatus.PUBLISHED):
        withdraw_version(old, by=by, reason=f"由第 {draft.version} 版代替")
    draft.status, draft.published_at = ChecklistStatus.PUBLISHED, timezone.now()
    draft.published_by = by.user if by else None
    draft.save(update_fields=["status", "published_at", "published_by"])
    record(draft, ChecklistAct.PUBLISHED, by=by)


def withdraw_version(version: Checklist, *, by, reason: str) -> None:
    """This version is out of use. Permission is the caller's matter."""
    version.status = ChecklistStatus.WITHDRAWN
    version.save(update_fields=["status"])
    record(version, ChecklistAct.WITHDRAWN, by=by, comment=reason)


def record(
    checklist: Checklist, act: ChecklistAct, *, by, comment: str = "", data: dict | None = None
) -> None:
    """Leave the trace of an act on a checklist; `by` None: a command did it."""
    ChecklistEvent.objects.create(
        checklist=checklist, act=act, **trace_of(by, comment=comment[:500], data=data or {})
    )


@transaction.atomic
def load_situations(rows: list[dict]) -> Loaded:
    """Insert each situation that is new or reads differently, as a new revision; those no longer listed end.

    Raises DataError for a region code nobody knows.
    """
    done = Loaded()
    current = {
        s.code: s for s in MajorSituation.objects.select_for_update(no_key=True).filter(is_current=True)
    }
    regions = {r.code: r for r in Region.objects.filter(code__in={row["region"] for row in rows})}
    for row in rows:
        if row["region"] and row["region"] not in regions:
            raise DataError(f"{row['code']}：没有代码为 {row['region']} 的行政区划")
        fields = row | {"region": regions.get(row["region"])}
        old = current.pop(row["code"], None)
        if old and all(getattr(old, name) == value for name, value in fields.items()):
            done.unchanged.append(row["code"])
            continue
        if old:
            _end(old)
        last = MajorSituation.objects.filter(code=row["code"]).aggregate(last=Max("revision"))["last"] or 0
        MajorSituation.objects.create(**fields, revision=last + 1)
        done.published.append(row["code"])
    for old in current.values():
        _end(old)
    return done


def _end(situation: MajorSituation) -> None:
    situation.is_current = False
    situation.save(update_fields=["is_current"])
