"""The form that takes a zip back."""

from django import forms


class ZipForm(forms.Form):
    """检查数据, as the phone saved it. What is in it is looked at by inspections.importing."""

    file = forms.FileField(
        label="检查数据（zip 文件）",
        help_text="手机上“保存检查数据”或“导出到文件”得到的文件，不要解压或改动。",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"empty": "这个文件是空的，请重新选择。", "required": "请选择文件。"},
    )
