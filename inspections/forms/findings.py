"""What an inspector writes of one problem."""

import uuid
from datetime import date, timedelta

from django import forms
from django.urls import reverse
from django.utils import timezone

from hazards import deadlines
from hazards.enums import Domain, Severity
from hazards.evidence_field import EvidenceBoundField, EvidenceField
from hazards.forms.base import (
    check_due_and_interim,
    due_date,
    interim_measures,
    need,
    responsible_person,
    text,
)
from hazards.models import Hazard
from inspections import rules, visit_queries, visit_rules
from inspections.enums import FindingHandling
from inspections.forms.judging import JudgementForm
from inspections.models import (
    ChecklistItem,
    Finding,
    Visit,
)
from institutions.actor import Actor
from institutions.enums import Department

H = FindingHandling


class HazardChoice(forms.ModelChoiceField):
    """An open hazard, by number and words."""

    def label_from_instance(self, hazard):
        return (
            f"{hazard.number} {hazard.location}：{hazard.description[:40]}（{hazard.get_status_display()}）"
        )


class ClosedHazardChoice(forms.ModelChoiceField):
    """A closed hazard, by number and words."""

    def label_from_instance(self, hazard):
        closed_on = timezone.localdate(hazard.closed_at)
        return f"{hazard.number} {hazard.location}：{hazard.description[:40]}（{closed_on:%Y年%m月}销号）"


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
    department = forms.ChoiceField(
        label="责任部门", choices=[("", "不指定"), *Department.choices], required=False,
        help_text="由哪个部门负责督促；按检查项的分工预先选好",
    )  # fmt: skip
    severity = forms.ChoiceField(label="隐患等级", choices=Severity.choices, widget=forms.RadioSelect)
    handling = forms.ChoiceField(label="处理方式", widget=forms.RadioSelect)
    due_on = due_date(required=False)
    responsible_person = responsible_person(required=False)
    interim_measures = interim_measures()
    measures = text("当场怎么改的", lines=2, required=False, help_text="立行立改必填")
    rectified = FindingPhotosField(label="改好后的照片", required=False, help_text="立行立改必传")
    same_as = HazardChoice(
        label="与哪一条相同", queryset=Hazard.objects.none(), required=False, empty_label="请选择"
    )

    recurrence_of = ClosedHazardChoice(
        label="是否反弹", queryset=Hazard.objects.none(), required=False, empty_label="不是，首次发现",
        help_text="近两年销过号、现在又出现的，请选原来那条",
    )  # fmt: skip

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
        hazards = visit_queries.hazards_at(self.actor, self.visit).open().order_by("-found_on", "-id")
        if self.item:
            hazards = hazards.filter(domain=self.item.domain)
        self.fields["same_as"].queryset = hazards
        if not self.is_partial and not hazards.exists():
            handlings.remove(H.SAME)
            del self.fields["same_as"]
        closed = visit_queries.closed_hazards(self.actor, self.visit, self.today, self.item)
        self.fields["recurrence_of"].queryset = closed
        # A phone that does not ask leaves what somebody answered elsewhere.
        if "recurrence_of" not in self.data if self.is_partial else not closed.exists():
            del self.fields["recurrence_of"]
        if not self.visit.is_joint or (self.is_partial and "department" not in self.data):
            del self.fields["department"]
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
        if "department" in fields:
            fields["department"].initial = item.joint_department if item else ""
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
            need(self, "due_on", "responsible_person")
            check_due_and_interim(self, self.today)
        elif data.get("handling") == H.FIXED:
            self._clean_fixed(data)
        elif is_same and not data.get("same_as") and "same_as" not in self.errors:
            self.add_error("same_as", "请选择与哪一条隐患相同。")

        if data.get("severity") == Severity.MAJOR and not is_same and not self.judging.is_valid():
            self.add_error("severity", "重大隐患须写明判定依据。")

    def _clean_fixed(self, data):
        need(self, "measures", "responsible_person")
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
