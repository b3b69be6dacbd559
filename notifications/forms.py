"""Forms of 提醒方式 and of group robots."""

from django import forms

from institutions.actor import Actor
from institutions.models import Authority, User
from institutions.rules import validate_phone
from notifications.enums import RobotKind
from notifications.models import NotificationPreference
from notifications.preferences import default_wishes
from notifications.robots import authorities_in_region

_AS_TYPED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


def _time(label: str) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, required=False, widget=widget)


class PreferenceForm(forms.Form):
    """Where a person can be reached and how they want to be told."""

    email = forms.EmailField(label="邮箱", required=False, max_length=254)
    phone = forms.CharField(
        label="电话", required=False, max_length=20, validators=[validate_phone],
        help_text="填手机号才能收到短信。", widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    wants_email = forms.BooleanField(label="发邮件给我", required=False)
    wants_sms = forms.BooleanField(label="发短信给我", required=False)
    quiet_since = _time("免打扰从")
    quiet_until = _time("免打扰到")

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        chosen = NotificationPreference.objects.filter(pk=user.pk).first()
        usual = default_wishes().quiet
        since, until = (chosen.quiet_since, chosen.quiet_until) if chosen else (usual or (None, None))
        now = {
            "email": user.email,
            "phone": user.phone,
            "wants_email": chosen is None or chosen.wants_email,
            "wants_sms": chosen is None or chosen.wants_sms,
            "quiet_since": since,
            "quiet_until": until,
        }
        for name, value in now.items():
            self.fields[name].initial = value


class RobotForm(forms.Form):
    """A robot in a group chat; what is secret is asked for and never shown again."""

    name = forms.CharField(label="群名称", max_length=40, help_text="如“市局安全生产群”，只在本系统里显示。")
    url = forms.CharField(
        label="Webhook 地址", max_length=500, widget=forms.TextInput(attrs={"inputmode": "url", **_AS_TYPED})
    )
    secret = forms.CharField(
        label="加签密钥", required=False, max_length=200, widget=forms.TextInput(attrs=_AS_TYPED),
        help_text="钉钉机器人的安全设置选“加签”，把以 SEC 开头的密钥填在这里。企业微信不需要。",
    )  # fmt: skip
    has_markdown = forms.BooleanField(
        label="用 Markdown 排版", required=False, initial=True,
        help_text="群里有人用微信接收企业微信消息时请取消，否则他们看不到内容。",
    )  # fmt: skip

    def clean_url(self):
        return self.cleaned_data["url"].strip()


class AddRobotForm(RobotForm):
    """A new robot: of which authority, on which platform."""

    authority = forms.ModelChoiceField(Authority.objects.none(), label="部门", empty_label="请选择")
    kind = forms.ChoiceField(label="平台", choices=RobotKind.choices, widget=forms.RadioSelect)
    field_order = ["authority", "kind", "name", "url", "secret", "has_markdown"]

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["authority"].queryset = authorities_in_region(actor).order_by("region__path", "pk")
        self.fields["url"].help_text = "在群里添加机器人后由平台给出。保存后不再显示，请勿发给他人。"


class EditRobotForm(RobotForm):
    """An existing robot: address and secret are only typed to be replaced."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["url"].required = False
        self.fields["url"].help_text = "已保存，不再显示。要更换时填新的地址，不填则不变。"
        self.fields["secret"].help_text = "已保存的不再显示。要更换时填新的密钥，不填则不变。"
