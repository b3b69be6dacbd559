"""The form that asks for a file."""

import uuid

from django import forms

from reports.layouts import LAYOUTS, LEDGER
from reports.models import Format


class LayoutField(forms.ChoiceField):
    """The layouts, each with a sentence."""

    def __init__(self, **kwargs):
        choices = [(layout.value, f"{layout.label}：{layout.sentence}") for layout in LAYOUTS.values()]
        super().__init__(choices=choices, widget=forms.RadioSelect(attrs={"class": "stacked"}), **kwargs)


class PastExportForm(forms.Form):
    """The format of a file that has one layout alone; the conditions travel in the address."""

    format = forms.ChoiceField(
        label="格式", choices=Format, initial=Format.XLSX, widget=forms.RadioSelect,
        help_text="Excel 可直接打印；CSV 供其他系统读取",
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4


class ExportForm(PastExportForm):
    """Layout and format."""

    layout = LayoutField(label="表式", initial=LEDGER.value)
    field_order = ("layout", "format", "key")
