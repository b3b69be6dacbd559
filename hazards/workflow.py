"""The whole workflow as one table: it drives the one door, the buttons, the docs diagram and the test matrix."""

from collections.abc import Callable
from dataclasses import dataclass

from hazards import matter_rules, rules
from hazards.enums import HazardAction, HazardStatus
from institutions.actor import Actor
from institutions.enums import Capability

A, S = HazardAction, HazardStatus


@dataclass(frozen=True)
class Transition:
    """One row: from which statuses, to which (None: stays), who, and what the act must bring.

    `is_beside`: nobody waits for it; the panel draws it apart from the next step.
    """

    sources: frozenset[HazardStatus]
    target: HazardStatus | None
    capability: Capability
    refusal: Callable[[Actor, object], str]
    tone: str = "primary"
    hint: str = ""
    is_beside: bool = False

    def is_legal_from(self, status: str) -> bool:
        return status in self.sources


def _row(sources, target, capability, refusal, tone="primary", hint="", is_beside=False):
    return Transition(frozenset(sources), target, capability, refusal, tone, hint, is_beside)


_UNDER_WAY = [S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED]


TABLE: dict[HazardAction, Transition] = {
    A.REGISTER: _row([], S.REGISTERED, Capability.REGISTER, rules.registrar),
    # Found and fixed in one visit: whoever registered submits, so another person must verify.
    A.FIX_ON_THE_SPOT: _row([S.REGISTERED], S.AWAITING_VERIFICATION, Capability.REGISTER, rules.on_the_spot),
    A.ISSUE: _row(
        [S.REGISTERED], S.RECTIFYING, Capability.ISSUE, rules.issuer, hint="确定期限和责任人，通知机构整改"
    ),
    A.SUBMIT: _row(
        [S.RECTIFYING],
        S.AWAITING_VERIFICATION,
        Capability.RECTIFY,
        rules.rectifier,
        hint="写明做了什么，上传整改后的照片",
    ),
    A.PLAN: _row(
        [S.RECTIFYING],
        None,
        Capability.RECTIFY,
        rules.rectifier,
        "secondary",
        hint="措施、责任人、资金、时限、预案（五落实）",
    ),
    A.ACCEPT: _row(
        [S.AWAITING_VERIFICATION],
        S.VERIFIED,
        Capability.VERIFY,
        rules.verifier,
        hint="已现场核实，隐患确已消除",
    ),
    A.REJECT: _row(
        [S.AWAITING_VERIFICATION],
        S.RECTIFYING,
        Capability.VERIFY,
        rules.verifier,
        "danger",
        hint="没有改到位，说明原因并重新定期限",
    ),
    A.CLOSE: _row(
        [S.VERIFIED], S.CLOSED, Capability.CLOSE, rules.closer, hint="材料齐全、验收属实，予以销号"
    ),
    A.RETURN: _row(
        [S.VERIFIED],
        S.RECTIFYING,
        Capability.CLOSE,
        rules.returner,
        "danger",
        hint="材料不足或不属实，退回重新整改",
    ),
    A.REQUEST_VOID: _row(
        [S.REGISTERED, S.RECTIFYING],
        None,
        Capability.ISSUE,
        rules.void_requester,
        "quiet",
        hint="重大隐患误报或重复，须两人办理",
    ),
    A.REFUSE_VOID: _row(
        [S.REGISTERED, S.RECTIFYING], None, Capability.ISSUE, rules.void_refuser, "secondary"
    ),
    A.VOID: _row(
        [S.REGISTERED, S.RECTIFYING],
        S.VOIDED,
        Capability.ISSUE,
        rules.voider,
        "quiet",
        hint="误报或与另一条重复",
    ),
    A.APPROVE_EXTENSION: _row(
        [S.RECTIFYING],
        None,
        Capability.DECIDE_EXTENSION,
        matter_rules.extension_decider,
        hint="理由成立、防控措施可靠，核定新的期限",
    ),
    A.REFUSE_EXTENSION: _row(
        [S.RECTIFYING],
        None,
        Capability.DECIDE_EXTENSION,
        matter_rules.extension_decider,
        "danger",
        hint="原期限不变",
    ),
    # After acceptance alone: what was ordered to be put right has been put right.
    A.LIFT_SUPERVISION: _row(
        [S.VERIFIED],
        None,
        Capability.SUPERVISE,
        matter_rules.supervision_ender,
        hint="已验收通过，摘牌后才能销号",
    ),
    A.REPORT_PROGRESS: _row(
        _UNDER_WAY,
        None,
        Capability.RECTIFY,
        matter_rules.progress_reporter,
        "secondary",
        hint="挂牌督办期间按期报告治理进展",
    ),
    A.RECORD_ANSWER: _row(
        [S.REGISTERED, *_UNDER_WAY],
        None,
        Capability.TRANSFER,
        matter_rules.transfer_holder,
        "secondary",
        hint="部门的书面答复由您录入",
        is_beside=True,
    ),
    A.WITHDRAW_TRANSFER: _row(
        [S.REGISTERED, *_UNDER_WAY],
        None,
        Capability.TRANSFER,
        matter_rules.transfer_holder,
        "quiet",
        is_beside=True,
    ),
    A.REQUEST_EXTENSION: _row(
        [S.RECTIFYING],
        None,
        Capability.RECTIFY,
        matter_rules.extension_requester,
        "quiet",
        hint="说明理由和延期期间的防控措施；未批准前原期限照算",
        is_beside=True,
    ),
    A.WITHDRAW_EXTENSION: _row(
        [S.RECTIFYING],
        None,
        Capability.RECTIFY,
        matter_rules.extension_withdrawer,
        "quiet",
        hint="还没有决定的申请可以撤回，原期限不变",
        is_beside=True,
    ),
    A.PLACE_UNDER_SUPERVISION: _row(
        [S.RECTIFYING, S.AWAITING_VERIFICATION],
        None,
        Capability.SUPERVISE,
        matter_rules.supervisor_to_be,
        "quiet",
        hint="重大隐患或久拖不改的，挂牌督办、限期治理",
        is_beside=True,
    ),
    A.REVOKE_SUPERVISION: _row(
        _UNDER_WAY,
        None,
        Capability.SUPERVISE,
        matter_rules.supervision_ender,
        "quiet",
        hint="只用于误报或下错；整改好了请在验收后摘牌",
        is_beside=True,
    ),
    A.TRANSFER: _row(
        [S.REGISTERED, S.RECTIFYING, S.AWAITING_VERIFICATION],
        None,
        Capability.TRANSFER,
        matter_rules.transferrer,
        "quiet",
        hint="属于消防、住建、市场监管、卫健等部门职责的",
        is_beside=True,
    ),
    A.REASSIGN: _row(
        _UNDER_WAY,
        None,
        Capability.REASSIGN,
        matter_rules.reassigner,
        "quiet",
        hint="原来的人离岗、调岗或分工调整的",
        is_beside=True,
    ),
    A.NUDGE: _row(
        [S.REGISTERED, *_UNDER_WAY],
        None,
        Capability.NUDGE,
        matter_rules.nudger,
        "secondary",
        hint="提醒该办的一方尽快办理；期限和状态不变，同一单位对同一条隐患每天催办一次",
        is_beside=True,
    ),
    # Done on the transfer's own page: whoever answers never sees the hazard.
    A.ANSWER_TRANSFER: _row(
        [S.REGISTERED, *_UNDER_WAY],
        None,
        Capability.ANSWER_TRANSFER,
        matter_rules.transfer_answerer,
        is_beside=True,
    ),
}

# Acts that leave an open form of another act as true as it was: who is nudged while they write loses nothing.
LEAVE_FORMS_OPEN = frozenset({A.NUDGE, A.REASSIGN})

# What the database's trigger lets happen to `status`; kept as rows of LegalTransition (migration).
LEGAL_PAIRS: frozenset[tuple[str, str]] = frozenset(
    (source.value, row.target.value) for row in TABLE.values() if row.target for source in row.sources
)

# Status in the words of the one who reads it: institution, or the side that must act next.
LABEL_FOR_INSTITUTION = {
    S.REGISTERED: "已登记，等待主管部门下发",
    S.RECTIFYING: "请按期整改",
    S.AWAITING_VERIFICATION: "已提交，等待验收",
    S.VERIFIED: "已验收，等待销号",
    S.CLOSED: "已销号",
    S.VOIDED: "已作废",
}
LABEL_WHEN_MINE = {
    S.REGISTERED: "待我下发",
    S.RECTIFYING: "待我整改",
    S.AWAITING_VERIFICATION: "待我验收",
    S.VERIFIED: "待我销号",
}


def refusal(action: HazardAction, actor: Actor, hazard) -> str:
    """Why `actor` may not do `action` to `hazard` now; empty when they may. The one answer for door and button."""
    row = TABLE[action]
    if not actor.can(row.capability):
        return "您的角色不能办理这一步。"
    if action is not A.REGISTER and not row.is_legal_from(hazard.status):
        return f"隐患当前是“{hazard.get_status_display()}”，不能{action.label}。"
    return row.refusal(actor, hazard)


def actions_for(actor: Actor, hazard) -> list[HazardAction]:
    """The acts `actor` may do to `hazard` now, in the table's order: exactly the buttons of the panel."""
    return [a for a in TABLE if a is not A.REGISTER and not refusal(a, actor, hazard)]


def status_label(actor: Actor | None, hazard) -> str:
    """The status in the reader's words: what waits for me says so, an institution is told what is expected."""
    status = S(hazard.status)
    if actor is None:
        return status.label
    if status in LABEL_WHEN_MINE and any(TABLE[a].target for a in actions_for(actor, hazard) if a != A.VOID):
        return LABEL_WHEN_MINE[status]
    return LABEL_FOR_INSTITUTION[status] if actor.institution else status.label
