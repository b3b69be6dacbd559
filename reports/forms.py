"""The form that keeps a filter under a name."""

from django import forms

from hazards.forms import text
from institutions.actor import Actor


class KeepForm(forms.Form):
    """A name, whom it is for, and whether to be told; the conditions travel in the address."""

    name = text("名称", max_length=30, help_text="例如：本月重大逾期")
    is_shared = forms.BooleanField(label="共享给本单位的同事", required=False)
    is_alerting = forms.BooleanField(label="有新的隐患符合条件时通知我", required=False)

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        if not actor.authority:
            del self.fields["is_shared"]
