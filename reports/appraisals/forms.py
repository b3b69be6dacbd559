"""Forms of an appraisal: which period, the rule set, one 认定, publishing."""

from datetime import date
from decimal import Decimal

from django import forms

from hazards.forms import text
from reports.appraisals import terms
from reports.appraisals.drawing_up import RuleSet
from reports.appraisals.indicators import DEFAULTS, FACTS, Item
from reports.appraisals.vetoes import RULES
from reports.models import Appraisal, Indicator, VetoKind
from reports.rates import DEFINITIONS

_OTHERWISE = {item.indicator: item for item in DEFAULTS} | {
    Indicator.RECTIFIED: Item(Indicator.RECTIFIED, 0, Decimal(95), Decimal(60), 20)
}


class _Kept(forms.Form):
    """A form whose words survive a conflict."""

    def typed(self) -> list[tuple[str, str]]:
        """Label and text of what the person wrote, to be kept on a conflict page."""
        return [
            (field.label, self.data[name])
            for name, field in self.fields.items()
            if not field.widget.is_hidden and self.data.get(name)
        ]


class StartForm(forms.Form):
    """The period to appraise."""

    period = forms.ChoiceField(label="考核期间", help_text="规则从上一次发布的考核带过来，起草后可以修改。")

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["period"].choices = terms.offered(today)


def _number(label: str, most: int, **options) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=most, required=False, **options)


def _threshold(label: str, most: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=most, max_digits=5, decimal_places=1, required=False
    )


class RulesForm(_Kept):
    """The rule set of a draft: for every indicator weight, thresholds and least cases; days for every 一票否决."""

    edition = forms.IntegerField(widget=forms.HiddenInput)
    least_weight = forms.IntegerField(
        label="参加排名至少要有的权重",
        min_value=1,
        max_value=100,
        help_text="样本不足的指标去掉以后，剩下的权重不足这个数的地区不参加排名",
    )
    note = text("说明", lines=2, required=False, help_text="印在通报表的前面")

    def __init__(self, *args, rules: RuleSet, edition: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["edition"].initial = edition
        self.fields["least_weight"].initial, self.fields["note"].initial = rules.least_weight, rules.note
        given = {item.indicator: item for item in rules.items}
        for indicator in Indicator:
            self._add_indicator(indicator, given.get(indicator))
        for kind, rule in RULES.items():
            label = rule.text.format(n="　N　").split("（")[0]
            field = _number(
                label, 999, initial=rules.vetoes.get(kind), help_text="N 是多少天，不填就不用这一条"
            )
            self.fields[f"veto_{kind.value}"] = field
        for name, field in self.fields.items():
            field.is_asked = name != "note"

    def _add_indicator(self, indicator: Indicator, item: Item | None) -> None:
        key, facts = indicator.value, FACTS[indicator]
        weight, item = item.weight if item else 0, item or _OTHERWISE[indicator]
        self.fields |= {
            f"{key}_weight": _number("权重", 100, initial=weight),
            f"{key}_full": _threshold(f"满分线（{facts.unit}）", facts.most),
            f"{key}_zero": _threshold(f"零分线（{facts.unit}）", facts.most),
            f"{key}_least": _number("最少样本", 100_000),
        }
        for name, value in (("full", item.full_mark), ("zero", item.zero_mark)):
            self.fields[f"{key}_{name}"].initial = f"{value.normalize():f}"
        self.fields[f"{key}_least"].initial = item.least

    @property
    def indicators(self) -> list[dict]:
        """The fields by indicator, for the page."""
        names = ("weight", "full", "zero", "least")
        return [
            {
                "label": DEFINITIONS[key].label,
                "words": DEFINITIONS[key].words,
                "way": "越高越好" if FACTS[Indicator(key)].more_is_better else "越低越好",
                "fields": [self[f"{key}_{name}"] for name in names],
            }
            for key in Indicator.values
        ]

    @property
    def vetoes(self) -> list:
        return [self[f"veto_{kind.value}"] for kind in RULES]

    def clean(self):
        data = super().clean()
        for indicator in Indicator:
            if data.get(f"{indicator.value}_weight"):
                self._check(indicator, data)
        total = sum(data.get(f"{key}_weight") or 0 for key in Indicator.values)
        if total != 100 and not self.errors:
            self.add_error(None, f"权重合计应为 100，现在是 {total}。")
        return data

    def _check(self, indicator: Indicator, data: dict) -> None:
        key = indicator.value
        full, zero, least = (data.get(f"{key}_{name}") for name in ("full", "zero", "least"))
        for name, value in (("full", full), ("zero", zero), ("least", least)):
            if value is None and f"{key}_{name}" not in self.errors:
                self.add_error(f"{key}_{name}", "设了权重的指标，这一项要填。")
        if least == 0:
            self.add_error(f"{key}_least", "最少是 1：没有样本就没有比率。")
        if full is None or zero is None:
            return
        if FACTS[indicator].more_is_better and full <= zero:
            self.add_error(f"{key}_full", "这个指标越高越好，满分线应高于零分线。")
        if not FACTS[indicator].more_is_better and full >= zero:
            self.add_error(f"{key}_full", "这个指标越低越好，满分线应低于零分线。")

    def rules(self) -> RuleSet:
        """What was wished. Only after is_valid()."""
        data = self.cleaned_data
        items = [
            Item(key, weight, data[f"{key}_full"], data[f"{key}_zero"], data[f"{key}_least"])
            for key in Indicator.values
            if (weight := data[f"{key}_weight"])
        ]
        days = {kind.value: data[f"veto_{kind.value}"] for kind in RULES}
        return RuleSet(items, {k: n for k, n in days.items() if n}, data["least_weight"], data["note"])


class VetoForm(_Kept):
    """认定 or not, and why."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=10_000)
    is_confirmed = forms.TypedChoiceField(
        label="结论",
        choices=[("yes", "认定为一票否决"), ("no", "不予认定")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    happened = text(
        "情形和依据", lines=3, min_length=10, help_text="发生了什么、由哪份文件或调查认定；不写个人姓名"
    )
    reason = text("理由", lines=3, min_length=5, max_length=300)

    def __init__(self, *args, kind: str, evidence: list[dict], **kwargs):
        super().__init__(*args, **kwargs)
        if kind != VetoKind.OTHER:
            del self.fields["happened"]
        self.fields["seen"].initial = ",".join(str(entry["hazard"]) for entry in evidence)

    def clean_seen(self) -> set[int]:
        return {
            int(part) for part in self.cleaned_data["seen"].split(",") if part.isascii() and part.isdigit()
        }


class PublishForm(_Kept):
    """The document number; where it replaces a published version, why."""

    edition = forms.IntegerField(widget=forms.HiddenInput)
    document_number = text("文号", max_length=60, help_text="例如：×民安通〔2026〕3号")
    reason = text(
        "改版原因", lines=2, min_length=5, max_length=200, help_text="已发布的版本保留，并注明由这一版代替"
    )

    def __init__(self, *args, appraisal: Appraisal, replaces: Appraisal | None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["edition"].initial = appraisal.edition
        if replaces is None:
            del self.fields["reason"]
