"""What people fill in on a visit. Bad input stays in the form with words beside its field."""

import base64
import binascii
import uuid
from collections.abc import Mapping
from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from hazards import deadlines
from hazards.enums import Domain, Severity
from hazards.evidence_field import EvidenceBoundField, EvidenceField
from hazards.forms import DateInput, refuse_personal_data, text
from hazards.models import Hazard
from inspections import rules, visit_queries, visit_rules
from inspections.actions.answering import Given
from inspections.enums import AnswerValue, FindingHandling, InspectionKind, SignerRole
from inspections.forms.judging import JudgementForm
from inspections.models import (
    Campaign,
    Checklist,
    ChecklistItem,
    Finding,
    InspectionTeam,
    Visit,
    VisitPlan,
)
from institutions.actor import Actor
from institutions.models import Institution, User

H = FindingHandling
LONGEST_AHEAD = 366  # days a visit can be planned ahead


class HazardChoice(forms.ModelChoiceField):
    """An open hazard, by number and words."""

    def label_from_instance(self, hazard):
        return (
            f"{hazard.number} {hazard.location}：{hazard.description[:40]}（{hazard.get_status_display()}）"
        )


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
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.actor, self.institution, self.today = actor, institution, today
        self.plan, self.team = plan, team
        kinds = visit_rules.kinds_for(actor)
        self.fields["key"].initial = uuid.uuid4
        self.fields["kind"].choices = [(k.value, k.label) for k in kinds]
        self.fields["kind"].initial = kind if kind in kinds else kinds[0].value
        self.fields["planned_on"].is_asked = True
        national, self.added = visit_queries.checklists_for(institution)
        lists = self.fields["checklist"]
        lists.queryset = Checklist.objects.filter(pk__in=[c.pk for c in national])
        lists.initial = national[0].pk if national else None
        campaigns = visit_queries.campaigns_for(actor, institution, today)
        self.fields["campaigns"].queryset = campaigns
        wanted = {campaign, team.campaign_id if team else None}
        self.fields["campaigns"].initial = [c.pk for c in campaigns if not any(wanted) or c.pk in wanted]
        if not campaigns:
            del self.fields["campaigns"]
        others = visit_queries.colleagues(actor, team=team).exclude(pk=actor.user.pk)
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


class PhotosBoundField(EvidenceBoundField):
    @property
    def evidence(self) -> dict:
        evidence = super().evidence
        for shown, file in zip(evidence["uploaded"], self.field.uploaded, strict=True):
            if shown["thumb"]:
                shown["thumb"] = self.field.thumb(file)
        return evidence


class FindingPhotosField(EvidenceField):
    """Photos of a finding: new uploads of the person, and those the finding has already."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.kept = []

    def keep(self, photos) -> None:
        """The FindingPhotos that are there already; a form that is not bound shows them."""
        self.kept, self.uploaded = list(photos), [photo.file for photo in photos]

    def _known(self, ids):
        there = {str(photo.file_id): photo.file for photo in self.kept}
        new = {str(file.pk): file for file in super()._known([i for i in ids if str(i) not in there])}
        return [found for i in dict.fromkeys(map(str, ids)) if (found := there.get(i) or new.get(i))]

    def get_bound_field(self, form, field_name):
        return PhotosBoundField(form, self, field_name)

    def thumb(self, file) -> str:
        """Where the small picture is: a claimed one is served with its finding."""
        for photo in self.kept:
            if photo.file_id == file.pk:
                return reverse("inspections:photo", args=[photo.pk, "thumb"])
        return reverse("files:thumb", args=[file.pk])


class FindingForm(forms.Form):
    """记录问题: of a checklist item, or found beside it. `is_partial`: from a phone whose photos are still to come."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)
    description = text("存在问题", lines=2, min_length=4, placeholder="看到了什么，有什么危险")
    location = text("具体部位", max_length=100, required=False, placeholder="例如：二楼东侧疏散通道")
    found = FindingPhotosField(label="现场照片", required=False, help_text="至少一张；请勿拍到老人、儿童面部")
    no_photo_reason = text("没有照片的原因", required=False, max_length=100)
    domain = forms.ChoiceField(label="隐患类别", choices=[("", "请选择"), *Domain.choices])
    severity = forms.ChoiceField(label="隐患等级", choices=Severity.choices, widget=forms.RadioSelect)
    handling = forms.ChoiceField(label="处理方式", widget=forms.RadioSelect)
    due_on = forms.DateField(label="整改期限", required=False, widget=DateInput())
    responsible_person = text("整改责任人（机构）", required=False, max_length=30)
    interim_measures = text(
        "临时管控措施",
        lines=2,
        required=False,
        max_length=300,
        help_text="重大隐患必填：整改完成前怎样保证安全",
    )
    measures = text("当场怎么改的", lines=2, required=False, help_text="立行立改必填")
    rectified = FindingPhotosField(label="改好后的照片", required=False, help_text="立行立改必传")
    same_as = HazardChoice(
        label="与哪一条相同", queryset=Hazard.objects.none(), required=False, empty_label="请选择"
    )

    def __init__(
        self,
        *args,
        actor: Actor,
        visit: Visit,
        item: ChecklistItem | None = None,
        finding: Finding | None = None,
        phrase: str = "",
        situations: list = (),
        is_partial: bool = False,
        today: date | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.actor, self.visit, self.finding = actor, visit, finding
        self.item = finding.item if finding else item
        self.today, self.is_partial = today or timezone.localdate(), is_partial
        self.phrases = self.item.phrases if self.item else []
        self._prepare_choices()
        self._prepare_photos()
        self._fill(phrase, situations)
        self.judging = self._judging(*args)

    def _judging(self, data=None, files=None) -> JudgementForm:
        return JudgementForm(
            data,
            prefix="judge",
            auto_id=self.auto_id.replace("%s", "judge_%s"),
            institution=self.visit.institution,
            today=self.today,
            item=self.item,
            judgement=getattr(self.finding, "judgement", None),
        )

    def _prepare_choices(self):
        handlings = visit_rules.handlings_for(self.actor, self.visit.institution)
        hazards = visit_queries.open_hazards(
            self.actor, self.visit.institution_id, self.item.domain if self.item else ""
        )
        self.fields["same_as"].queryset = hazards
        if not self.is_partial and not hazards.exists():
            handlings.remove(H.SAME)
            del self.fields["same_as"]
        self.fields["handling"].choices = [(h.value, h.label) for h in handlings]
        if H.ISSUE not in handlings:
            del self.fields["due_on"], self.fields["interim_measures"]
        if self.item:
            del self.fields["domain"]
        # Needed or not by the choices made: `clean` says which, so the label must not call them optional.
        for name in ("location", "found", "due_on", "responsible_person", "measures", "rectified", "same_as"):
            if name in self.fields:
                self.fields[name].is_asked = True

    def _prepare_photos(self):
        for name in ("found", "rectified"):
            if self.is_partial:
                del self.fields[name]
                continue
            self.fields[name].bind_to(self.actor.user)
            if self.finding:
                photos = [p for p in self.finding.photos.all() if p.stage == name]
                self.fields[name].keep(photos)

    def _fill(self, phrase: str, situations):
        fields, item = self.fields, self.item
        if self.finding:
            for name in fields:
                fields[name].initial = getattr(self.finding, name, None)
            fields["key"].initial = self.finding.uid
            return
        fields["key"].initial, fields["revision"].initial = uuid.uuid4, 0
        fields["handling"].initial = fields["handling"].choices[0][0]
        fields["severity"].initial = (
            rules.default_severity(item, situations, self.today) if item else Severity.GENERAL
        )
        person = self.visit.institution.responsible_persons.first()
        fields["responsible_person"].initial = person.name if person else ""
        if item:
            fields["description"].initial = phrase or (item.phrases[0] if item.phrases else "")
        if "due_on" in fields:
            due_on = self.today + timedelta(days=item.days) if item else None
            fields["due_on"].initial = due_on or deadlines.default_due_on(Severity.GENERAL, self.today)
            fields["interim_measures"].initial = item.interim if item else ""

    def clean(self):
        if self.is_partial:
            return
        data = self.cleaned_data
        is_same = data.get("handling") == H.SAME
        if not is_same and not data.get("location") and "location" not in self.errors:
            self.add_error("location", "请填写具体部位。")
        if not is_same and not (data.get("found") or data.get("no_photo_reason") or "found" in self.errors):
            self.add_error("found", "请至少上传一张现场照片；确实不能拍照的，请在下面写明原因。")
        if data.get("handling") == H.ISSUE:
            self._clean_issue(data)
        elif data.get("handling") == H.FIXED:
            self._clean_fixed(data)
        elif is_same and not data.get("same_as") and "same_as" not in self.errors:
            self.add_error("same_as", "请选择与哪一条隐患相同。")

        if data.get("severity") == Severity.MAJOR and not is_same and not self.judging.is_valid():
            self.add_error("severity", "重大隐患须写明判定依据。")

    def _need(self, *names: str):
        for name in names:
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, "请填写这一项。")

    def _clean_issue(self, data):
        self._need("due_on", "responsible_person")
        if data.get("due_on") and (reason := deadlines.refuse_due_on(data["due_on"], self.today)):
            self.add_error("due_on", reason)
        if data.get("severity") == Severity.MAJOR and not data.get("interim_measures"):
            self.add_error("interim_measures", "重大隐患须写明整改完成前的临时管控措施。")

    def _clean_fixed(self, data):
        self._need("measures", "responsible_person")
        if not data.get("rectified") and "rectified" not in self.errors:
            self.add_error("rectified", "立行立改请上传改好后的照片。")
        if data.get("severity") == Severity.MAJOR:
            self.add_error("handling", "重大隐患不能立行立改，请下发整改。")

    def overtaken_by(self, theirs: Finding) -> None:
        """Say what stands now; sent again, what the person wrote takes its place."""
        self.add_error(
            None, f"另一位检查人员刚改过这个问题，现在是：“{theirs.description}”。再次保存将以您的为准。"
        )
        self.data = self.data.copy()
        self.data[self.add_prefix("revision")] = theirs.revision

    def facts(self) -> dict:
        """Keyword arguments of save_finding, without who and where."""
        data = self.cleaned_data
        names = [n for n in self.fields if n not in ("key", "revision", "found", "rectified")]
        facts = {name: data[name] for name in names} | {"item": self.item}
        if self.item:
            facts["domain"] = self.item.domain
        if "interim_measures" in facts and data["severity"] != Severity.MAJOR:
            facts["interim_measures"] = ""  # asked for major ones alone
        is_judged = data["severity"] == Severity.MAJOR and self.judging.is_valid()
        return {
            "uid": data["key"],
            "facts": facts,
            "ground": self.judging.facts() if is_judged else None,
            "found": data.get("found"),
            "rectified": data.get("rectified") if data["handling"] == H.FIXED or self.is_partial else [],
            "revision": data["revision"],
        }


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

    def __init__(self, *args, visit: Visit, **kwargs):
        super().__init__(*args, **kwargs)
        self.visit = visit
        self.people = {str(user.pk): user for user in visit.inspectors.all()}
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
            visits = visits.filter(institution__name__icontains=data["q"])
        if data["kind"]:
            visits = visits.filter(kind=data["kind"])
        if data["campaign"]:
            visits = visits.filter(campaigns=data["campaign"])
        return visits.filter(inspectors=self.actor.user) if data["mine"] else visits
