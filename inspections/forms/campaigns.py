"""Forms of campaigns and teams."""

from django import forms
from django.db.models import Q
from django.forms.models import model_to_dict
from django.utils import timezone

from hazards.forms import text
from inspections.actions.campaigns import FIELDS, revision
from inspections.enums import CampaignKind
from inspections.forms.base import KeyedForm
from inspections.models import Campaign, Checklist, InspectionTeam
from inspections.people import inspectors_in
from institutions.actor import Actor
from institutions.enums import InstitutionKind, RegionLevel
from institutions.forms.base import date_input
from institutions.models import Region, User

L = RegionLevel
# What a campaign's scope can be chosen from, by the level of its authority.
_OFFERED = {L.PROVINCE: [L.CITY, L.COUNTY], L.CITY: [L.COUNTY], L.COUNTY: [L.TOWNSHIP]}


class RegionsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, region):
        return f"{region.parent.name} {region.name}" if region.is_nested else region.name


class CampaignForm(KeyedForm):
    """A campaign of the actor's authority; `campaign` is the one to change."""

    name = text("名称", max_length=60)
    kind = forms.ChoiceField(label="类型", choices=CampaignKind, widget=forms.RadioSelect)
    starts_on = forms.DateField(label="开始日期", widget=date_input())
    ends_on = forms.DateField(label="结束日期", widget=date_input())
    kinds = forms.MultipleChoiceField(
        label="机构类型", choices=InstitutionKind, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="不选就是所有类型",
    )  # fmt: skip
    regions = RegionsField(
        Region.objects.none(), label="范围", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="不选就是整个辖区",
    )  # fmt: skip
    checklist = forms.ModelChoiceField(
        Checklist.objects.none(), label="检查表", required=False, empty_label="按机构类型自动选用"
    )
    parent = forms.ModelChoiceField(
        Campaign.objects.none(), label="上级行动", required=False, empty_label="无",
        help_text="归入上级行动后，本行动的检查同时计入上级行动的进度",
    )  # fmt: skip
    note = text("说明", lines=3, required=False, max_length=500)

    def __init__(self, *args, actor: Actor, campaign: Campaign | None = None, **kwargs):
        initial = {}
        if campaign:
            initial = model_to_dict(campaign, FIELDS) | {"regions": [r.pk for r in campaign.regions.all()]}
        super().__init__(*args, initial=initial, revision=revision(campaign) if campaign else None, **kwargs)
        today, own = timezone.localdate(), actor.authority.region
        kept = [region.pk for region in campaign.regions.all()] if campaign else []
        offered = Region.objects.valid_on(today).within(own).filter(level__in=_OFFERED[L(own.level)])
        regions = Region.objects.filter(Q(pk__in=offered.values("pk")) | Q(pk__in=kept))
        self.fields["regions"].queryset = (
            regions.select_related("parent")
            .annotate(is_nested=Q(level=L.COUNTY) & ~Q(parent=own.pk))
            .order_by("path")
        )
        in_use = Checklist.objects.visible_to(actor).in_use()
        checklists = in_use | Checklist.objects.filter(pk=campaign.checklist_id) if campaign else in_use
        self.fields["checklist"].queryset = checklists.order_by("code", "version")
        self._offer_parents(actor, campaign, today)

    def _offer_parents(self, actor: Actor, campaign: Campaign | None, today) -> None:
        if campaign and campaign.children.exists():
            del self.fields["parent"]
            return
        above = Q(
            parent=None, ends_on__gte=today, authority__region__code__in=actor.authority.region.ancestor_codes
        )
        if campaign:
            above = (above & ~Q(pk=campaign.pk)) | Q(pk=campaign.parent_id)
        self.fields["parent"].queryset = Campaign.objects.visible_to(actor).filter(above)

    def facts(self) -> dict:
        return super().facts() | {"regions": list(self.cleaned_data["regions"])}


class TeamForm(KeyedForm):
    """Name and leader of a team; the leader comes from the authority that sends it."""

    name = text("名称", max_length=40, help_text="例如：第一督导组")
    leader = forms.ModelChoiceField(User.objects.none(), label="组长", empty_label="请选择")

    def __init__(self, *args, actor: Actor, team: InspectionTeam | None = None, **kwargs):
        initial = {"name": team.name, "leader": team.leader_id} if team else {}
        super().__init__(*args, initial=initial, **kwargs)
        del self.fields["revision"]
        colleagues = Q(memberships__authority=actor.authority, memberships__is_active=True)
        leaders = inspectors_in(actor).filter(colleagues)
        if team:
            leaders = leaders | inspectors_in(actor).filter(pk=team.leader_id)
        self.fields["leader"].queryset = leaders.distinct().order_by("name", "id")


class FindForm(forms.Form):
    """A few words to find people or institutions by."""

    q = forms.CharField(
        label="名称", required=False, max_length=60, widget=forms.TextInput(attrs={"type": "search"})
    )

    def __init__(self, *args, label: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["q"].label = label

    @property
    def words(self) -> list[str]:
        """The words typed; none for what is not valid."""
        return self.cleaned_data["q"].split()[:5] if self.is_valid() else []


class ListChangeForm(forms.Form):
    """Ids ticked on a page: to add and to remove. Ids that are not among the choices are refused."""

    def __init__(self, *args, add, remove, **kwargs):
        super().__init__(*args, **kwargs)
        for name, choices in (("add", add), ("remove", remove)):
            self.fields[name] = forms.ModelMultipleChoiceField(choices, required=False)

    def clean(self):
        said = super().clean()
        if not self.errors and not any(said.values()):
            self.add_error(None, "请先勾选要增加或移出的。")
        return said


def matching_people(users, words: list[str]):
    """Every word in a name, a login name or the authority of a post here."""
    for word in words:
        users = users.filter(
            Q(name__icontains=word)
            | Q(username__icontains=word)
            | Q(memberships__authority__name__icontains=word, memberships__is_active=True)
        )
    return users.distinct()
