"""The form of 登记接入."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.utils import timezone

from api.accesses import LONGEST, authorities_to_open
from api.enums import Scope
from institutions.actor import Actor
from institutions.forms.base import date_input
from institutions.models import Authority

_HALF_A_YEAR = timedelta(days=180)


class AccessForm(forms.Form):
    """Which system, of whom, reads what of whose data, for what, until when."""

    authority = forms.ModelChoiceField(
        Authority.objects.none(), label="读取哪个部门的数据", empty_label="请选择",
        help_text="只能读到这个部门辖区内的。由该部门的监管人员签发令牌。",
    )  # fmt: skip
    name = forms.CharField(label="系统名称", max_length=40, help_text="如“省民政数据中台”。")
    operator = forms.CharField(label="使用单位", max_length=60)
    purpose = forms.CharField(label="用途", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    scopes = forms.MultipleChoiceField(
        label="可读内容",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="只选用得到的。",
    )
    last_day = forms.DateField(
        label="有效期至", widget=date_input(), help_text="最长一年，到期后须另行登记。"
    )
    push_url = forms.CharField(
        label="推送地址", required=False, max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["authority"].queryset = authorities_to_open(actor)
        today = timezone.localdate()
        self.fields["last_day"].initial = today + _HALF_A_YEAR
        self.fields["last_day"].widget.attrs |= {
            "min": f"{today:%Y-%m-%d}",
            "max": f"{today + LONGEST:%Y-%m-%d}",
        }
        allowed = "、".join(settings.SUBSCRIBER_ORIGINS)
        self.fields["push_url"].help_text = (
            f"隐患办理有变动时通知对方的地址，可不填。只能是：{allowed}。"
            if allowed
            else "没有配置可推送的来源（SUBSCRIBER_ORIGINS），请留空。"
        )

    def clean_push_url(self):
        return self.cleaned_data["push_url"].strip()
