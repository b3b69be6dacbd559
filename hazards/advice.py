"""Notes beside photos for whoever verifies or closes out: reused photos, and photos older than the finding."""

from django.utils import timezone

from files import likeness
from hazards.enums import EvidenceStage, HazardStatus
from hazards.models import Evidence, Hazard
from institutions.actor import Actor
from institutions.enums import Capability

_DECIDING = {HazardStatus.AWAITING_VERIFICATION, HazardStatus.VERIFIED}


def note_for_verifier(hazard: Hazard, actor: Actor) -> None:
    """The same as note_for_verifiers for one hazard."""
    note_for_verifiers([hazard], actor)


def note_for_verifiers(hazards: list[Hazard], actor: Actor) -> None:
    """Put sentences on each evidence's `notes`; only while a decision is due, for those who verify or close out.

    A hazard outside the reader's scope is mentioned without its number. Evidence and files are fetched already; the
    number of statements does not depend on how many hazards there are.
    """
    if not (actor.can(Capability.VERIFY) or actor.can(Capability.CLOSE)):
        return
    shown = [
        (item, hazard)
        for hazard in hazards
        if hazard.status in _DECIDING
        for item in hazard.evidence.all()
        if item.stage == EvidenceStage.RECTIFIED
    ]
    used = likeness.same_or_near_many([item.file for item, _ in shown])
    others = _evidence_of([file for files in used.values() for file in files], actor)
    for item, hazard in shown:
        item.notes = _notes(item, hazard, used.get(item.file_id, []), others)


def _notes(item: Evidence, hazard: Hazard, used: list, others: dict) -> list[str]:
    sentences = list(dict.fromkeys(_sentence(item, file, others.get(file.pk), hazard) for file in used))
    taken_on = timezone.localdate(item.file.taken_at) if item.file.taken_at else None
    if taken_on and taken_on < hazard.found_on:
        sentences.append(
            f"这张照片拍摄于 {taken_on.year}年{taken_on.month}月{taken_on.day}日，早于发现隐患的日期。"
        )
    return sentences


def _evidence_of(files, actor: Actor) -> dict:
    """Evidence of these files by file id, marked with whether its hazard is in the reader's scope."""
    visible = set(
        Hazard.objects.visible_to(actor).filter(evidence__file__in=files).values_list("pk", flat=True)
    )
    rows = Evidence.objects.filter(file__in=files).select_related("hazard")
    return {row.file_id: (row, row.hazard_id in visible) for row in rows}


def _sentence(item: Evidence, file, other, hazard: Hazard) -> str:
    alike = "相同" if file.original_sha256 == item.file.original_sha256 else "几乎相同"
    if other is None:
        return f"与以前上传过的照片{alike}。"
    evidence, is_visible = other
    if evidence.hazard_id == hazard.pk:
        in_round = f"第 {evidence.round} 轮" if evidence.round else ""
        return f"与本隐患{in_round}“{evidence.get_stage_display()}”照片{alike}。"
    where = f"隐患 {evidence.hazard.number}" if is_visible else "另一条隐患"
    return f"与{where}的“{evidence.get_stage_display()}”照片{alike}。"
