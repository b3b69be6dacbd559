"""是/否/不涉及: each answer saved at once, none overwritten unseen."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from inspections.actions.visit_door import inspected, require_open
from inspections.enums import AnswerValue
from inspections.models import Answer, Visit
from institutions.actor import Actor


@dataclass(frozen=True)
class Given:
    """One answer as it was sent. `revision` is the one it was given upon (0: none was there); None: whatever is."""

    item_id: int
    value: str
    note: str = ""
    revision: int | None = None


@dataclass(frozen=True)
class Refusal:
    """An answer that was not saved, why, and what stands instead."""

    given: Given
    reason: str
    theirs: Answer | None = None


@dataclass
class Outcome:
    """What became of the answers sent: each is either as given now, or refused."""

    saved: list[Answer] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@transaction.atomic
def answer(visit: Visit, *, by: Actor, given: Iterable[Given]) -> Outcome:
    """Save answers to items of this visit; the same answer again changes nothing, whatever its revision.

    An answer upon an older revision, and one that denies a problem already recorded, are refused one by one, the
    others saved. Raises PermissionDenied unless `by` inspects here, Conflict for a change after the finish.
    """
    visit = inspected(visit, by=by)
    given = list({g.item_id: g for g in given}.values())
    wanted = [g.item_id for g in given]
    known = set(visit.items.filter(pk__in=wanted).values_list("pk", flat=True))
    there = {a.item_id: a for a in visit.answers.filter(item__in=wanted).select_related("updated_by")}
    with_findings = set(visit.findings.filter(item__in=wanted).values_list("item", flat=True))
    outcome = Outcome()
    for one in given:
        mine = there.get(one.item_id)
        if mine and (mine.value, mine.note) == (one.value, one.note):
            outcome.saved.append(mine)
        elif not visit.is_open:
            require_open(visit)
        elif reason := _refusal(one, mine, known, with_findings):
            outcome.refused.append(Refusal(one, reason, mine))
        else:
            outcome.saved.append(_save(visit, one, mine, by))
    return outcome


def _refusal(given: Given, there: Answer | None, known: set[int], with_findings: set[int]) -> str:
    if given.item_id not in known or given.value not in AnswerValue.values:
        return "这一项不在这次检查的检查表中。"
    if given.revision is not None and given.revision != (there.revision if there else 0):
        if there is None:
            return "这一项的答案已不在服务器上，请刷新页面。"
        return f"{there.updated_by.name}已答“{there.get_value_display()}”，您的答案没有保存。"
    if given.value != AnswerValue.NO and given.item_id in with_findings:
        return "这一项已经记录了问题。要改答案，请先删除问题。"
    return ""


def _save(visit: Visit, given: Given, there: Answer | None, by: Actor) -> Answer:
    saved = there or Answer(visit=visit, item_id=given.item_id)
    saved.value, saved.note, saved.updated_by = given.value, given.note, by.user
    saved.revision += 1
    saved.save()
    return saved


def say_no(visit: Visit, item_id: int, *, by: Actor) -> None:
    """A problem with an item answers it: 否. Within the transaction of the finding, the visit locked."""
    there = visit.answers.filter(item=item_id).first()
    if there is None or there.value != AnswerValue.NO:
        _save(visit, Given(item_id, AnswerValue.NO, there.note if there else ""), there, by)
