"""Forms of an institution's record: place, facts, licences, responsible persons."""

from itertools import groupby

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.models import fields_for_model, model_to_dict
from django.utils import timezone

from institutions.actions.institutions import FIELDS, OWN_FIELDS
from institutions.actor import Actor
from institutions.credit_code import validate_credit_code
from institutions.enums import LicenceKind, RegionLevel
from institutions.forms.base import date_input
from institutions.models import Institution, Region
from institutions.regions import supervising_authorities
from institutions.rules import MAX_NUMBER, validate_phone


class RegionChoice(forms.ModelChoiceField):
    """Regions under the name of the city they lie in."""

    def label_from_instance(self, region):
        return region.name


def county_choices(within: Region):
    """Regions an institution can belong to above the townships, from `within` down."""
    return (
        Region.objects.within(within)
        .valid_on(timezone.localdate())
        .filter(level__in=[RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY])
        .select_related("parent")
        .order_by("path")
    )


class PlaceForm(forms.Form):
    """In which county (or directly under which city or province) the institution lies."""

    place = RegionChoice(
        Region.objects.none(), label="所在县（市、区）", help_text="市属、省属机构请选市或省本级"
    )

    def __init__(self, *args, within: Region, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        field.queryset = county_choices(within)
        groups = groupby(field.queryset, key=lambda r: r if r.level != RegionLevel.COUNTY else r.parent)
        merged: dict[str, list] = {}
        for above, regions in groups:
            own = [(r.pk, r.name if r.level == RegionLevel.COUNTY else f"{r.name}本级") for r in regions]
            merged.setdefault(above.name, []).extend(own)
        field.choices = [("", "请选择"), *merged.items()]


class FactsForm(forms.Form):
    """The facts of an institution; its own manager gets only what the institution keeps itself.

    Not a ModelForm: what must be unique is left to the action, which has words for it.
    """

    def __init__(
        self,
        *args,
        actor: Actor,
        institution: Institution | None = None,
        place: Region | None = None,
        **kwargs,
    ):
        names = OWN_FIELDS if actor.institution else FIELDS
        initial = model_to_dict(institution, names) if institution else {}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields.update(fields_for_model(Institution, names))
        for name in ("beds", "residents", "disabled_residents", "staff", "night_staff"):
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, min_value=0, max_value=MAX_NUMBER, initial=0
            )
        if actor.institution:
            return
        self._offer_places(actor.authority.region, institution, place)
        if institution is None:
            del self.fields["is_active"]

    def _offer_places(self, within: Region, institution: Institution | None, place: Region | None) -> None:
        target = place or institution.county
        regions = Q(pk=target.pk) | Q(parent=target, level=RegionLevel.TOWNSHIP)
        today = Region.objects.valid_on(timezone.localdate()).filter(regions, path__startswith=within.path)
        authorities = supervising_authorities(target).filter(region__path__startswith=within.path)
        if institution and place is None:
            kept = Q(pk=institution.region_id)
            authorities |= supervising_authorities(target).filter(pk=institution.authority_id)
        else:
            kept = Q(pk=target.pk)
            self.initial |= {
                "region": target.pk,
                "authority": authorities.values_list("pk", flat=True).first(),
            }
        region, authority = self.fields["region"], self.fields["authority"]
        region.queryset = Region.objects.filter(Q(pk__in=today) | kept).order_by("path")
        authority.queryset = authorities
        region.empty_label = authority.empty_label = None

    def clean_credit_code(self):
        code = self.cleaned_data["credit_code"].strip().upper()
        if code:
            validate_credit_code(code)
        return code

    def clean(self):
        cleaned = super().clean()
        residents, disabled = cleaned.get("residents"), cleaned.get("disabled_residents")
        if residents is not None and disabled is not None and disabled > residents:
            self.add_error("disabled_residents", "失能失智人数不能多于入住人数。")
        return cleaned


class LicencesForm(forms.Form):
    """One row for each kind of licence: held or not, number, expiry."""

    def __init__(self, *args, institution: Institution, **kwargs):
        super().__init__(*args, **kwargs)
        held = {licence.kind: licence for licence in institution.licences.all()}
        for kind in LicenceKind:
            licence = held.get(kind)
            self.fields[f"{kind}_held"] = forms.BooleanField(
                label="持有", required=False, initial=licence is not None
            )
            self.fields[f"{kind}_number"] = forms.CharField(
                label="证号", required=False, max_length=60, initial=licence and licence.number
            )
            self.fields[f"{kind}_expires_on"] = forms.DateField(
                label="有效期至", required=False, widget=date_input(),
                initial=licence and licence.expires_on,
            )  # fmt: skip

    @property
    def rows(self):
        """For the template: each kind with its three bound fields."""
        return [
            {"kind": kind, "fields": [self[f"{kind}_{part}"] for part in ("held", "number", "expires_on")]}
            for kind in LicenceKind
        ]

    def clean(self):
        cleaned = super().clean()
        for kind in LicenceKind:
            written = {f"{kind}_number", f"{kind}_expires_on"} & set(self.changed_data)
            if not cleaned.get(f"{kind}_held") and any(cleaned.get(name) for name in written):
                self.add_error(f"{kind}_held", ValidationError(f"已填写{kind.label}的内容，请勾选“持有”。"))
        return cleaned

    def licences(self) -> list[dict]:
        """The licences as the action takes them. Only after is_valid()."""
        return [
            {
                "kind": kind,
                "number": self.cleaned_data[f"{kind}_number"],
                "expires_on": self.cleaned_data[f"{kind}_expires_on"],
            }
            for kind in LicenceKind
            if self.cleaned_data[f"{kind}_held"]
        ]


class PersonForm(forms.Form):
    """One responsible person."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    duty = forms.CharField(label="职责", max_length=30, help_text="如：主要负责人、安全员")
    name = forms.CharField(label="姓名", max_length=30)
    phone = forms.CharField(
        label="电话", max_length=20, required=False, validators=[validate_phone],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip


PersonFormSet = forms.formset_factory(
    PersonForm, extra=2, can_delete=True, max_num=20, absolute_max=25, validate_max=True
)
