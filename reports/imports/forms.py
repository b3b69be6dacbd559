"""The forms of importing: the file, what its columns are, what is imported."""

from collections import Counter

from django import forms
from django.core.exceptions import ValidationError
from openpyxl.utils import get_column_letter

from hazards.enums import Domain, Severity, Source
from hazards.forms import text
from reports.imports.fields import FIELDS, REQUIRED
from reports.imports.reading import MAX_BYTES, MAX_ROWS
from reports.models import ImportTakes, LedgerImport

_KINDS = (".xlsx", ".csv")
_NOTHING = "-"
_CHOICES = [
    (_NOTHING, "不对应（原文留在记录里）"),
    *((f.name, f"{f.label}{'（必需）' if f.is_required else ''}") for f in FIELDS),
]


class LedgerForm(forms.Form):
    """A ledger of bounded size."""

    file = forms.FileField(
        label="原来的台账",
        help_text=f"Excel（.xlsx）或 CSV，不超过 {MAX_BYTES // 1024 // 1024} MB、{MAX_ROWS // 10000} 万行。不用改成模板，列名和顺序保持原样。",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ",".join(_KINDS)}),
        error_messages={"empty": "文件是空的。", "required": "请选择文件。"},
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith(_KINDS):
            raise ValidationError("请上传 .xlsx 或 .csv 文件；旧格式 .xls 请先另存为 .xlsx。")
        if file.size > MAX_BYTES:
            raise ValidationError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请按年份或地区分成几份。")
        return file


class MatchForm(forms.Form):
    """What each column of one file is, and what holds where the file says nothing."""

    domain = forms.ChoiceField(label="没写隐患类别的，归为", choices=Domain, initial=Domain.DUTY)
    severity = forms.ChoiceField(label="没写隐患等级的，算作", choices=Severity, initial=Severity.GENERAL)
    source = forms.ChoiceField(label="没写隐患来源的，算作", choices=Source, initial=Source.SCREENING)
    said_done = forms.ChoiceField(
        label="写着“已整改”“已完成”，但没写销号的",
        choices=[
            ("past", "在原台账已经了结：进历史台账，不再办理"),
            ("open", "还没有销号：在本系统重新提交、验收、销号"),
        ],
        initial="past",
        widget=forms.RadioSelect(attrs={"class": "stacked"}),
    )

    def __init__(self, request: LedgerImport, *args, **kwargs):
        super().__init__(*args, **kwargs)
        layout = request.layout
        self.columns = {int(column): words for column, words in layout["headings"].items()}
        for name, value in request.choices.items():
            self.fields[name].initial = value
        for column, heading in self.columns.items():
            samples = "；".join(layout["samples"].get(str(column), []))
            self.fields[f"c{column}"] = forms.ChoiceField(
                label=f"{get_column_letter(column + 1)} 列：{heading}",
                help_text=f"例：{samples[:60]}" if samples else "前几行是空的",
                choices=_CHOICES,
                initial=request.columns.get(str(column)) or _NOTHING,
            )

    @property
    def column_fields(self):
        """Those that say what a column is, in the file's order."""
        return [self[f"c{column}"] for column in self.columns]

    def clean(self):
        cleaned = super().clean()
        said = self._said(cleaned)
        times = Counter(name for name in said.values() if name)
        labels = dict(_CHOICES)
        for column, name in said.items():
            if name and times[name] > 1:
                self.add_error(f"c{column}", f"有 {times[name]} 列都选了“{labels[name]}”，只能选一列。")
        if missing := [f.label for f in REQUIRED if not times[f.name]]:
            self.add_error(None, f"还没有对应：{'、'.join(missing)}。")
        return cleaned

    @property
    def columns_said(self) -> dict[int, str]:
        return self._said(self.cleaned_data)

    def _said(self, cleaned: dict) -> dict[int, str]:
        """The field of each column, '' for none."""
        return {column: cleaned.get(f"c{column}", "").removeprefix(_NOTHING) for column in self.columns}

    @property
    def choices_made(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("domain", "severity", "source", "said_done")}


class WithdrawForm(forms.Form):
    """Why an import is asked back."""

    reason = text("撤回原因", lines=3, min_length=5, help_text="哪里导错了，例如选错了文件、列对应错了")


class DecideForm(forms.Form):
    """Consent or not; not without a word why."""

    verdict = forms.ChoiceField(
        choices=[("agree", "同意撤回"), ("refuse", "不同意")], widget=forms.HiddenInput
    )
    opinion = text("意见", lines=2, required=False, help_text="不同意时须写明原因")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("verdict") == "refuse" and len(cleaned.get("opinion", "")) < 2:
            self.add_error("opinion", "请写明不同意的原因。")
        return cleaned


class ConfirmForm(forms.Form):
    """All or nothing, or what is right."""

    takes = forms.ChoiceField(label="怎样导入", choices=ImportTakes)
