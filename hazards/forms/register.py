"""登记隐患: one form, from what was found to what happens next."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError

from hazards import deadlines, queries
from hazards.enums import Domain, Severity, Source
from hazards.evidence_field import EvidenceField
from hazards.forms.base import (
    ActForm,
    DateInput,
    check_due_and_interim,
    due_date,
    interim_measures,
    need,
    responsible_person,
    text,
)
from hazards.models import Hazard
from institutions.enums import Capability, RegionLevel

_SOURCES_BY_LEVEL = {
    RegionLevel.PROVINCE: [Source.OVERSIGHT, Source.LOOK_BACK, Source.SUPERIOR, Source.REPORT],
    RegionLevel.CITY: [Source.OVERSIGHT, Source.LOOK_BACK, Source.SUPERIOR, Source.REPORT],
    RegionLevel.COUNTY: [Source.SCREENING, Source.LOOK_BACK, Source.SUPERIOR, Source.REPORT],
    RegionLevel.TOWNSHIP: [Source.PATROL, Source.REPORT],
}


class RegisterForm(ActForm):
    """登记隐患 on one page; officials of the supervising authority issue it in the same step."""

    NEXT = [
        ("issue", "登记并下发整改"),
        ("fixed", "立行立改（现场已改好）"),
        ("register", "只登记，由主管部门下发"),
    ]

    location = text("具体部位", max_length=100, placeholder="例如：二楼东侧疏散通道")
    description = text("存在问题", lines=3, min_length=4, placeholder="看到了什么，有什么危险")
    evidence = EvidenceField(label="现场照片", required=False, help_text="至少一张；请勿拍到老人、儿童面部")
    no_photo_reason = text(
        "没有照片的原因", required=False, max_length=100, help_text="确实不能拍照时填写，例如涉及隐私区域"
    )
    domain = forms.ChoiceField(label="隐患类别", choices=[("", "请选择"), *Domain.choices])
    severity = forms.ChoiceField(
        label="隐患等级", choices=Severity.choices, widget=forms.RadioSelect, initial=Severity.GENERAL
    )
    source = forms.ChoiceField(label="来源")
    found_on = forms.DateField(label="发现日期", widget=DateInput())
    basis = text("判定依据", required=False, max_length=200, help_text="依据的文件或标准，可以不填")
    recurrence_of = forms.ModelChoiceField(
        label="是否反弹", queryset=Hazard.objects.none(), required=False, empty_label="不是，首次发现",
        help_text="近两年销过号、现在又出现的，请选原来那条",
    )  # fmt: skip
    next_step = forms.ChoiceField(label="处理方式", choices=NEXT, widget=forms.RadioSelect)
    due_on = due_date(required=False)
    responsible_person = responsible_person(required=False)
    interim_measures = interim_measures()
    measures = text("现场怎么改的", lines=2, required=False, help_text="立行立改必填")
    fixed_evidence = EvidenceField(label="改好后的照片", required=False, help_text="立行立改必传")

    def __init__(self, *args, institution, **kwargs):
        self.institution = institution
        super().__init__(*args, **kwargs)

    @property
    def subject(self) -> str:
        return f"{type(self).__name__}:{self.institution.pk}"

    def prepare(self):
        del self.fields["version"]
        sources = [Source.SELF_CHECK] if self.actor.institution else _SOURCES_BY_LEVEL[self.actor.level]
        self.fields["source"].choices = [(s.value, s.label) for s in sources]
        self.fields["found_on"].initial = self.today
        self.fields["recurrence_of"].queryset = (
            Hazard.objects.visible_to(self.actor)
            .filter(institution=self.institution)
            .may_have_come_back(self.today)
        )
        person = self.institution.responsible_persons.first()
        self.fields["responsible_person"].initial = person.name if person else ""
        is_supervisor = (
            self.actor.can(Capability.ISSUE) and self.actor.authority.pk == self.institution.authority_id
        )
        if not is_supervisor:
            self.fields["next_step"].choices = self.NEXT[1:]
            del self.fields["due_on"], self.fields["interim_measures"]
        if not self.actor.institution and not queries.has_other_verifier(self.institution, self.actor):
            fixed = "fixed"  # verified by another official, and there is none yet
            self.fields["next_step"].choices = [c for c in self.fields["next_step"].choices if c[0] != fixed]
            del self.fields["measures"], self.fields["fixed_evidence"]
        self.fields["next_step"].initial = "issue" if is_supervisor else "register"
        if is_supervisor:
            self.fields["due_on"].initial = deadlines.default_due_on(Severity.GENERAL, self.today)
        # Needed or not by the choice above: `clean` says which, so the label must not call them optional.
        for name in ("due_on", "responsible_person", "measures", "fixed_evidence", "evidence"):
            if name in self.fields:
                self.fields[name].is_asked = True

    def clean_found_on(self):
        found_on = self.cleaned_data["found_on"]
        if found_on > self.today:
            raise ValidationError("发现日期不能晚于今天。")
        if found_on < self.today - timedelta(days=366):
            raise ValidationError("发现日期早于一年前，请核对年份。")
        return found_on

    def clean(self):
        data = self.cleaned_data
        if not data.get("evidence") and not data.get("no_photo_reason") and "evidence" not in self.errors:
            self.add_error("evidence", "请至少上传一张现场照片；确实不能拍照的，请在下面写明原因。")
        step = data.get("next_step")
        required = {"issue": ["due_on", "responsible_person"], "fixed": ["measures", "responsible_person"]}
        need(self, *required.get(step, []))
        if step == "issue":
            check_due_and_interim(self, self.today)
        if step == "fixed" and not data.get("fixed_evidence") and "fixed_evidence" not in self.errors:
            self.add_error("fixed_evidence", "立行立改请上传改好后的照片。")
        if step == "fixed" and data.get("severity") == Severity.MAJOR:
            self.add_error("next_step", "重大隐患不能立行立改销项，请下发整改，并填写整改方案。")

    def facts(self) -> dict:
        data = self.cleaned_data
        names = (
            "location", "description", "domain", "severity", "source", "found_on", "basis", "recurrence_of",
            "no_photo_reason", "evidence",
        )  # fmt: skip
        facts = {name: data[name] for name in names} | {"uid": data["key"], "institution": self.institution}
        if data["next_step"] == "issue":
            facts["issue_with"] = {k: data[k] for k in ("due_on", "responsible_person", "interim_measures")}
        if data["next_step"] == "fixed":
            facts["fixed_with"] = {
                "measures": data["measures"],
                "evidence": data["fixed_evidence"],
                "responsible_person": data["responsible_person"],
            }
        return facts
