"""What people fill in. Bad input stays in the form with words beside its field."""

import re
import uuid
from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.utils import timezone

from hazards import deadlines
from hazards.enums import Domain, HazardAction, Severity, Source
from hazards.evidence_field import EvidenceField
from hazards.models import Hazard
from hazards.numbers import read_number
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel

_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def refuse_personal_data(value: str) -> None:
    """No resident's identity number ever enters the database (personal-information rules of the domain, 4.4)."""
    if _ID_NUMBER.search(value):
        raise ValidationError("请不要填写身份证号等个人信息，删去后再保存。")


def text(label: str, *, lines: int = 0, required=True, max_length=500, min_length=0, help_text="", **attrs):
    """A text field in the house's manner; several `lines` make a text area."""
    widget = forms.Textarea(attrs={"rows": lines} | attrs) if lines else forms.TextInput(attrs=attrs)
    validators = [refuse_personal_data]
    if min_length:
        validators.append(MinLengthValidator(min_length, f"请写得具体一些，至少 {min_length} 个字。"))
    return forms.CharField(
        label=label, widget=widget, required=required, max_length=max_length, validators=validators,
        help_text=help_text,
    )  # fmt: skip


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%d", **kwargs)


def due_date(label="整改期限"):
    return forms.DateField(label=label, widget=DateInput())


class ActForm(forms.Form):
    """What every act's form carries: the version the person saw, and a key that makes it happen once."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    button_tone = "primary"

    def __init__(
        self, *args, actor: Actor, hazard: Hazard | None = None, today: date | None = None, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.actor, self.hazard, self.today = actor, hazard, today or timezone.localdate()
        if hazard is not None:
            self.fields["version"].initial = hazard.version
        self.fields["key"].initial = uuid.uuid4
        for field in self.fields.values():
            if isinstance(field, EvidenceField):
                field.bind_to(actor.user)
        self.prepare()

    def prepare(self):
        """Adapt fields to the hazard and the actor."""

    def facts(self) -> dict:
        """Keyword arguments for the action."""
        return {k: v for k, v in self.cleaned_data.items() if k != "key"}

    def typed(self) -> list[tuple[str, str]]:
        """Label and text of what the person wrote, to be kept on a conflict page."""
        return [
            (field.label, str(self.data.get(self.add_prefix(name), "")))
            for name, field in self.fields.items()
            if not field.widget.is_hidden and isinstance(field, forms.CharField) and self.data.get(name)
        ]

    def _clean_due(self, name: str) -> date | None:
        due_on = self.cleaned_data.get(name)
        if due_on and (reason := deadlines.refuse_due_on(due_on, self.today)):
            self.add_error(name, reason)
        return due_on


class IssueForm(ActForm):
    due_on = due_date()
    responsible_person = text("整改责任人（机构）", max_length=30)
    interim_measures = text(
        "临时管控措施",
        lines=2,
        required=False,
        max_length=300,
        help_text="整改完成前怎样保证安全，例如停用、专人值守",
    )

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
        if finish_on and finish_on > self.hazard.due_on:
            due = self.hazard.due_on
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
    is_satisfactory = forms.BooleanField(label="老人、群众满意")
    evidence = EvidenceField(label="验收照片", required=False, help_text="可以不传")


class CloseForm(ActForm):
    opinion = text("销号意见", lines=3, required=False)


class RequestVoidForm(ActForm):
    reason = text("申请作废的原因", lines=3, min_length=5)
    button_tone = "danger"


class RefuseVoidForm(ActForm):
    reason = text("不同意的原因", lines=3, min_length=2)


class VoidForm(ActForm):
    reason = text("作废原因", lines=3, min_length=5, help_text="误报，或与哪一条重复")
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
}

_SOURCES_BY_LEVEL = {
    RegionLevel.PROVINCE: [Source.OVERSIGHT, Source.LOOK_BACK, Source.SUPERIOR, Source.REPORT],
    RegionLevel.CITY: [Source.OVERSIGHT, Source.LOOK_BACK, Source.SUPERIOR, Source.REPORT],
    RegionLevel.COUNTY: [Source.SCREENING, Source.LOOK_BACK, Source.SUPERIOR, Source.REPORT],
    RegionLevel.TOWNSHIP: [Source.PATROL, Source.REPORT],
}


class RegisterForm(ActForm):
    """登记隐患 on one page; officials of the supervising authority issue it in the same step."""

    NEXT = [
        ("issue", "登记并下发整改"),
        ("fixed", "立行立改（现场已改好）"),
        ("register", "只登记，由主管部门下发"),
    ]

    location = text("具体部位", max_length=100, placeholder="例如：二楼东侧疏散通道")
    description = text("存在问题", lines=3, min_length=4, placeholder="看到了什么，有什么危险")
    evidence = EvidenceField(label="现场照片", required=False, help_text="至少一张；请勿拍到老人、儿童面部")
    no_photo_reason = text(
        "没有照片的原因", required=False, max_length=100, help_text="确实不能拍照时填写，例如涉及隐私区域"
    )
    domain = forms.ChoiceField(label="隐患类别", choices=[("", "请选择"), *Domain.choices])
    severity = forms.ChoiceField(
        label="隐患等级", choices=Severity.choices, widget=forms.RadioSelect, initial=Severity.GENERAL
    )
    source = forms.ChoiceField(label="来源")
    found_on = forms.DateField(label="发现日期", widget=DateInput())
    basis = text("判定依据", required=False, max_length=200, help_text="依据的文件或标准，可以不填")
    recurrence_of = forms.ModelChoiceField(
        label="是否反弹", queryset=Hazard.objects.none(), required=False, empty_label="不是，首次发现",
        help_text="以前销过号、现在又出现的，请选原来那条",
    )  # fmt: skip
    next_step = forms.ChoiceField(label="处理方式", choices=NEXT, widget=forms.RadioSelect)
    due_on = forms.DateField(label="整改期限", required=False, widget=DateInput())
    responsible_person = text("整改责任人（机构）", required=False, max_length=30)
    interim_measures = text(
        "临时管控措施",
        lines=2,
        required=False,
        max_length=300,
        help_text="重大隐患必填：整改完成前怎样保证安全",
    )
    measures = text("现场怎么改的", lines=2, required=False, help_text="立行立改必填")
    fixed_evidence = EvidenceField(label="改好后的照片", required=False, help_text="立行立改必传")

    def __init__(self, *args, institution, **kwargs):
        self.institution = institution
        super().__init__(*args, **kwargs)

    def prepare(self):
        del self.fields["version"]
        sources = [Source.SELF_CHECK] if self.actor.institution else _SOURCES_BY_LEVEL[self.actor.level]
        self.fields["source"].choices = [(s.value, s.label) for s in sources]
        self.fields["found_on"].initial = self.today
        self.fields["recurrence_of"].queryset = (
            Hazard.objects.visible_to(self.actor)
            .filter(
                institution=self.institution, status="closed", found_on__gt=self.today - timedelta(days=730)
            )
            .order_by("-found_on", "-id")
        )
        person = self.institution.responsible_persons.first()
        self.fields["responsible_person"].initial = person.name if person else ""
        is_supervisor = (
            self.actor.can(Capability.ISSUE) and self.actor.authority.pk == self.institution.authority_id
        )
        if not is_supervisor:
            self.fields["next_step"].choices = self.NEXT[1:]
            del self.fields["due_on"], self.fields["interim_measures"]
        self.fields["next_step"].initial = "issue" if is_supervisor else "register"
        if is_supervisor:
            self.fields["due_on"].initial = deadlines.default_due_on(Severity.GENERAL, self.today)
        # Needed or not by the choice above: `clean` says which, so the label must not call them optional.
        for name in ("due_on", "responsible_person", "measures", "fixed_evidence", "evidence"):
            if name in self.fields:
                self.fields[name].is_asked = True

    def clean_found_on(self):
        found_on = self.cleaned_data["found_on"]
        if found_on > self.today:
            raise ValidationError("发现日期不能晚于今天。")
        if found_on < self.today - timedelta(days=366):
            raise ValidationError("发现日期早于一年前，请核对年份。")
        return found_on

    def clean(self):
        data = self.cleaned_data
        if not data.get("evidence") and not data.get("no_photo_reason") and "evidence" not in self.errors:
            self.add_error("evidence", "请至少上传一张现场照片；确实不能拍照的，请在下面写明原因。")
        step = data.get("next_step")
        required = {"issue": ["due_on", "responsible_person"], "fixed": ["measures", "responsible_person"]}
        for name in required.get(step, []):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "请填写这一项。")
        if step == "issue":
            self._clean_due("due_on")
            if data.get("severity") == Severity.MAJOR and not data.get("interim_measures"):
                self.add_error("interim_measures", "重大隐患须写明整改完成前的临时管控措施。")
        if step == "fixed" and not data.get("fixed_evidence") and "fixed_evidence" not in self.errors:
            self.add_error("fixed_evidence", "立行立改请上传改好后的照片。")
        if step == "fixed" and data.get("severity") == Severity.MAJOR:
            self.add_error("next_step", "重大隐患不能立行立改销项，请下发整改，并填写整改方案。")

    def facts(self) -> dict:
        data = self.cleaned_data
        names = (
            "location", "description", "domain", "severity", "source", "found_on", "basis", "recurrence_of",
            "no_photo_reason", "evidence",
        )  # fmt: skip
        facts = {name: data[name] for name in names} | {"uid": data["key"], "institution": self.institution}
        if data["next_step"] == "issue":
            facts["issue_with"] = {k: data[k] for k in ("due_on", "responsible_person", "interim_measures")}
        if data["next_step"] == "fixed":
            facts["fixed_with"] = {
                "measures": data["measures"],
                "evidence": data["fixed_evidence"],
                "responsible_person": data["responsible_person"],
            }
        return facts
