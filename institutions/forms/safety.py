"""Forms of 责任书 and drills. Not ModelForms: what must be unique or in order is left to the actions."""

from datetime import date

from django import forms
from django.forms.models import model_to_dict

from institutions.actions.safety import DRILL_FIELDS, PLEDGE_FIELDS
from institutions.enums import DrillKind
from institutions.forms.base import date_input
from institutions.models import Drill, Pledge
from institutions.rules import MAX_NUMBER


class PledgeForm(forms.Form):
    """The pledge of one year; a new one is valid to the end of that year unless said otherwise."""

    signed_on = forms.DateField(label="签订日期", widget=date_input())
    valid_until = forms.DateField(label="有效期至", widget=date_input())
    signer = forms.CharField(label="机构签订人", max_length=30, help_text="一般是机构主要负责人")
    counter_signer = forms.CharField(label="主管部门签订人", max_length=30)

    def __init__(self, *args, year: int, pledge: Pledge | None = None, **kwargs):
        initial = model_to_dict(pledge, PLEDGE_FIELDS) if pledge else {"valid_until": date(year, 12, 31)}
        super().__init__(*args, initial=initial, **kwargs)


class DrillForm(forms.Form):
    """One drill as it was held."""

    held_on = forms.DateField(label="演练日期", widget=date_input())
    kind = forms.ChoiceField(label="演练内容", choices=DrillKind)
    participants = forms.IntegerField(label="参加人数", min_value=1, max_value=MAX_NUMBER)
    is_night = forms.BooleanField(label="夜间演练", required=False, help_text="按夜班人数开展")
    problems = forms.CharField(
        label="发现的问题", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="不要填写服务对象的姓名",
    )  # fmt: skip
    next_due_on = forms.DateField(
        label="下次演练期限", required=False, widget=date_input(), help_text="不填就是半年后；可以定得更早"
    )

    def __init__(self, *args, drill: Drill | None = None, **kwargs):
        super().__init__(*args, initial=model_to_dict(drill, DRILL_FIELDS) if drill else None, **kwargs)
