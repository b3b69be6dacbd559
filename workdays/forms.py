"""Forms of the calendar. What they say is previewed first: saving needs the same words a second time."""

import hashlib
from datetime import date

from django import forms
from django.core.validators import MinLengthValidator

from workdays import rules
from workdays.enums import DayKind
from workdays.notice import NoticeError, parse
from workdays.rules import Mark

_ENOUGH = MinLengthValidator(5, "请写得具体一些，至少 5 个字。")


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%d", **kwargs)


class PreviewedForm(forms.Form):
    """Once previewed it carries the version of the year the person saw, and a digest of what was previewed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    previewed = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @property
    def digest(self) -> str:
        """Of what the form says apart from its hidden fields."""
        said = "\x1f".join(self.data.get(field.name, "") for field in self.visible_fields())
        return hashlib.sha256(said.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def is_previewed(self) -> bool:
        """Whether exactly this was shown with its effects; only for a valid form."""
        return self.cleaned_data["previewed"] == self.digest

    def typed(self) -> list[tuple[str, str]]:
        """Label and text of what the person wrote, to be kept on a conflict page."""
        said = [(field.label, self.data.get(field.name, "")) for field in self.visible_fields()]
        return [(label, words) for label, words in said if words]


class DayForm(PreviewedForm):
    """What one day is."""

    kind = forms.ChoiceField(
        label="这一天", choices=DayKind.choices, widget=forms.RadioSelect(attrs={"class": "stacked"})
    )
    name = forms.CharField(
        label="节日", max_length=30, required=False, help_text="放假或调休上班时填写，例如：国庆节"
    )
    reason = forms.CharField(
        label="依据或原因", max_length=200, validators=[_ENOUGH], help_text="例如通知的文号；会记在修改记录里"
    )

    def __init__(self, *args, day: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.day = day

    def clean(self):
        data = self.cleaned_data
        if kind := data.get("kind"):
            name = data.get("name", "") if kind != DayKind.PLAIN else ""
            data["mark"] = Mark(DayKind(kind), name)
            if refused := rules.refuse_mark(self.day, data["mark"]):
                self.add_error("name" if not name and kind != DayKind.PLAIN else "kind", refused)


class NoticeForm(PreviewedForm):
    """The official notice of a year as text."""

    year = forms.TypedChoiceField(label="年份", coerce=int)
    source = forms.CharField(
        label="通知文号", max_length=100, validators=[_ENOUGH],
        help_text="国务院办公厅放假通知的文号，会写在这一年的每个日子上",
    )  # fmt: skip
    text = forms.CharField(
        label="通知正文", max_length=5000, widget=forms.Textarea(attrs={"rows": 12}),
        help_text="从通知里复制七个节日的安排，每个节日一行，例如："
        "国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。",
    )  # fmt: skip

    def __init__(self, *args, years: list[int], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, f"{year} 年") for year in years]

    def clean(self):
        data = self.cleaned_data
        if "year" in data and "text" in data:
            try:
                data["notice"] = parse(data["text"], data["year"])
            except NoticeError as wrong:
                for number, words in wrong.errors:
                    self.add_error("text", f"第 {number} 行：{words}" if number else words)


class CountForm(forms.Form):
    """算一算: so many workdays from a day."""

    start = forms.DateField(label="起算日（不计入）", widget=DateInput())
    n = forms.IntegerField(
        label="工作日数",
        min_value=-rules.LONGEST_COUNT,
        max_value=rules.LONGEST_COUNT,
        help_text="往前数写负数",
    )
