"""Forms of ladders and of acts that wait to be issued."""

from django import forms

from clocks.actions.ladders import Step, step_of
from clocks.enums import Audience, RungKind, Unit
from clocks.models import Ladder


class RungForm(forms.Form):
    """One moment of a ladder: how far from the due date, as what, to whom (several at once)."""

    BEFORE, AFTER = "before", "after"

    days = forms.IntegerField(label="天数", min_value=0, max_value=366)
    unit = forms.ChoiceField(label="单位", choices=Unit.choices)
    side = forms.ChoiceField(label="前后", choices=[(BEFORE, "到期前"), (AFTER, "逾期后")])
    kind = forms.ChoiceField(label="方式", choices=RungKind.choices)
    audiences = forms.MultipleChoiceField(
        label="对象", choices=Audience.choices, widget=forms.CheckboxSelectMultiple
    )
    by_mail = forms.BooleanField(label="同时发邮件", required=False, initial=True)
    by_sms = forms.BooleanField(label="同时发短信", required=False)

    def clean(self):
        data = super().clean()
        if data.get("kind") in (k for k in RungKind if k.is_act) and Audience.INSTITUTION in data.get(
            "audiences", ()
        ):
            self.add_error("audiences", "督办、通报、约谈和挂牌由监管部门签发，对象不能选机构。")
        return data

    def steps(self) -> list[Step]:
        """The rungs of this row. Only after is_valid()."""
        data = self.cleaned_data
        days = -data["days"] if data["side"] == self.BEFORE else data["days"]
        ways = {"by_mail": data["by_mail"], "by_sms": data["by_sms"]}
        return [Step(days, data["unit"], data["kind"], who, **ways) for who in data["audiences"]]


RungFormSet = forms.formset_factory(
    RungForm, extra=2, can_delete=True, max_num=60, absolute_max=60, validate_max=True
)


def rows_of(ladder: Ladder) -> list[dict]:
    """The rungs of a ladder as rows of the form: those of one moment and kind together."""
    rows: dict[tuple, dict] = {}
    for step in (step_of(rung) for rung in ladder.rungs.all()):
        key = (step.offset_days, step.unit, step.kind, step.by_mail, step.by_sms)
        row = rows.setdefault(
            key,
            {
                "days": abs(step.offset_days),
                "unit": step.unit,
                "side": RungForm.BEFORE if step.offset_days < 0 else RungForm.AFTER,
                "kind": step.kind,
                "audiences": [],
                "by_mail": step.by_mail,
                "by_sms": step.by_sms,
            },
        )
        row["audiences"].append(step.audience)
    return list(rows.values())


class PublishForm(forms.Form):
    """Why the ladder changes."""

    reason = forms.CharField(
        label="修改原因", min_length=5, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class IssueForm(forms.Form):
    """The words of an act, as they go out."""

    number = forms.CharField(label="文号", max_length=60, required=False)
    text = forms.CharField(
        label="正文", min_length=10, max_length=2000, widget=forms.Textarea(attrs={"rows": 6})
    )


class DropForm(forms.Form):
    """Why an act is not issued."""

    reason = forms.CharField(
        label="不签发的原因", min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
