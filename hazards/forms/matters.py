"""Forms of the acts beside the status: 延期, 挂牌督办, 移送."""

from datetime import timedelta

from django import forms
from django.urls import reverse
from django.utils.html import format_html

from hazards import deadlines, officers
from hazards.actions import extending, transferring
from hazards.enums import HazardAction, TransferOutcome
from hazards.evidence_field import EvidenceField
from hazards.forms.base import ActForm, due_date, new_officer, reason_to_reassign, text
from hazards.models import Evidence, Transfer
from institutions.enums import Department

TRANSFER_DEPARTMENTS = [(d.value, d.label) for d in Department if d != Department.CIVIL_AFFAIRS]


class RequestExtensionForm(ActForm):
    reason = text("申请延期的理由", lines=3, min_length=5, help_text="隐患治理到哪一步，为什么按期完不成")
    interim_measures = text(
        "延期期间的防控措施", lines=3, min_length=5, help_text="停用、隔离、专人值守等，怎样保证不出事"
    )
    proposed_due_on = due_date("申请延至")
    terms = None

    def prepare(self):
        if self.hazard.due_on is None or not self.hazard.issued_at:
            return  # not issued: the act answers
        self.terms = extending.terms_for(self.hazard, self.today)
        latest = self.terms.latest_due_on
        field = self.fields["proposed_due_on"]
        field.help_text = f"现在的期限是 {_day(self.hazard.due_on)}，最晚可延至 {_day(latest)}"
        field.initial = min(self.hazard.due_on + timedelta(days=30), latest)

    def clean(self):
        if self.terms is None:
            return
        if self.terms.why_not:
            self.add_error(None, self.terms.why_not)
            return
        proposed = self.cleaned_data.get("proposed_due_on")
        if proposed and (why_not := extending.refuse_new_due(proposed, self.hazard, self.terms, self.today)):
            self.add_error("proposed_due_on", why_not)


class ApproveExtensionForm(ActForm):
    due_on = due_date("核定的整改期限")
    opinion = text("意见", lines=2, required=False)

    def prepare(self):
        if request := extending.undecided(self.hazard):
            self.fields["due_on"].initial = request.proposed_due_on
            self.fields["due_on"].help_text = f"机构申请延至 {_day(request.proposed_due_on)}，不能更晚"


class RefuseExtensionForm(ActForm):
    reason = text("不予延期的原因", lines=3, min_length=5)
    button_tone = "danger"


class WithdrawExtensionForm(ActForm):
    reason = text("撤回的原因", lines=2, min_length=2, help_text="例如：设备已提前到货，可以按期完成")
    button_tone = "danger"


class PlaceUnderSupervisionForm(ActForm):
    supervising_unit = text("督办单位", max_length=80, help_text="例如县安全生产委员会；默认是本单位")
    document_number = text("文号", max_length=60, placeholder="例如：赣民安督〔2026〕3号")
    requirements = text("督办要求", lines=3, min_length=5, help_text="要治理到什么程度，期间怎样防控")
    due_on = due_date("治理完毕期限")
    plan_due_on = due_date("治理方案报送期限")
    report_every_days = forms.IntegerField(
        label="多少天报告一次进展", min_value=1, max_value=deadlines.LONGEST_REPORT_DAYS,
        initial=deadlines.REPORT_EVERY_DAYS, help_text="每季度至少一次，默认每月",
    )  # fmt: skip
    is_public = forms.BooleanField(
        label="向社会公开",
        required=False,
        help_text="只公开机构名称、所在地、问题类别、督办级别、文号、期限和挂牌、摘牌日期",
    )

    def prepare(self):
        plan_due_on = self.today + timedelta(days=deadlines.PLAN_DAYS)
        due_on = max(self.hazard.due_on or self.today, plan_due_on)
        self.fields["supervising_unit"].initial = self.actor.place_name
        self.fields[
            "requirements"
        ].initial = "主要负责人组织制定治理方案，落实责任、措施、资金、时限和应急预案，限期治理完毕。"
        self.fields["due_on"].initial, self.fields["plan_due_on"].initial = due_on, plan_due_on

    def clean(self):
        due_on, plan_due_on = self._clean_due("due_on"), self.cleaned_data.get("plan_due_on")
        if plan_due_on and plan_due_on < self.today:
            self.add_error("plan_due_on", "报送期限不能早于今天。")
        elif plan_due_on and due_on and plan_due_on > due_on:
            self.add_error("plan_due_on", "治理方案须在治理完毕期限之前报送。")


class ReportProgressForm(ActForm):
    progress = text("治理进展", lines=4, min_length=5, help_text="做到哪一步，投入多少，还差什么")
    next_steps = text("下一步安排和防控措施", lines=3, min_length=5)
    evidence = EvidenceField(label="照片", required=False, help_text="可以不传")


class LiftSupervisionForm(ActForm):
    opinion = text("摘牌意见", lines=3, min_length=2, help_text="已验收通过，确认治理完毕")


class RevokeSupervisionForm(ActForm):
    reason = text("撤销督办的原因", lines=3, min_length=5, help_text="只用于误报或下错")
    button_tone = "danger"


class PhotoField(forms.ModelMultipleChoiceField):
    """Evidence of one hazard to choose from; each choice is the photo: nobody sends what they have not looked at."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, evidence: Evidence):
        words = f"{evidence.get_stage_display()} {evidence.file.display_name}"
        if not evidence.file.is_image:
            return words
        source = reverse("hazards:photo", args=[evidence.pk, "thumb"])
        return format_html('<img src="{}" alt="" width="96" height="72" loading="lazy"> {}', source, words)


class TransferForm(ActForm):
    department = forms.ChoiceField(label="移送部门", choices=TRANSFER_DEPARTMENTS, widget=forms.RadioSelect)
    recipient = text(
        "接收单位名称", required=False, max_length=80,
        help_text="该部门在本系统有单位时自动确定；没有时请填写，移送函打印后送达",
    )  # fmt: skip
    document_number = text("文号", max_length=60, placeholder="例如：赣民移〔2026〕5号")
    letter = text(
        "移送事项", lines=6, min_length=10, max_length=1500, help_text="对方看到的就是这段文字和下面选的照片"
    )
    evidence = PhotoField(
        label="随函移送的照片", queryset=Evidence.objects.none(), required=False,
        error_messages={"invalid_choice": "有照片不是这条隐患的，请重新选择。"},
    )  # fmt: skip
    due_on = due_date("请对方于何日前回执")

    def prepare(self):
        hazard = self.hazard
        self.fields["letter"].initial = (
            f"我单位检查{hazard.institution.name}时发现：{hazard.location}，{hazard.description}。"
            "经研究，该问题属于贵单位职责范围，现移送贵单位依法处理，并请将办理结果书面回复我单位。"
        )
        self.fields["due_on"].initial = self.today + timedelta(days=deadlines.ANSWER_DAYS)
        if hazard.is_protected:
            del self.fields["evidence"]  # photos of a protected house never leave it (domain 4.4)
        else:
            self.fields["evidence"].queryset = hazard.evidence.select_related("file").order_by("id")

    def clean(self):
        due_on = self.cleaned_data.get("due_on")
        if due_on and due_on < self.today:
            self.add_error("due_on", "回执期限不能早于今天。")
        elif due_on and due_on > self.today + timedelta(days=deadlines.LONGEST_DAYS):
            self.add_error("due_on", "回执期限最长不超过一年，请核对年份。")
        department, recipient = self.cleaned_data.get("department"), self.cleaned_data.get("recipient")
        if department and not recipient and transferring.authority_for(self.hazard, department) is None:
            self.add_error("recipient", "本系统里还没有这个部门的单位，请填写接收单位名称。")

    def facts(self) -> dict:
        facts = super().facts()
        return facts | {"evidence": list(facts.get("evidence", []))}


class _OfOneTransfer(ActForm):
    """Which of the hazard's unanswered transfers is meant."""

    transfer = forms.ModelChoiceField(
        label="哪一件移送", queryset=Transfer.objects.none(), widget=forms.RadioSelect, empty_label=None,
        error_messages={"invalid_choice": "这件移送已经有了结果，请重新打开页面。"},
    )  # fmt: skip

    def prepare(self):
        field = self.fields["transfer"]
        field.queryset = self.hazard.transfers.unanswered().order_by("id")
        field.label_from_instance = lambda sent: f"{sent.recipient} {sent.document_number}"
        field.initial = field.queryset.first()


class WithdrawTransferForm(_OfOneTransfer):
    reason = text("撤回的原因", lines=2, min_length=5, max_length=300, help_text="对方会看到")
    button_tone = "danger"


def _outcome():
    return forms.ChoiceField(label="办理结果", choices=TransferOutcome.choices, widget=forms.RadioSelect)


class RecordAnswerForm(_OfOneTransfer):
    outcome = _outcome()
    receipt_number = text("回执文号", max_length=60)
    answer = text("回执内容", lines=4, min_length=2, help_text="按书面回执录入")


class NudgeForm(ActForm):
    words = text("要说的话", lines=2, required=False, max_length=100, help_text="可以不填")


class ReassignForm(ActForm):
    officer = new_officer()
    reason = reason_to_reassign()

    def prepare(self):
        here = officers.candidates(self.hazard.supervising_authority_id)
        self.fields["officer"].queryset = here.exclude(pk=self.hazard.supervising_officer_id)


class AnswerTransferForm(ActForm):
    """部门回执 on the transfer's own page; carries no version, because who answers knows nothing of the hazard."""

    outcome = _outcome()
    receipt_number = text("回执文号", max_length=60)
    answer = text("回执内容", lines=4, min_length=2, help_text="采取了什么措施，结果如何")

    def __init__(self, *args, transfer: Transfer, **kwargs):
        self.transfer = transfer
        super().__init__(*args, **kwargs)

    def prepare(self):
        del self.fields["version"]

    @property
    def subject(self) -> str:
        return f"{type(self).__name__}:{self.transfer.pk}"


def _day(day) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


MATTER_FORMS: dict[HazardAction, type[ActForm]] = {
    HazardAction.REQUEST_EXTENSION: RequestExtensionForm,
    HazardAction.APPROVE_EXTENSION: ApproveExtensionForm,
    HazardAction.REFUSE_EXTENSION: RefuseExtensionForm,
    HazardAction.WITHDRAW_EXTENSION: WithdrawExtensionForm,
    HazardAction.PLACE_UNDER_SUPERVISION: PlaceUnderSupervisionForm,
    HazardAction.REPORT_PROGRESS: ReportProgressForm,
    HazardAction.LIFT_SUPERVISION: LiftSupervisionForm,
    HazardAction.REVOKE_SUPERVISION: RevokeSupervisionForm,
    HazardAction.TRANSFER: TransferForm,
    HazardAction.WITHDRAW_TRANSFER: WithdrawTransferForm,
    HazardAction.RECORD_ANSWER: RecordAnswerForm,
    HazardAction.NUDGE: NudgeForm,
    HazardAction.REASSIGN: ReassignForm,
}
