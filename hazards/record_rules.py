"""Who may do what to a 通报 or 约谈, and when: one table for the door, the buttons and the tests. No database."""

from collections.abc import Callable
from dataclasses import dataclass

from hazards.enums import RecordAction, RecordKind, RecordState
from institutions.actor import Actor
from institutions.enums import Capability

A, S = RecordAction, RecordState


def issuer(actor: Actor, record) -> str:
    """An official of the authority in whose name it goes out: a machine drafts, a person answers for it."""
    is_ours = actor.authority is not None and actor.authority.pk == record.authority_id
    return "" if is_ours and actor.can(Capability.SUMMON) else "由发出单位的监管人员办理。"


def minuter(actor: Actor, record) -> str:
    """The issuing side; a summons only, once."""
    if record.kind != RecordKind.SUMMONS:
        return "通报没有约谈纪要。"
    return "约谈纪要已经记录。" if record.minuted_at else issuer(actor, record)


def answerer(actor: Actor, record) -> str:
    """Whom it is addressed to; the issuing side writes down feedback that came on paper."""
    if record.feedback_due_on is None:
        return "约谈进行之后才需要书面反馈。"
    if actor.institution is not None:
        is_told = actor.institution.pk == record.institution_id and actor.can(Capability.RECTIFY)
    else:
        is_told = actor.authority.pk == record.addressee_id and actor.can(Capability.VERIFY)
    return "" if is_told else issuer(actor, record)


@dataclass(frozen=True)
class Row:
    """From which states, who, and how the button looks."""

    states: frozenset[RecordState]
    refusal: Callable[[Actor, object], str]
    tone: str = "primary"
    hint: str = ""


TABLE: dict[RecordAction, Row] = {
    A.ISSUE: Row(frozenset({S.DRAFT}), issuer, hint="核对事实和文字，确认后才会告知对方"),
    A.DROP: Row(frozenset({S.DRAFT}), issuer, "quiet"),
    A.MINUTE: Row(frozenset({S.ISSUED}), minuter, hint="记录参加人员和纪要，从约谈之日起算反馈期限"),
    A.ANSWER: Row(frozenset({S.ISSUED}), answerer, hint="写明原因、整改安排和责任人"),
}


def refusal(action: RecordAction, actor: Actor, record) -> str:
    """Why `actor` may not do `action` to the record now; empty when they may."""
    row = TABLE[action]
    if record.state not in row.states:
        return f"现在是“{record.get_state_display()}”，不能{action.label}。"
    return row.refusal(actor, record)


def actions_for(actor: Actor, record) -> list[RecordAction]:
    """The acts `actor` may do to the record now, in the table's order."""
    return [action for action in TABLE if not refusal(action, actor, record)]
