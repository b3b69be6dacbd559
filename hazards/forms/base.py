"""What every form on a hazard shares. Bad input stays in the form with words beside its field."""

import hashlib
import json
import re
import uuid
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.utils import timezone

from hazards import deadlines
from hazards.enums import Severity
from hazards.evidence_field import EvidenceField
from hazards.models import Hazard
from institutions.actor import Actor
from institutions.models import User

_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def refuse_personal_data(value: str) -> None:
    """No resident's identity number ever enters the database (personal-information rules of the domain, 4.4)."""
    if _ID_NUMBER.search(value):
        raise ValidationError("请不要填写身份证号等个人信息，删去后再保存。")


def text(label: str, *, lines: int = 0, required=True, max_length=500, min_length=0, help_text="", **attrs):
    """A text field in the house's manner; several `lines` make a text area."""
    widget = forms.Textarea(attrs={"rows": lines} | attrs) if lines else forms.TextInput(attrs=attrs)
    validators = [refuse_personal_data]
    if min_length:
        validators.append(MinLengthValidator(min_length, f"请写得具体一些，至少 {min_length} 个字。"))
    return forms.CharField(
        label=label, widget=widget, required=required, max_length=max_length, validators=validators,
        help_text=help_text,
    )  # fmt: skip


def digest_of(form: forms.Form, subject: str) -> str:
    """SHA-256 over what was sent about `subject`; files by name and size. Only for a bound form."""
    said = [(name, form.data.getlist(name)) for name in sorted(form.data) if name != "csrfmiddlewaretoken"]
    files = [(name, [(f.name, f.size) for f in form.files.getlist(name)]) for name in sorted(form.files)]
    return hashlib.sha256(json.dumps([subject, said, files]).encode()).hexdigest()


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%d", **kwargs)


def due_date(label="整改期限", *, required=True):
    return forms.DateField(label=label, required=required, widget=DateInput())


def responsible_person(*, required=True):
    return text("整改责任人（机构）", required=required, max_length=30)


def interim_measures(help_text="重大隐患必填：整改完成前怎样保证安全"):
    return text("临时管控措施", lines=2, required=False, max_length=300, help_text=help_text)


def new_officer():
    """Whoever fills in the people (`queryset`) knows the authority."""
    return forms.ModelChoiceField(
        label="新的监管责任人",
        queryset=User.objects.none(),
        empty_label="请选择",
        error_messages={"invalid_choice": "这个人不在主管民政部门任职，请重新选择。"},
    )


def reason_to_reassign():
    return text("改派原因", lines=2, min_length=2, max_length=200, help_text="例如离岗、调岗、分工调整")


def need(form: forms.Form, *names: str) -> None:
    """For `clean`: an error beside each of these that is empty and has none yet."""
    for name in names:
        if not form.cleaned_data.get(name) and name not in form.errors:
            form.add_error(name, "请填写这一项。")


def check_due_and_interim(form: forms.Form, today: date) -> None:
    """For `clean` of a form that issues: a credible deadline, and what keeps people safe until a MAJOR one is put right."""
    due_on, is_major = form.cleaned_data.get("due_on"), form.cleaned_data.get("severity") == Severity.MAJOR
    if due_on and (reason := deadlines.refuse_due_on(due_on, today)):
        form.add_error("due_on", reason)
    if is_major and not form.cleaned_data.get("interim_measures"):
        form.add_error("interim_measures", "重大隐患须写明整改完成前的临时管控措施。")


class ActForm(forms.Form):
    """What every act's form carries: the version the person saw, and a key that makes it happen once."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    button_tone = "primary"

    def __init__(
        self, *args, actor: Actor, hazard: Hazard | None = None, today: date | None = None, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.actor, self.hazard, self.today = actor, hazard, today or timezone.localdate()
        if hazard is not None:
            self.fields["version"].initial = hazard.version
        self.fields["key"].initial = uuid.uuid4
        for field in self.fields.values():
            if isinstance(field, EvidenceField):
                field.bind_to(actor.user)
        self.prepare()

    def prepare(self):
        """Adapt fields to the hazard and the actor."""

    def facts(self) -> dict:
        """Keyword arguments for the action."""
        return {k: v for k, v in self.cleaned_data.items() if k != "key"}

    @property
    def subject(self) -> str:
        """What this form is about: the same words on another hazard are another form."""
        return f"{type(self).__name__}:{self.hazard.pk}"

    @property
    def digest(self) -> str:
        return digest_of(self, self.subject)

    def typed(self) -> list[tuple[str, str]]:
        """Label and text of what the person wrote, to be kept on a conflict page."""
        return [
            (field.label, str(self.data.get(self.add_prefix(name), "")))
            for name, field in self.fields.items()
            if not field.widget.is_hidden and isinstance(field, forms.CharField) and self.data.get(name)
        ]

    def _clean_due(self, name: str) -> date | None:
        due_on = self.cleaned_data.get(name)
        if due_on and (reason := deadlines.refuse_due_on(due_on, self.today)):
            self.add_error(name, reason)
        return due_on
