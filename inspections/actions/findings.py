"""Problems found, kept with the visit until it is finished: nothing here touches a hazard.

All raise PermissionDenied when `by` may not and common.http.Conflict when the visit is finished already.
"""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from common.http import Conflict
from files import claims
from files.models import StoredFile
from hazards.enums import Severity
from inspections.actions import judging
from inspections.actions.answering import say_no
from inspections.actions.visit_door import inspected, leave_trace, require_open
from inspections.actions.visits import credible
from inspections.enums import FindingHandling, FindingStage, VisitAct
from inspections.models import Finding, FindingPhoto, Judgement, Visit
from institutions.actor import Actor

FACTS = (
    "item", "description", "location", "domain", "severity", "handling", "due_on", "responsible_person",
    "interim_measures", "measures", "no_photo_reason", "same_as", "recurrence_of",
    "department",
)  # fmt: skip


class FindingChanged(Conflict):
    """Another inspector changed the finding since; `theirs` is what stands."""

    def __init__(self, theirs: Finding):
        super().__init__("另一位检查人员改过这个问题，您的修改没有保存。")
        self.theirs = theirs


@transaction.atomic
def save_finding(
    visit: Visit,
    *,
    by: Actor,
    uid: uuid.UUID,
    facts: dict,
    ground: dict | None = None,
    found: Iterable | None = None,
    rectified: Iterable | None = None,
    revision: int | None = None,
    found_at=None,
) -> Finding:
    """Record a problem, or change it; its item is answered 否. The same again changes nothing.

    `found` and `rectified` are the files it shall have, each an upload of `by` or one it has already; None leaves
    them. `ground` are the arguments of judging.judge for a MAJOR one; a GENERAL one loses its judgement. `revision` is the one that was seen (0: new). Raises FindingChanged when that is not what stands, and
    what files.claims.claim raises.
    """
    if unknown := set(facts) - set(FACTS):
        raise TypeError(f"no facts of a finding: {unknown}")
    visit = inspected(visit, by=by)
    facts = _of_one_handling(facts)
    finding = Finding.objects.filter(uid=uid).select_related("visit", "item").first()
    if finding is not None and finding.visit_id != visit.pk:
        raise Conflict("这个编号已经用于另一次检查的问题，请刷新页面后重试。")
    now, is_new = timezone.now(), finding is None
    finding = finding or Finding(uid=uid, visit=visit, found_at=credible(found_at, now), found_by=by.user)
    changed = [name for name, value in facts.items() if is_new or getattr(finding, name) != value]
    if not changed and (ground, found, rectified) == (None, None, None):
        return finding
    require_open(visit)
    if changed and not is_new and revision not in (None, finding.revision):
        raise FindingChanged(finding)
    for name in changed:
        setattr(finding, name, facts[name])
    if changed:
        finding.revision += 1
        finding.save()
    _judge(finding, ground, by=by)
    hashes = []
    for stage, wanted in ((FindingStage.FOUND, found), (FindingStage.RECTIFIED, rectified)):
        if wanted is not None:
            hashes += _set_photos(finding, stage, wanted, by=by)
    if finding.item_id:
        say_no(visit, finding.item_id, by=by)
    if changed or hashes:
        data = {"finding": str(uid), "revision": finding.revision, "changed": changed, "photos": hashes}
        leave_trace(visit, VisitAct.FINDING, by=by, comment=finding.description, data=data)
    return finding


def _judge(finding: Finding, ground: dict | None, *, by: Actor) -> None:
    there = Judgement.objects.filter(finding=finding).first()
    if finding.severity != Severity.MAJOR:
        if there:
            judging.withdraw_judgement(finding, by=by)
    elif ground and not (there and all(getattr(there, name) == value for name, value in ground.items())):
        judging.judge(finding, by=by, **ground)


def _of_one_handling(facts: dict) -> dict:
    """What another handling had asked for is not kept beside this one."""
    handling = facts.get("handling")
    if handling is None:
        return facts
    empty = {"recurrence_of" if handling == FindingHandling.SAME else "same_as": None}
    if handling != FindingHandling.ISSUE:
        empty |= {"due_on": None}
    if handling != FindingHandling.FIXED:
        empty |= {"measures": ""}
    return facts | empty


def _set_photos(finding: Finding, stage: FindingStage, wanted: Iterable, *, by: Actor) -> list[str]:
    """Make `wanted` the photos of this stage; SHA-256 of those that are new or gone."""
    ids = list(dict.fromkeys(uuid.UUID(str(file_id)) for file_id in wanted))
    there = {photo.file_id: photo for photo in finding.photos.filter(stage=stage).select_related("file")}
    gone = [photo for file_id, photo in there.items() if file_id not in ids]
    _release(gone)
    new = claims.claim([file_id for file_id in ids if file_id not in there], by=by.user)
    FindingPhoto.objects.bulk_create(FindingPhoto(finding=finding, file=file, stage=stage) for file in new)
    return [file.sha256 for file in new] + [f"-{photo.file.sha256}" for photo in gone]


def _release(photos: Iterable[FindingPhoto]) -> None:
    """The files belong to who uploaded them again; unused, the janitor takes them after a week."""
    files = [photo.file_id for photo in photos]
    FindingPhoto.objects.filter(file__in=files).delete()
    StoredFile.objects.filter(pk__in=files).update(is_attached=False)


@transaction.atomic
def add_photo(visit: Visit, *, by: Actor, finding_uid: uuid.UUID, file: StoredFile, stage: str) -> bool:
    """Attach an upload of `by` to a finding; False when it is there already.

    Raises Finding.DoesNotExist, Conflict when the file belongs elsewhere, and files.claims.Unclaimable.
    """
    visit = inspected(visit, by=by)
    if there := FindingPhoto.objects.filter(file=file).select_related("finding").first():
        if there.finding.uid != finding_uid or there.finding.visit_id != visit.pk:
            raise Conflict("这张照片已经用于另一个问题。")
        return False
    require_open(visit)
    finding = visit.findings.get(uid=finding_uid)
    (claimed,) = claims.claim([file.pk], by=by.user)
    FindingPhoto.objects.create(finding=finding, file=claimed, stage=stage)
    data = {"finding": str(finding_uid), "photos": [claimed.sha256]}
    leave_trace(visit, VisitAct.FINDING, by=by, comment=finding.description, data=data)
    return True


@transaction.atomic
def remove_finding(visit: Visit, *, by: Actor, uid: uuid.UUID) -> None:
    """Forget a problem recorded by mistake; its photos are free again, its item stays answered 否. Again: nothing."""
    visit = inspected(visit, by=by)
    finding = visit.findings.filter(uid=uid).first()
    if finding is None:
        return
    require_open(visit)
    _release(finding.photos.all())
    leave_trace(
        visit, VisitAct.REMOVE_FINDING, by=by, comment=finding.description, data={"finding": str(uid)}
    )
    finding.delete()
