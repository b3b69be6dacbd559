"""通报 and 约谈: confirmed by a person, minuted, answered in writing.

All raise PermissionDenied when `by` may not, Unfit for a document number used before, and common.http.Conflict when
somebody else acted first (`version`).
"""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clocks.actions import drafts
from clocks.models import Draft
from common.http import Conflict
from hazards import deadlines, record_rules
from hazards.actions import dues
from hazards.actions._transition import require_post
from hazards.actions.supervising import NUMBER_TAKEN
from hazards.actions.unfit import Unfit
from hazards.enums import RecordAction, RecordKind, RecordState
from hazards.models.summons import Record
from hazards.notices import roles_with
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Membership
from notifications import outbox


def _do(record: Record, action: RecordAction, *, by: Actor, version: int | None, **fields) -> Record:
    """Lock, compare the version, ask the table, save named fields."""
    with transaction.atomic():
        require_post(by)
        row = type(record).objects.select_for_update(no_key=True, of=("self",)).get(pk=record.pk)
        if version not in (None, row.version) or row.state not in record_rules.TABLE[action].states:
            raise Conflict(
                f"您打开页面之后已经有了新的办理，现在是“{row.get_state_display()}”。",
                back_url=dues.record_url(row),
            )
        if reason := record_rules.refusal(action, by, row):
            raise PermissionDenied(reason)
        for name, value in (fields | {"version": row.version + 1}).items():
            setattr(row, name, value)
        try:
            with transaction.atomic():
                row.save(update_fields=[*fields, "version"])
        except IntegrityError as error:
            if "number_once" not in str(error):
                raise
            raise Unfit(NUMBER_TAKEN) from error
        dues.feedback(row)
        return row


def _tell(record: Record, who: Q, subject: str, by: Actor) -> None:
    members = Membership.objects.active().filter(who).exclude(user_id=by.user.pk)
    outbox.notify(
        recipients=sorted(set(members.values_list("user_id", flat=True))),
        subject=subject,
        body=f"{record.title}\n{record.authority.name} {record.document_number}",
        url=dues.record_url(record),
        topic=f"{record.kind.value}:{record.pk}",
        dedupe_key=f"{record.kind.value}:{record.pk}:{record.version}",
    )


def _addressed(record: Record) -> Q:
    if record.institution_id:
        return Q(institution_id=record.institution_id, role__in=roles_with(Capability.RECTIFY))
    return Q(authority_id=record.addressee_id, role__in=roles_with(Capability.VERIFY))


@transaction.atomic
def issue(
    record: Record,
    *,
    by: Actor,
    document_number: str,
    title: str,
    text: str,
    meets_at: datetime | None = None,
    meets_where: str = "",
    version: int | None = None,
) -> Record:
    """确认发出: from now on the addressee knows. Feedback on a circular is owed in 5 working days."""
    fields = {"document_number": document_number, "title": title, "text": text}
    if record.kind == RecordKind.SUMMONS:
        fields |= {"meets_at": meets_at, "meets_where": meets_where}
    else:
        fields["feedback_due_on"] = deadlines.feedback_due_on(timezone.localdate())
    row = _do(
        record, RecordAction.ISSUE, by=by, version=version,
        state=RecordState.ISSUED, issued_at=timezone.now(), issued_by=by.user, **fields,
    )  # fmt: skip
    drafts.issued_elsewhere(_its_draft(row), by=by, number=document_number, text=text)
    _tell(row, _addressed(row), f"收到{row.kind.label}，请按要求办理并书面反馈", by)
    return row


def _its_draft(record: Record):
    return Draft.objects.filter(pk=record.ladder_draft_id)


@transaction.atomic
def drop(record: Record, *, by: Actor, reason: str, version: int | None = None) -> Record:
    """不予发出, with a reason of at least five characters: nobody was told anything."""
    row = _do(
        record, RecordAction.DROP, by=by, version=version,
        state=RecordState.DROPPED, dropped_at=timezone.now(), dropped_by=by.user, drop_reason=reason,
    )  # fmt: skip
    drafts.dropped_elsewhere(_its_draft(row), by=by, reason=reason)
    return row


@transaction.atomic
def minute(
    record: Record, *, by: Actor, held_on: date, attendees: str, minutes: str, version: int | None = None
) -> Record:
    """记录约谈: who came, what was said; written feedback is owed 5 working days after the talk."""
    row = _do(
        record, RecordAction.MINUTE, by=by, version=version,
        held_on=held_on, attendees=attendees, minutes=minutes, minuted_at=timezone.now(), minuted_by=by.user,
        feedback_due_on=deadlines.feedback_due_on(held_on),
    )  # fmt: skip
    _tell(row, _addressed(row), "约谈纪要已记录，请在期限内书面反馈", by)
    return row


@transaction.atomic
def answer(record: Record, *, by: Actor, feedback: str, version: int | None = None) -> Record:
    """书面反馈 by whom it was addressed to, or written down by the issuing side."""
    row = _do(
        record, RecordAction.ANSWER, by=by, version=version,
        state=RecordState.ANSWERED, feedback=feedback, feedback_at=timezone.now(), feedback_by=by.user,
    )  # fmt: skip
    issuers = Q(authority_id=row.authority_id, role__in=roles_with(Capability.SUMMON))
    _tell(row, issuers, f"收到{row.kind.label}的书面反馈", by)
    return row
