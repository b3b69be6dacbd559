"""The record of a visit and its signatures."""

import base64
import binascii
import uuid
from collections.abc import Iterable

from django import forms
from django.core.exceptions import ValidationError

from hazards.forms import text
from inspections import visit_queries
from inspections.enums import SignerRole
from inspections.forms.visits import PeopleField
from inspections.models import (
    Visit,
)
from institutions.actor import Actor
from institutions.models import User


class RecordForm(forms.Form):
    """检查记录: what the law wants written down of a visit."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    inspectors = PeopleField(label="检查人员", queryset=User.objects.none(), required=False)
    other_participants = text("其他参加部门和人员", required=False, max_length=200)
    person_in_charge = text("被检查单位负责人", required=False, max_length=30)
    place_note = text(
        "检查场所", required=False, max_length=200, help_text="看了哪些地方，例如：一至四楼、食堂"
    )
    content = text("检查内容", lines=3, required=False, max_length=1000)
    problems = text(
        "发现的问题", lines=3, required=False, max_length=2000, help_text="不填写时，按已记录的问题逐条列出"
    )
    handling = text(
        "处理情况", lines=2, required=False, max_length=1000, help_text="不填写时，按各条的处理方式汇总"
    )

    def __init__(self, *args, actor: Actor, visit: Visit, is_partial: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["inspectors"].queryset = visit_queries.colleagues(actor, visit)
        for name, field in self.fields.items():
            field.initial = getattr(visit, name)
        self.fields["inspectors"].initial = [user.pk for user in visit.inspectors.all()]
        person = visit.institution.responsible_persons.first()
        self.fields["person_in_charge"].initial = visit.person_in_charge or (person.name if person else "")
        if is_partial:  # what a phone does not send stays as it is
            for name in set(self.fields) - set(self.data):
                del self.fields[name]

    def facts(self) -> dict:
        return dict(self.cleaned_data)

    def typed(self) -> list[tuple[str, str]]:
        """What the person wrote, to be kept on a conflict page."""
        names = [n for n in self.fields if n not in ("version", "inspectors") and self.data.get(n)]
        return [(self.fields[name].label, self.data[name]) for name in names]


class DrawingField(forms.CharField):
    """A signature as the pad sends it: `data:image/png;base64,…`; cleans to bytes (empty: nothing drawn)."""

    widget = forms.HiddenInput
    PREFIX = "data:image/png;base64,"

    def __init__(self, **kwargs):
        super().__init__(required=False, max_length=200_000, strip=False, **kwargs)

    def clean(self, value) -> bytes:
        value = super().clean(value)
        try:
            return base64.b64decode(value.removeprefix(self.PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise ValidationError("签名图片已损坏，请重新签。") from None


class SignForm(forms.Form):
    """签名: an inspector of the visit, or the person in charge, who may also refuse."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    who = forms.ChoiceField(label="谁签名", widget=forms.RadioSelect)
    name = text("负责人姓名", required=False, max_length=30)
    image = DrawingField(label="签名")
    refusal_reason = text(
        "没有在屏幕上签名的原因", required=False, max_length=200,
        help_text="拒绝签名的写明原因；在纸质记录上签名的，写“已在纸质记录上签名”",
    )  # fmt: skip

    def __init__(self, *args, visit: Visit, people: Iterable[User] | None = None, **kwargs):
        """`people` may sign as inspectors, where who they are is not settled yet; else those of the visit."""
        super().__init__(*args, **kwargs)
        self.visit = visit
        people = visit.inspectors.all() if people is None else people
        self.people = {str(user.pk): user for user in people}
        self.fields["key"].initial = uuid.uuid4
        signed = {s.user_id for s in visit.signatures.all() if s.user_id}
        self.fields["who"].choices = [
            *((pk, f"{user.name}（检查人员）") for pk, user in self.people.items()),
            (SignerRole.IN_CHARGE.value, "被检查单位负责人"),
        ]
        waiting = [pk for pk, user in self.people.items() if user.pk not in signed]
        self.fields["who"].initial = waiting[0] if waiting else SignerRole.IN_CHARGE.value
        person = visit.institution.responsible_persons.first()
        self.fields["name"].initial = visit.person_in_charge or (person.name if person else "")
        self.fields["name"].is_asked = self.fields["refusal_reason"].is_asked = True

    @property
    def is_in_charge(self) -> bool:
        return self.cleaned_data.get("who") == SignerRole.IN_CHARGE

    @property
    def is_refusal(self) -> bool:
        return (
            self.is_in_charge
            and bool(self.cleaned_data.get("refusal_reason"))
            and not self.cleaned_data["image"]
        )

    def clean(self):
        if self.is_in_charge and not self.cleaned_data.get("name") and "name" not in self.errors:
            self.add_error("name", "请填写负责人姓名。")
        if not self.cleaned_data.get("image") and not self.is_refusal and "image" not in self.errors:
            words = "请先签名；负责人没有签名的，请写明原因。" if self.is_in_charge else "请先签名。"
            self.add_error("refusal_reason" if self.is_in_charge else "who", words)

    def facts(self) -> dict:
        """Keyword arguments of `sign`, or of `refuse`."""
        data = self.cleaned_data
        if self.is_refusal:
            return {"reason": data["refusal_reason"], "name": data["name"]}
        facts = {"uid": data["key"], "image": data["image"]}
        if self.is_in_charge:
            return facts | {"role": SignerRole.IN_CHARGE, "name": data["name"]}
        return facts | {"role": SignerRole.INSPECTOR, "user": self.people[data["who"]]}
