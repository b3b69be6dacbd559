"""发布: numbers, rules, flags and words become rows that nothing changes, and the ranked authorities are told."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from hazards.actions.unfit import Unfit
from hazards.notices import roles_with
from institutions.actor import Actor
from institutions.enums import Capability, Department
from institutions.models import Membership, Region
from notifications import outbox
from reports.appraisals import terms, vetoes, words
from reports.appraisals.drawing_up import locked_draft, note_event, url_of
from reports.appraisals.reading import Table, live_table
from reports.appraisals.scoring import Standing
from reports.models import (
    Appraisal,
    AppraisalAct,
    AppraisalItem,
    AppraisalMark,
    AppraisalRow,
    AppraisalState,
)

NUMBER_TAKEN = "这个文号已经用过，请核对。"


@transaction.atomic
def publish(
    appraisal: Appraisal, *, by: Actor, document_number: str, reason: str = "", edition: int | None = None
) -> Appraisal:
    """Freeze the table as of now under a document number; a later version needs a reason and replaces the one in force.

    Raises Unfit while the period runs, a proposed 一票否决 is undecided or the number was used; Conflict as drawing_up.
    """
    row, today = locked_draft(appraisal, by, edition), timezone.localdate()
    if not terms.is_over(terms.term(row.period), today):
        raise Unfit("考核期间还没有结束，不能发布。")
    table = live_table(row, by, today)
    if undecided := table.undecided:
        names = "、".join(dict.fromkeys(flag.region.name for flag in undecided))
        raise Unfit(f"还有 {len(undecided)} 项一票否决情形没有认定（{names}），请先逐项认定。")
    if not table.standings:
        raise Unfit("没有参加考核的地区。")
    if row.version > 1 and len(reason) < 5 and _in_force(row).exists():
        raise Unfit("已有发布过的版本，请写明改版原因（至少 5 个字）。")
    _freeze(row, table)
    _in_force(row).update(state=AppraisalState.REPLACED)
    _put_in_force(row, by, document_number, reason)
    note_event(row, AppraisalAct.PUBLISHED, by, document_number)
    _tell(row, table.parts, by)
    return row


def _in_force(row: Appraisal):
    return Appraisal.objects.filter(
        region_id=row.region_id, period=row.period, state=AppraisalState.PUBLISHED
    )


def _freeze(row: Appraisal, table: Table) -> None:
    for item in table.rows_of_items:
        item.label, item.definition = _words(item)
    AppraisalItem.objects.bulk_update(table.rows_of_items, ["label", "definition"])
    for rule in row.veto_rules.all():
        rule.text = vetoes.text_of(rule)
        rule.save(update_fields=["text"])
    lines = AppraisalRow.objects.bulk_create(
        _line(row, position, standing) for position, standing in enumerate(table.standings, start=1)
    )
    AppraisalMark.objects.bulk_create(
        AppraisalMark(row=line, item=item, part=mark.part, whole=mark.whole, marks=mark.marks)
        for line, standing in zip(lines, table.standings, strict=True)
        for item, mark in zip(table.rows_of_items, standing.marks, strict=True)
    )
    row.method = "\n".join(words.method_of(row))


def _words(item: AppraisalItem) -> tuple[str, str]:
    definition = words.item_of(item).definition
    return definition.label, definition.words


def _line(row: Appraisal, position: int, standing: Standing) -> AppraisalRow:
    return AppraisalRow(
        appraisal=row, region_id=standing.region, position=position, name=standing.name, weight=standing.weight,
        total=standing.total, rank=standing.rank, vetoes=standing.vetoes,
    )  # fmt: skip


def _put_in_force(row: Appraisal, by: Actor, document_number: str, reason: str) -> None:
    row.state, row.document_number, row.reason = AppraisalState.PUBLISHED, document_number, reason
    row.published_at, row.published_by = timezone.now(), by.user
    fields = ["state", "document_number", "reason", "published_at", "published_by", "method"]
    try:
        with transaction.atomic():
            row.save(update_fields=fields)
    except IntegrityError as error:
        if "number_once" not in str(error):
            raise
        raise Unfit(NUMBER_TAKEN) from error


def _tell(row: Appraisal, parts: list[Region], by: Actor) -> None:
    """Those at the ranked authorities who read statistics."""
    who = Q(
        authority__region__in=[part.pk for part in parts],
        authority__department=Department.CIVIL_AFFAIRS,
        role__in=roles_with(Capability.VIEW_DASHBOARD),
    )
    members = Membership.objects.active().filter(who).exclude(user_id=by.user.pk)
    outbox.notify(
        recipients=sorted(set(members.values_list("user_id", flat=True))),
        subject=f"{terms.term(row.period).label}隐患整改考核通报已发布",
        body=f"{row.region.name} {row.document_number}",
        url=url_of(row),
        topic=f"appraisal:{row.pk}",
        dedupe_key=f"appraisal:{row.pk}",
    )
