"""Forms of 通报 and 约谈."""

from django import forms

from hazards.actions import drafting
from hazards.enums import RecordAction, RecordKind
from hazards.forms.base import ActForm, DateInput
from hazards.forms.base import text as words
from hazards.models.summons import Record
from institutions.models import Authority


class DateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class RecordForm(ActForm):
    """What every act on a record carries: its version and the key that makes it happen once."""

    def __init__(self, *args, record: Record, **kwargs):
        self.record = record
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = record.version

    @property
    def subject(self) -> str:
        return f"{type(self).__name__}:{self.record.kind.value}:{self.record.pk}"


class IssueRecordForm(RecordForm):
    document_number = words("文号", max_length=60)
    title = words("标题", max_length=100)
    text = words("事由和要求", lines=6, min_length=10, max_length=1500)
    meets_at = forms.DateTimeField(label="约谈时间", widget=DateTimeInput())
    meets_where = words("约谈地点", max_length=100)

    def prepare(self):
        self.fields["title"].initial, self.fields["text"].initial = self.record.title, self.record.text
        if self.record.kind != RecordKind.SUMMONS:
            del self.fields["meets_at"], self.fields["meets_where"]


class DropRecordForm(RecordForm):
    reason = words("不予发出的原因", lines=2, min_length=5, max_length=300)
    button_tone = "danger"


class MinuteRecordForm(RecordForm):
    held_on = forms.DateField(label="约谈日期", widget=DateInput())
    attendees = words("参加人员", lines=2, max_length=300, help_text="约谈人、被约谈人、记录人")
    minutes = words("约谈纪要", lines=6, min_length=10, max_length=1500)

    def prepare(self):
        self.fields["held_on"].initial = self.today

    def clean_held_on(self):
        held_on = self.cleaned_data["held_on"]
        if held_on > self.today:
            raise forms.ValidationError("约谈日期不能晚于今天。")
        if held_on.year < self.today.year - 1:
            raise forms.ValidationError("约谈日期过早，请核对年份。")
        return held_on


class AnswerRecordForm(RecordForm):
    feedback = words("书面反馈", lines=6, min_length=10, max_length=1500)


class DraftForm(ActForm):
    """起草 by hand: which of the two, to whom, about what."""

    kind = forms.ChoiceField(label="文种", choices=RecordKind.choices, widget=forms.RadioSelect)
    addressee = forms.ModelChoiceField(label="对象", queryset=Authority.objects.none(), empty_label="请选择")
    title = words("标题", max_length=100)
    text = words("事由和要求", lines=6, min_length=10, max_length=1500)

    def prepare(self):
        del self.fields["version"]
        self.fields["addressee"].queryset = drafting.addressees(self.actor)

    @property
    def subject(self) -> str:
        return type(self).__name__


RECORD_FORMS: dict[RecordAction, type[RecordForm]] = {
    RecordAction.ISSUE: IssueRecordForm,
    RecordAction.DROP: DropRecordForm,
    RecordAction.MINUTE: MinuteRecordForm,
    RecordAction.ANSWER: AnswerRecordForm,
}
