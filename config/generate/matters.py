"""Beside a hazard's rectification: 延期, 挂牌督办 with its reports, 移送; at most one of each, in the first round."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from hazards.deadlines import ANSWER_DAYS, EXTENSION_LIMITS, PLAN_DAYS, REPORT_EVERY_DAYS
from hazards.enums import (
    Domain,
    ExtensionCase,
    ExtensionOutcome,
    SupervisionState,
    TransferOutcome,
    TransferState,
)
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus as S
from institutions.enums import Department, RegionLevel

_EXTENDED, _REFUSED = 0.12, 0.25
_MAJOR_SUPERVISED, _LATE_SUPERVISED, _LATE_AFTER = 0.4, 0.3, 30  # days past the deadline
_TRANSFERRED, _ANSWERED = 0.04, 0.8
_MOST_REPORTS = 8
_DEPARTMENTS = {
    Domain.FIRE: (Department.FIRE_RESCUE, "消防救援大队"),
    Domain.BUILDING: (Department.HOUSING, "住房和城乡建设局"),
    Domain.FOOD: (Department.MARKET_REGULATION, "市场监督管理局"),
    Domain.HEALTH: (Department.HEALTH, "卫生健康委员会"),
}
_WHY_LATER = ("改造须停业施工，已与施工单位签约，需要延长工期", "设备须向厂家订制，到货时间晚于原期限")
_MEANWHILE = "安排专人值守，每日巡查并记录，暂停使用有关部位。"
_PROGRESS = "施工单位已进场，按治理方案推进，已完成过半。"
_NEXT = "继续施工，专人盯守，完工后自查并申请验收。"


@dataclass
class Extension:
    """One 延期申请; `decided` is the act that ended it, None while nobody has decided."""

    asked: object
    case: ExtensionCase
    region: int
    old_due_on: date
    proposed: date
    decide_by: date
    outcome: str = ""
    decided: object = None


class Report(NamedTuple):
    """One report of progress, and when it had been due."""

    act: object
    was_due_on: date


@dataclass
class Order:
    """One 挂牌督办 with its reports; `ended` is its lifting."""

    placed: object
    region: int
    level: RegionLevel
    number: str
    due_on: date
    plan_due_on: date
    next_report_on: date
    reports: list[Report] = field(default_factory=list)
    ended: object = None

    @property
    def state(self) -> SupervisionState:
        return SupervisionState.LIFTED if self.ended else SupervisionState.OPEN


@dataclass
class Sent:
    """One 移送, to a department without a post in the system: answers come on paper."""

    act: object
    department: Department
    recipient: str
    number: str
    letter: str
    due_on: date
    answer: dict = field(default_factory=dict)
    ended: object = None

    @property
    def state(self) -> TransferState:
        if self.ended is None:
            return TransferState.SENT
        return TransferState.ANSWERED if self.answer else TransferState.ENDED


Step = tuple[int, int, Callable[[], None]]  # on which day from now, in which order, what


def meanwhile(life, days: float) -> float:
    """Plays what happens before the submission that would come in `days`; how many days from now it is then."""
    if life.round > 1:
        return days
    agenda = [*_transfer(life, days)]
    agenda += ordered if (ordered := [*_order(life, days)]) else _extension(life, days)
    due_on, gone = life.due_on, 0
    for day, _, step in sorted(agenda, key=lambda step: step[:2]):
        life.later(day - gone)
        gone = day
        step()
    return max(days - gone, 0) + (life.due_on - due_on).days * 0.8


def lapse(life, submitted) -> None:
    """Nobody needs more time for what is done."""
    if (asked := life.extension) and not asked.outcome:
        asked.outcome, asked.decided = ExtensionOutcome.LAPSED, submitted


def lift(life) -> None:
    """摘牌 once it is accepted, some days later."""
    if (order := life.order) and not order.ended:
        life.later(life.rng.uniform(0, 4))
        by = life.official(order.region)
        order.ended = life.act(A.LIFT_SUPERVISION, S.VERIFIED, by, "已按要求治理完毕，同意摘牌")


def end_transfer(life, closed) -> None:
    """The hazard ends: nobody has to answer any more."""
    if (sent := life.sent) and not sent.ended:
        sent.ended = closed


def _weekdays_from(day: date, count: int) -> date:
    """As hazards.deadlines counts where a year's holidays are not known."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _extension(life, days: float) -> Iterator[Step]:
    case = ExtensionCase.MAJOR if life.is_major else ExtensionCase.GENERAL
    limits = EXTENSION_LIMITS[case]
    latest = min((life.due_on - life.today).days - (limits["ask_before"] * 7 // 5 + 2), int(days) - 1)
    if latest < 1 or life.rng.random() > _EXTENDED:
        return
    asked_on = life.rng.randint(1, latest)
    decided_on = asked_on + life.rng.randint(1, limits["decide_within"])
    levels, above = life.levels, case == ExtensionCase.MAJOR
    region = levels[min(levels.index(life.house.supervisor) + above, len(levels) - 1)]
    proposed = life.due_on + timedelta(days=life.rng.choice((7, 10, 15, 30)))

    def ask() -> None:
        by = life.rng.choice(life.staff)
        act = life.act(
            A.REQUEST_EXTENSION, S.RECTIFYING, by, life.rng.choice(_WHY_LATER),
            proposed_due_on=proposed.isoformat(), interim_measures=_MEANWHILE,
        )  # fmt: skip
        decide_by = _weekdays_from(life.today, limits["decide_within"])
        life.extension = Extension(act, case, region, life.due_on, proposed, decide_by)

    def decide() -> None:
        by, request = life.official(region), life.extension
        if life.rng.random() < _REFUSED:
            request.outcome = ExtensionOutcome.REFUSED
            request.decided = life.act(A.REFUSE_EXTENSION, S.RECTIFYING, by, "理由不充分，请按原期限完成")
        else:
            request.outcome, life.due_on = ExtensionOutcome.APPROVED, proposed
            request.decided = life.act(
                A.APPROVE_EXTENSION, S.RECTIFYING, by, "同意延期", due_on=proposed.isoformat()
            )

    yield asked_on, 0, ask
    if decided_on < days:
        yield decided_on, 1, decide


def _order(life, days: float) -> Iterator[Step]:
    late = (life.due_on - life.today).days + _LATE_AFTER
    if life.is_major and life.rng.random() < _MAJOR_SUPERVISED:
        placed_on = life.rng.randint(1, 10)
    elif days > late and life.rng.random() < _LATE_SUPERVISED:
        placed_on = late + life.rng.randint(0, 20)
    else:
        return
    levels = life.levels[life.levels.index(life.house.supervisor) :]
    region = life.rng.choices(levels, (30, 55, 15)[: len(levels)])[0]

    def place() -> None:
        number = f"民安督〔{life.today.year}〕{life.ticket.pk}号"
        due_on = max(life.due_on, life.today + timedelta(days=30))
        plan_due_on = min(life.today + timedelta(days=PLAN_DAYS), due_on)
        by = life.official(region)
        act = life.act(
            A.PLACE_UNDER_SUPERVISION, S.RECTIFYING, by, "限期治理完毕，治理期间落实防控措施，按月报告进展",
            document_number=number, supervising_unit=by.place, order_due_on=due_on.isoformat(),
        )  # fmt: skip
        first = min(due_on, life.today + timedelta(days=REPORT_EVERY_DAYS))
        life.order = Order(act, region, life.level_of(region), number, due_on, plan_due_on, first)

    def report() -> None:
        order = life.order
        act = life.act(A.REPORT_PROGRESS, S.RECTIFYING, life.staff[0], _PROGRESS, next_steps=_NEXT)
        order.reports.append(Report(act, order.next_report_on))
        order.next_report_on = life.today + timedelta(days=REPORT_EVERY_DAYS)

    if placed_on < days:
        yield placed_on, 2, place
        for n in range(1, _MOST_REPORTS + 1):
            if (reported_on := placed_on + 28 * n) < days:
                yield reported_on, 3, report


def _transfer(life, days: float) -> Iterator[Step]:
    if life.finding.domain not in _DEPARTMENTS or life.rng.random() > _TRANSFERRED:
        return
    department, office = _DEPARTMENTS[life.finding.domain]
    sent_on = life.rng.randint(0, 3)
    answered_on = sent_on + life.rng.randint(2, 12)

    def send() -> None:
        by = life.official(life.house.supervisor)
        number, due_on = (
            f"民移〔{life.today.year}〕{life.ticket.pk}号",
            life.today + timedelta(days=ANSWER_DAYS),
        )
        recipient = by.place.replace("民政局", office)
        letter = f"我局检查发现：{life.finding.what}。依职责移送贵单位，请依法处理并函复。"
        act = life.act(
            A.TRANSFER, S.RECTIFYING, by, f"移送{recipient}", department=department.value,
            document_number=number, letter=letter, answer_due_on=due_on.isoformat(), evidence=[],
        )  # fmt: skip
        life.sent = Sent(act, department, recipient, number, letter, due_on)

    def answer() -> None:
        sent, by = life.sent, life.official(life.house.supervisor)
        outcome = life.rng.choices(list(TransferOutcome), (60, 30, 10))[0]
        sent.answer = {
            "outcome": outcome.value, "receipt_number": f"复〔{life.today.year}〕{life.ticket.pk}号",
            "answer": "已派员现场核查并依法处理。",
        }  # fmt: skip
        sent.ended = life.act(
            A.RECORD_ANSWER, S.RECTIFYING, by, f"{sent.recipient}：{outcome.label}",
            document_number=sent.number, department=department.value, **sent.answer,
        )  # fmt: skip

    if sent_on < days:
        yield sent_on, 4, send
        if answered_on < days and life.rng.random() < _ANSWERED:
            yield answered_on, 5, answer
