"""Forms of the checklist pages: search, facts of a checklist, one item."""

from django import forms
from django.core.exceptions import ValidationError

from hazards.enums import Domain, Severity
from hazards.forms import text as words
from inspections import rules
from inspections.forms.base import KeyedForm, LinesField
from inspections.models import Checklist, ChecklistItem
from institutions.enums import Department, InstitutionKind

MAX_DAYS = 365


class ListFilter(forms.Form):
    """Which checklists are listed."""

    kind = forms.ChoiceField(
        label="机构类型", required=False, choices=[("", "全部"), *InstitutionKind.choices]
    )
    status = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "使用中和草稿"), ("published", "使用中"), ("draft", "草稿"), ("withdrawn", "已停用")],
    )


class SearchForm(forms.Form):
    """Search within one checklist."""

    q = forms.CharField(
        label="检查内容、方式或代码", required=False, max_length=60,
        widget=forms.TextInput(attrs={"type": "search"}),
    )  # fmt: skip
    kind = forms.ChoiceField(label="机构类型", required=False)
    major = forms.BooleanField(label="只看重大", required=False)

    def __init__(self, *args, checklist: Checklist, **kwargs):
        super().__init__(*args, **kwargs)
        kinds = [(kind, InstitutionKind(kind).label) for kind in checklist.kinds]
        if len(kinds) > 1:
            self.fields["kind"].choices = [("", "全部"), *kinds]
        else:
            del self.fields["kind"]


def _kinds(choices, help_text="") -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label="适用机构类型", choices=choices, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class FactsForm(KeyedForm):
    """Name and kinds of a checklist."""

    name = words("名称", max_length=60)
    kinds = _kinds(InstitutionKind.choices)


class ItemForm(KeyedForm):
    """One item of a draft. Law and reference are separate fields: only the first is ever printed as law."""

    domain = forms.ChoiceField(label="分类", choices=Domain)
    kinds = _kinds([])
    subject = words("检查对象", max_length=40, required=False, help_text="如：疏散通道、食堂")
    text = words("检查内容", max_length=200, lines=2, help_text="写应当做到什么")
    guidance = words("检查方式", max_length=200, lines=2, required=False, help_text="怎么查、看什么")
    phrases = LinesField(
        label="典型隐患描述", line_length=100, max_lines=8, rows=3,
        help_text="每行一条，检查时可直接选用",
    )  # fmt: skip
    severity = forms.ChoiceField(label="默认等级", choices=Severity, widget=forms.RadioSelect)
    days = forms.IntegerField(
        label="整改天数", min_value=0, max_value=MAX_DAYS, help_text="自然日；0 表示当场整改"
    )
    laws = LinesField(
        label="主要依据", line_length=100, max_lines=8, rows=3, required=False,
        help_text="每行一条，写到条款；只填核对过原文的，会作为法律依据打印",
    )  # fmt: skip
    references = LinesField(
        label="参考依据", line_length=100, max_lines=8, rows=2, required=False,
        help_text="每行一条，没有核对过的填在这里；只显示文件名，并注明“依据待核”",
    )  # fmt: skip
    major_ref = words(
        "重大事故隐患判定依据", max_length=120, required=False, help_text="判定标准的名称和条款；没有的不填"
    )
    is_major_ref_verified = forms.BooleanField(label="已核对判定标准原文", required=False)
    upgrade_when = words("可升级为重大的情形", max_length=200, lines=2, required=False)
    interim = words("临时管控措施", max_length=300, lines=2, required=False)
    transfer_department = forms.ChoiceField(
        label="移送部门", required=False, choices=[("", "不移送"), *Department.choices]
    )
    transfer_to = words("移送部门说明", max_length=60, required=False, help_text="如：公安（交管）")
    owner_department = forms.ChoiceField(
        label="联合检查时由谁查", choices=Department, initial=Department.CIVIL_AFFAIRS
    )

    def __init__(self, *args, checklist: Checklist, item: ChecklistItem | None = None, **kwargs):
        initial = self._initial(item) if item else {"kinds": checklist.kinds, "severity": Severity.GENERAL}
        super().__init__(*args, initial=initial, revision=checklist.revision, **kwargs)
        kinds = self.fields["kinds"]
        kinds.choices = [(kind, InstitutionKind(kind).label) for kind in checklist.kinds]

    @staticmethod
    def _initial(item: ChecklistItem) -> dict:
        names = [
            field.name
            for field in ChecklistItem._meta.concrete_fields
            if field.name not in ("id", "checklist")
        ]
        return {name: getattr(item, name) for name in names} | {
            "laws": [row["text"] for row in item.bases if row["is_verified"]],
            "references": [row["text"] for row in item.bases if not row["is_verified"]],
        }

    def clean_laws(self):
        laws = self.cleaned_data["laws"]
        for law in laws:
            if rules.has_doubt(law):
                raise ValidationError(f"“{law}”还没有核对，请移到“参考依据”。")
            if not rules.names_article(law):
                raise ValidationError(f"“{law}”没有写到条款；只引用文件名的请移到“参考依据”。")
        return laws

    def clean(self):
        cleaned = super().clean()
        ref, is_verified = cleaned.get("major_ref", ""), cleaned.get("is_major_ref_verified")
        if is_verified and not ref:
            self.add_error("major_ref", "请写明判定标准的名称和条款。")
        if is_verified and not rules.is_major_ref_verified(ref, "verified") and ref:
            self.add_error(
                "is_major_ref_verified", "判定依据中还有“待核”“推定”“类推”的字样，不能标为已核对。"
            )
        return cleaned

    def facts(self) -> dict:
        """The item's fields for the action; bases with laws first."""
        facts = super().facts()
        laws, references = facts.pop("laws"), facts.pop("references")
        rows = [(law, True) for law in laws] + [(ref, False) for ref in references if ref not in laws]
        return facts | {"bases": [{"text": said, "is_verified": is_law} for said, is_law in rows]}
