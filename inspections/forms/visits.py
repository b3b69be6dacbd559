"""Forms of opening, answering, cancelling and listing visits. Bad input stays in the form with words beside its field."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError

from hazards.forms import DateInput, refuse_personal_data, text
from inspections import crossing, visit_queries, visit_rules
from inspections.actions.answering import Given
from inspections.enums import AnswerValue, InspectionKind
from inspections.models import (
    Campaign,
    Checklist,
    InspectionTeam,
    VisitPlan,
)
from institutions.actor import Actor
from institutions.models import Institution, User
from institutions.search import answering

LONGEST_AHEAD = 366  # days a visit can be planned ahead


class PeopleField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, user):
        return user.name


class OpenForm(forms.Form):
    """开始或安排一次检查."""

    WHEN = [("now", "现在开始（到场签到）"), ("later", "安排在以后")]

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label="检查类型", widget=forms.RadioSelect)
    when = forms.ChoiceField(label="什么时候", choices=WHEN, widget=forms.RadioSelect, initial="now")
    planned_on = forms.DateField(label="计划日期", required=False, widget=DateInput())
    is_unannounced = forms.BooleanField(
        label="四不两直", required=False, help_text="不发通知、不打招呼：到场签到以前，机构看不到这次检查"
    )
    checklist = forms.ModelChoiceField(
        label="检查表",
        queryset=Checklist.objects.none(),
        required=False,
        empty_label="不用检查表，只记录问题",
    )
    campaigns = forms.ModelMultipleChoiceField(
        label="属于哪个专项行动", queryset=Campaign.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    inspectors = PeopleField(label="同行的检查人员", queryset=User.objects.none(), required=False)
    other_participants = text(
        "其他参加部门和人员", required=False, max_length=200, help_text="例如：县消防救援大队 王强"
    )

    def __init__(
        self,
        *args,
        actor: Actor,
        institution: Institution,
        today: date,
        kind: str = "",
        plan: VisitPlan | None = None,
        team: InspectionTeam | None = None,
        campaign: int = 0,
        taken: Iterable[Checklist] | None = None,
        **kwargs,
    ):
        """`taken` are the checklists of a kit, which may be withdrawn by now; else those of today."""
        super().__init__(*args, **kwargs)
        self.actor, self.institution, self.today = actor, institution, today
        self.plan, self.team = plan, team
        is_crossing = crossing.is_outside(actor, institution)
        kinds = visit_rules.kinds_for(actor, is_sent=is_crossing)
        self.fields["key"].initial = uuid.uuid4
        self.fields["kind"].choices = [(k.value, k.label) for k in kinds]
        self.fields["kind"].initial = kind if kind in kinds else kinds[0].value
        self.fields["planned_on"].is_asked = True
        if taken is None:
            national, self.added = visit_queries.checklists_for(institution)
        else:
            national = [c for c in taken if c.scope_id is None]
            self.added = [c for c in taken if c.scope_id is not None]
        lists = self.fields["checklist"]
        lists.queryset = Checklist.objects.filter(pk__in=[c.pk for c in national])
        lists.initial = national[0].pk if national else None
        campaigns = visit_queries.campaigns_for(actor, institution, today)
        self.fields["campaigns"].queryset = campaigns
        wanted = {campaign, team.campaign_id if team else None}
        self.fields["campaigns"].initial = [c.pk for c in campaigns if not any(wanted) or c.pk in wanted]
        if not campaigns:
            del self.fields["campaigns"]
        others = visit_queries.colleagues(actor, team=team, is_crossing=is_crossing)
        others = others.exclude(pk=actor.user.pk)
        self.fields["inspectors"].queryset = others
        if not visit_rules.may_come_unannounced(actor):
            del self.fields["is_unannounced"]
        if not others.exists():
            del self.fields["inspectors"]

    def clean(self):
        planned_on = self.cleaned_data.get("planned_on")
        if self.cleaned_data.get("when") == "later" and "planned_on" not in self.errors:
            if planned_on is None:
                self.add_error("planned_on", "请填写计划日期。")
            elif not self.today <= planned_on <= self.today + timedelta(days=LONGEST_AHEAD):
                self.add_error("planned_on", "计划日期须从今天起一年以内。")

    def facts(self) -> dict:
        data = self.cleaned_data
        return {
            "uid": data["key"],
            "institution": self.institution,
            "kind": data["kind"],
            "is_unannounced": data.get("is_unannounced", False),
            "checklist": data["checklist"],
            "added_checklists": self.added if data["checklist"] else [],
            "campaigns": list(data.get("campaigns", [])),
            "inspectors": list(data.get("inspectors", [])),
            "other_participants": data["other_participants"],
            "plan": self.plan,
            "team": self.team,
            "planned_on": data["planned_on"] if data["when"] == "later" else None,
        }


class CancelForm(forms.Form):
    reason = text("取消原因", lines=2, min_length=2, max_length=200)


NOTE_LENGTH = 300


def given_answers(data: Mapping) -> tuple[list[Given], list[str]]:
    """The answers in a posted form (`answer-<item>`, `note-<item>`, `revision-<item>`), and what is wrong with others."""
    given, errors = [], []
    for name, value in data.items():
        key = name.removeprefix("answer-")
        if (
            key == name
            or not key.isascii()
            or not key.isdigit()
            or len(key) > 18
            or value not in AnswerValue.values
        ):
            continue
        note, revision = data.get(f"note-{key}", "").strip(), data.get(f"revision-{key}", "")
        try:
            refuse_personal_data(note)
        except ValidationError as error:
            errors += error.messages
            continue
        if len(note) > NOTE_LENGTH or "\0" in note:
            errors.append(f"备注最多 {NOTE_LENGTH} 个字。")
            continue
        is_number = revision.isascii() and revision.isdigit() and len(revision) < 10
        given.append(Given(int(key), value, note, int(revision) if is_number else None))
    return given, errors


class VisitFilter(forms.Form):
    """Which visits a list shows."""

    q = forms.CharField(label="机构名称", required=False, max_length=40)
    kind = forms.ChoiceField(
        label="检查类型", required=False, choices=[("", "全部"), *InspectionKind.choices]
    )
    campaign = forms.ModelChoiceField(
        label="专项行动", required=False, queryset=Campaign.objects.none(), empty_label="全部"
    )
    mine = forms.BooleanField(label="只看我参加的", required=False)

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["campaign"].queryset = Campaign.objects.visible_to(actor).order_by("-starts_on", "-id")

    def narrow(self, visits):
        """The visits that fit; an unusable value fits nothing."""
        if not self.is_valid():
            return visits.none()
        data = self.cleaned_data
        if data["q"]:
            houses = answering(Institution.objects.order_by(), data["q"])  # the visits are in scope already
            visits = visits.filter(institution__in=houses.values("pk"))
        if data["kind"]:
            visits = visits.filter(kind=data["kind"])
        if data["campaign"]:
            visits = visits.filter(campaigns=data["campaign"])
        return visits.filter(inspectors=self.actor.user) if data["mine"] else visits
