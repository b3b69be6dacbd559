"""One form for each act on a registered hazard."""

from django import forms
from django.core.exceptions import ValidationError

from hazards import deadlines
from hazards.enums import HazardAction, HazardStatus
from hazards.evidence_field import EvidenceField
from hazards.forms.base import ActForm, DateInput, due_date, interim_measures, responsible_person, text
from hazards.forms.matters import MATTER_FORMS
from hazards.models import Hazard
from hazards.numbers import read_number


class IssueForm(ActForm):
    due_on = due_date()
    responsible_person = responsible_person()
    interim_measures = interim_measures("整改完成前怎样保证安全，例如停用、专人值守")

    def prepare(self):
        self.fields["due_on"].initial = deadlines.default_due_on(self.hazard.severity, self.today)
        person = self.hazard.institution.responsible_persons.first()
        self.fields["responsible_person"].initial = person.name if person else ""
        if self.hazard.is_major:
            self.fields["interim_measures"].required = True

    def clean(self):
        self._clean_due("due_on")


class PlanForm(ActForm):
    measures = text("整改措施", lines=3, required=False, help_text="打算怎么改")
    responsible_person = text("整改责任人", required=False, max_length=30)
    funds = forms.DecimalField(
        label="整改资金（万元）", required=False, min_value=0, max_digits=9, decimal_places=2,
        help_text="不花钱请填 0",
    )  # fmt: skip
    finish_on = forms.DateField(label="计划完成日期", required=False, widget=DateInput())
    contingency = text("应急预案和防控措施", lines=3, required=False, help_text="整改期间出了事怎么办")

    def prepare(self):
        plan = getattr(self.hazard, "plan", None)
        if plan:
            for name in ("measures", "responsible_person", "funds", "finish_on", "contingency"):
                self.fields[name].initial = getattr(plan, name)

    def clean_finish_on(self):
        finish_on = self.cleaned_data["finish_on"]
        due = self.hazard.due_on  # none when the form comes in the wrong status, which the act answers
        if finish_on and due and finish_on > due:
            raise ValidationError(f"不能晚于整改期限 {due.year}年{due.month}月{due.day}日。")
        return finish_on


class SubmitForm(ActForm):
    measures = text("整改情况", lines=4, help_text="做了什么、换了什么、谁负责")
    evidence = EvidenceField(label="整改后的照片", help_text="至少一张，最好和整改前同一位置拍摄")
    funds_spent = forms.DecimalField(
        label="实际花费（万元）", required=False, min_value=0, max_digits=9, decimal_places=2,
        help_text="没有花费可以不填",
    )  # fmt: skip


class RejectForm(ActForm):
    reason = text("退回原因", lines=3, min_length=5, help_text="哪里没有改到位，还要怎么改")
    due_on = due_date("新的整改期限")
    button_tone = "danger"

    def prepare(self):
        self.fields["due_on"].initial = deadlines.default_due_on(self.hazard.severity, self.today)

    def clean(self):
        self._clean_due("due_on")


class ReturnForm(RejectForm):
    reason = text("不予销号的原因", lines=3, min_length=5, help_text="缺什么材料，或哪里与实际不符")


class AcceptForm(ActForm):
    opinion = text("验收意见", lines=3, min_length=2)
    is_cause_found = forms.BooleanField(label="问题已经查清")
    is_rectified = forms.BooleanField(label="整改已经到位")
    is_satisfactory = forms.BooleanField(label="服务对象和群众满意")
    evidence = EvidenceField(label="验收照片", required=False, help_text="可以不传")


class CloseForm(ActForm):
    opinion = text("销号意见", lines=3, required=False)


class RequestVoidForm(ActForm):
    reason = text("申请作废的原因", lines=3, min_length=5, max_length=300)
    button_tone = "danger"


class RefuseVoidForm(ActForm):
    reason = text("不同意的原因", lines=3, min_length=2)


class VoidForm(ActForm):
    reason = text("作废原因", lines=3, min_length=5, max_length=300, help_text="误报，或与哪一条重复")
    duplicate_of = text(
        "与哪一条重复（编号）",
        required=False,
        max_length=20,
        help_text="例如 YH-2026-000123；不是重复可以不填",
    )
    button_tone = "danger"

    def prepare(self):
        if self.hazard.void_requested_by_id:
            self.fields["reason"].initial = self.hazard.void_reason

    def clean_duplicate_of(self):
        typed = self.cleaned_data["duplicate_of"]
        if not typed:
            return None
        _, pk = read_number(typed) or (None, None)
        same_house = Hazard.objects.visible_to(self.actor).filter(institution=self.hazard.institution_id)
        found = same_house.exclude(pk=self.hazard.pk).filter(pk=pk).first()
        if found is None:
            raise ValidationError("没有找到这家机构的这条隐患，请核对编号。")
        if found.status == HazardStatus.VOIDED:
            raise ValidationError(f"{found.number} 已作废，不能作为重复的依据。")
        return found


FORMS: dict[HazardAction, type[ActForm]] = {
    HazardAction.ISSUE: IssueForm,
    HazardAction.PLAN: PlanForm,
    HazardAction.SUBMIT: SubmitForm,
    HazardAction.REJECT: RejectForm,
    HazardAction.ACCEPT: AcceptForm,
    HazardAction.CLOSE: CloseForm,
    HazardAction.RETURN: ReturnForm,
    HazardAction.REQUEST_VOID: RequestVoidForm,
    HazardAction.REFUSE_VOID: RefuseVoidForm,
    HazardAction.VOID: VoidForm,
    **MATTER_FORMS,
}
