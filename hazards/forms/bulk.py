"""One form for many hazards: what is the same for all, and which rows were ticked in which version."""

import uuid
from datetime import date

from django import forms
from django.utils import timezone

from hazards import bulk_rules, deadlines, officers
from hazards.enums import HazardAction, Severity
from hazards.forms.base import digest_of, due_date, new_officer, reason_to_reassign, text
from institutions.actor import Actor


class BulkForm(forms.Form):
    """`row` is the id and version of a ticked hazard, 17:3, as often as there are."""

    action: HazardAction
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, actor: Actor, today: date | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor, self.today = actor, today or timezone.localdate()
        self.fields["key"].initial = uuid.uuid4
        self.prepare()

    def prepare(self):
        """Adapt fields to the actor and the day."""

    @property
    def ticked(self) -> dict[int, int]:
        """Versions by id of what was ticked; what nobody could have ticked is left out."""
        pairs = [row.split(":") for row in self.data.getlist("row")] if self.is_bound else []
        return {int(pk): int(version) for pk, version in (p for p in pairs if _are_numbers(p))}

    def clean(self):
        most = bulk_rules.MOST[self.action]
        if not self.ticked:
            raise forms.ValidationError("请至少勾选一条隐患。")
        if len(self.ticked) > most:
            raise forms.ValidationError(f"一次最多 {most} 条，请分几次办理。")

    def facts(self) -> dict:
        """Keyword arguments for the act, as JSON keeps them."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        return {n: v.isoformat() if isinstance(v, date) else v for n, v in given.items()}

    @property
    def digest(self) -> str:
        return digest_of(self, type(self).__name__)


def _are_numbers(pair: list[str]) -> bool:
    return len(pair) == 2 and all(
        p.isascii() and p.isdigit() and len(p) <= 9 * (n + 1) for n, p in enumerate(pair[::-1])
    )


class BulkIssueForm(BulkForm):
    action = HazardAction.ISSUE
    due_on = due_date("整改期限（各条相同）")
    responsible_person = text(
        "整改责任人（机构）",
        required=False,
        max_length=30,
        help_text="不填：各机构用自己档案里的第一位责任人。填了：各条都是这个人",
    )

    def prepare(self):
        self.fields["due_on"].initial = deadlines.default_due_on(Severity.GENERAL, self.today)

    def clean_due_on(self):
        due_on = self.cleaned_data["due_on"]
        if reason := deadlines.refuse_due_on(due_on, self.today):
            raise forms.ValidationError(reason)
        return due_on


class BulkCloseForm(BulkForm):
    action = HazardAction.CLOSE
    opinion = text("销号意见（各条相同）", lines=2, required=False)


class BulkReassignForm(BulkForm):
    action = HazardAction.REASSIGN
    officer = new_officer()
    reason = reason_to_reassign()

    def prepare(self):
        if self.actor.authority:
            self.fields["officer"].queryset = officers.candidates(self.actor.authority.pk)

    def facts(self) -> dict:
        return {
            "officer": self.cleaned_data["officer"].pk,
            "reason": self.cleaned_data["reason"],
            "run": str(self.cleaned_data["key"]),
        }


BULK_FORMS = {form.action: form for form in (BulkIssueForm, BulkCloseForm, BulkReassignForm)}
