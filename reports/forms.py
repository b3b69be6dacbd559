"""Forms: a filter kept under a name, a clearance target."""

from datetime import date

from django import forms

from hazards.forms import text
from institutions.actor import Actor
from reports.periods import end_of, month_of, months_later, read_month


class KeepForm(forms.Form):
    """A name, whom it is for, and whether to be told; the conditions travel in the address."""

    name = text("名称", max_length=30, help_text="例如：本月重大逾期")
    is_shared = forms.BooleanField(label="共享给本单位的同事", required=False)
    is_alerting = forms.BooleanField(label="有新的隐患符合条件时通知我", required=False)

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        if not actor.authority:
            del self.fields["is_shared"]


class TargetForm(forms.Form):
    """存量清零: which stock, until when."""

    stock_month = forms.CharField(
        label="存量截至哪个月末",
        help_text="到这个月最后一天仍在办的隐患，算作存量",
        widget=forms.TextInput(attrs={"type": "month"}),
        max_length=7,
    )
    clear_by = forms.DateField(
        label="清零期限",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "请填写正确的日期，例如 2026-11-15。"},
    )

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["stock_month"].initial = f"{months_later(month_of(today), -1):%Y-%m}"

    def clean_stock_month(self) -> date:
        month = read_month(self.cleaned_data["stock_month"])
        if month is None:
            raise forms.ValidationError("请填写年和月，例如 2026-10。")
        if end_of(month) >= self._today:
            raise forms.ValidationError("这个月还没有结束，请选以前的月份。")
        return month

    def clean_clear_by(self) -> date:
        if self.cleaned_data["clear_by"] < self._today:
            raise forms.ValidationError("清零期限不能早于今天。")
        return self.cleaned_data["clear_by"]
