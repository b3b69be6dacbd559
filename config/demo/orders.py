"""延期, 挂牌督办, 移送, 通报 over hazards the stories left open: the real actions, after all the stories' own."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from config.demo import clock
from config.demo.cast import Cast
from config.demo.houses import DEMO_COUNTY
from config.demo.stories import Story
from config.demo.wishes import FORGOTTEN
from hazards.actions import (
    drafting,
    extending,
    lifecycle,
    nudging,
    reassigning,
    summoning,
    supervising,
    transferring,
)
from hazards.enums import HazardStatus as S
from hazards.models import Circular, Hazard, HazardEvent
from institutions.actor import Actor
from institutions.enums import Department
from institutions.models import Authority

ACTS = 60  # at most; they share what is left of the last act's office hours
_LETTER = "我单位检查时发现：{what}。该问题属于贵单位职责范围，现移送贵单位依法处理，并请书面回复办理结果。"
_ANSWERED = {
    "outcome": "handled",
    "receipt_number": "赣消函〔2026〕17号",
    "answer": "已现场核查并责令限期改正。",
}


class Orders:
    """Acts one after the other, each a little later; documents are numbered as they come."""

    def __init__(self, cast: Cast, stories: list[Story], now: datetime):
        self._cast, self._now, self._number = cast, now, 0
        self._at = HazardEvent.objects.latest("at").at
        evening = timezone.localtime(self._at).replace(hour=18, minute=0, second=0, microsecond=0)
        self._today = timezone.localdate(self._at)  # of these acts: a working day, which today need not be
        self._step = max(min(evening, now) - self._at, timedelta()) / ACTS
        rows = Hazard.objects.select_related("institution", "county", "supervising_authority__region")
        touched = [
            story.hazard.pk
            for story in stories
            if story.house.authority.region.code == DEMO_COUNTY or story.wish is FORGOTTEN
        ]
        own = {h.pk: h for h in rows.filter(pk__in=touched, supervising_authority__region__code=DEMO_COUNTY)}
        self._own = [own[pk] for pk in sorted(own)]
        self._others = list(rows.exclude(pk__in=touched).filter(is_fixed_on_the_spot=False).order_by("pk"))

    def _do(self, act: Callable, *args, **facts):
        self._at += self._step
        with clock.at(self._at):
            return act(*args, **facts)

    def _next_number(self, word: str) -> str:
        self._number += 1
        return f"民安{word}〔{self._now.year}〕{self._number}号"

    def _pick(self, hazards: list[Hazard], suits: Callable[[Hazard], bool]) -> Hazard | None:
        """The first that suits, taken out so that no hazard gets everything."""
        found = next((h for h in hazards if suits(h)), None)
        if found:
            hazards.remove(found)
        return found

    def _official(self, hazard: Hazard, *besides: int) -> Actor:
        people = self._cast.officials[hazard.supervising_authority.region_id]
        return next(a for a in people if a.user.pk not in besides)

    def _above(self, hazard: Hazard) -> Actor:
        return self._cast.officials[hazard.city_id][0]

    def _staff(self, hazard: Hazard) -> Actor:
        return self._cast.staff[hazard.institution_id][0]

    def play(self) -> None:
        """In the demo's own county what waits; elsewhere what is over."""
        self._supervise()
        self._extend()
        self._transfer()
        self._decide_own()
        self._nudge()
        self._reassign()
        self._draft()

    def _place(self, hazard: Hazard, by: Actor, *, is_public: bool = False) -> Hazard:
        today = self._today
        return self._do(
            supervising.place_under_supervision, hazard, by=by, supervising_unit=by.place_name,
            document_number=self._next_number("督"), requirements="主要负责人组织治理，限期治理完毕，期间落实防控措施。",
            due_on=today + timedelta(days=45), plan_due_on=today + timedelta(days=10), is_public=is_public,
        )  # fmt: skip

    def _supervise(self) -> None:
        def is_major(hazard: Hazard) -> bool:
            return hazard.status == S.RECTIFYING and hazard.is_major and not hazard.void_requested_by_id

        if hazard := self._pick(self._own, is_major):
            hazard = self._place(hazard, self._official(hazard), is_public=True)
            self._do(
                supervising.report_progress, hazard, by=self._staff(hazard), progress="已停用隐患部位，完成方案和报价。",
                next_steps="本月底前施工，施工期间专人值守。",
            )  # fmt: skip
        if hazard := self._pick(self._others, is_major):
            hazard = self._place(hazard, self._official(hazard))
            self._place(hazard, self._above(hazard), is_public=True)  # raised
        if hazard := self._pick(self._others, lambda h: h.status == S.RECTIFYING):
            hazard = self._place(hazard, self._above(hazard))
            self._do(
                supervising.revoke_supervision,
                hazard,
                by=self._above(hazard),
                reason="文号对应的隐患有误，撤销后重新下达。",
            )
        if hazard := self._pick(self._others, lambda h: h.status == S.AWAITING_VERIFICATION):
            by = self._official(hazard, hazard.submitted_by_id)
            hazard = self._place(hazard, by, is_public=True)
            hazard = self._do(
                lifecycle.accept, hazard, by=by, opinion="现场核实，已治理完毕。", is_cause_found=True, is_rectified=True,
                is_satisfactory=True,
            )  # fmt: skip
            self._do(supervising.lift_supervision, hazard, by=by, opinion="验收合格，同意摘牌。")

    def _may_ask(self, hazard: Hazard) -> bool:
        is_open = hazard.status == S.RECTIFYING and not hazard.void_requested_by_id
        return is_open and not extending.terms_for(hazard, self._today).why_not

    def _ask(self, hazard: Hazard) -> Hazard:
        return self._do(
            extending.request_extension, hazard, by=self._staff(hazard), reason="所需配件到货推迟，按期完不成。",
            interim_measures="停用该部位，夜间增加一次巡查。", proposed_due_on=hazard.due_on + timedelta(days=10),
        )  # fmt: skip

    def _extend(self) -> None:
        if hazard := self._pick(self._own, self._may_ask):
            self._ask(hazard)
        for is_approved in (True, False):
            if hazard := self._pick(self._others, self._may_ask):
                hazard = self._ask(hazard)
                if is_approved:
                    self._approve(hazard)
                else:
                    by = self._cast.officials[hazard.extension_region_id][0]
                    self._do(
                        extending.refuse_extension, hazard, by=by, reason="现有条件可以按期完成，不予延期。"
                    )
        if hazard := self._pick(self._others, self._may_ask):
            hazard = self._ask(hazard)
            self._do(
                extending.withdraw_extension,
                hazard,
                by=self._staff(hazard),
                reason="配件提前到货，可以按期完成。",
            )

    def _approve(self, hazard: Hazard) -> None:
        by = self._cast.officials[hazard.extension_region_id][0]
        due_on = hazard.extensions.get(outcome="").proposed_due_on
        self._do(extending.approve_extension, hazard, by=by, due_on=due_on, opinion="同意延期。")

    def _decide_own(self) -> None:
        """One more in the demo's own county, decided: its application is printed with the decision."""
        if hazard := self._pick(self._own, self._may_ask):
            self._approve(self._ask(hazard))

    def _send(self, hazard: Hazard, department: Department, recipient: str = "") -> Hazard:
        what = f"{hazard.institution.name}{hazard.location}，{hazard.description}"
        photos = [] if hazard.is_protected else list(hazard.evidence.select_related("file")[:2])
        return self._do(
            transferring.transfer, hazard, by=self._official(hazard), department=department, recipient=recipient,
            document_number=self._next_number("移"), letter=_LETTER.format(what=what), evidence=photos,
            due_on=self._today + timedelta(days=15),
        )  # fmt: skip

    def _transfer(self) -> None:
        def suits(hazard: Hazard) -> bool:
            return hazard.status in (S.REGISTERED, S.RECTIFYING)

        if hazard := self._pick(self._own, suits):
            self._send(hazard, Department.FIRE_RESCUE)
        if hazard := self._pick(self._own, suits):
            hazard = self._send(hazard, Department.FIRE_RESCUE)
            fire = Authority.objects.get(department=Department.FIRE_RESCUE, region__code=DEMO_COUNTY)
            membership = fire.memberships.select_related("user", "authority__region").first()
            sent = hazard.transfers.get()
            self._do(transferring.answer_transfer, sent, by=Actor(membership.user, membership), **_ANSWERED)
        for ends in (transferring.record_answer, transferring.withdraw_transfer):
            if hazard := self._pick(self._others, suits):
                hazard = self._send(hazard, Department.HOUSING, "住房和城乡建设局")
                facts = (
                    _ANSWERED if ends is transferring.record_answer else {"reason": "经核实属于本单位职责。"}
                )
                sent = hazard.transfers.get()
                self._do(ends, hazard, by=self._official(hazard), transfer=sent, **facts)

    def _nudge(self) -> None:
        """The county asks a house of its own, and the city a county that lets it wait."""
        if hazard := self._pick(self._own, lambda h: h.status == S.RECTIFYING):
            self._do(nudging.nudge, hazard, by=self._official(hazard), words="请本周内完成，并上传照片。")
        for at in (self._own, self._others):
            if hazard := self._pick(at, lambda h: h.status == S.AWAITING_VERIFICATION):
                self._do(
                    nudging.nudge, hazard, by=self._above(hazard), words="机构早已提交，请尽快到现场验收。"
                )

    def _reassign(self) -> None:
        if hazard := self._pick(self._own, lambda h: h.status == S.RECTIFYING):
            new = self._official(hazard, hazard.supervising_officer_id)
            by = self._official(hazard)
            self._do(reassigning.reassign, hazard, by=by, officer=new.user, reason="分工调整。")

    def _draft(self) -> None:
        """What the rules find; the first 通报 is confirmed and answered, the rest waits for people."""
        self._do(drafting.draft_due, self._today)
        draft = Circular.objects.select_related("authority", "addressee").order_by("id").first()
        if draft is None:
            return
        by = self._cast.officials[draft.authority.region_id][0]
        draft = self._do(
            summoning.issue,
            draft,
            by=by,
            document_number=self._next_number("通"),
            title=draft.title,
            text=draft.text,
        )
        told = self._cast.officials[draft.addressee.region_id][0]
        self._do(summoning.answer, draft, by=told, feedback="已逐条明确责任人和完成时间，本月底前整改到位。")
