"""The upload form of the institution import."""

from django import forms
from django.core.exceptions import ValidationError

from institutions.sheet import MAX_BYTES


class UploadForm(forms.Form):
    """One .xlsx file of bounded size."""

    file = forms.FileField(
        label="填好的表格",
        help_text="只收 .xlsx，不超过 2 MB、2000 行。",
        max_length=200,
        widget=forms.FileInput(
            attrs={"accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
        ),
        error_messages={"empty": "文件是空的。", "required": "请选择文件。"},
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith(".xlsx"):
            raise ValidationError("请上传 .xlsx 文件；旧格式 .xls 请先另存为 .xlsx。")
        if file.size > MAX_BYTES:
            raise ValidationError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分成几份。")
        return file
