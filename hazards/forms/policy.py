"""The forms of 销号规则, 延期规则, and of when 约谈 or 通报 is drafted."""

from django import forms

from hazards import deadlines
from hazards.enums import ClosingLevel, DraftingCause, ExtensionCase, ExtensionDecider, Severity
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Region

_LEVELS = [RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY]


def _regions(actor: Actor):
    """The regions a province sets rules for: itself, its cities and counties."""
    return Region.objects.within(actor.authority.region).filter(level__in=_LEVELS)


class ClosingPolicyForm(forms.Form):
    """销号规则 of one region and severity."""

    DEFAULT = "default"

    region = forms.ModelChoiceField(label="地区", queryset=Region.objects.none(), empty_label="请选择")
    severity = forms.ChoiceField(label="隐患等级", choices=Severity.choices, widget=forms.RadioSelect)
    level = forms.ChoiceField(
        label="由哪一级销号",
        choices=[(DEFAULT, "恢复默认（沿用上级地区的规则，没有则市级）"), *ClosingLevel.choices],
        widget=forms.RadioSelect,
        help_text="选县级时，由同一民政部门的另一位同事销号",
    )
    spot_check_percent = forms.IntegerField(
        label="市级抽查比例（%）", min_value=0, max_value=100, initial=0, required=False,
        help_text="县级销号时，其中多少由市级销号，随机确定",
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = _regions(actor)

    def clean(self):
        data = self.cleaned_data
        if data.get("severity") == Severity.MAJOR and data.get("level") == ClosingLevel.COUNTY:
            self.add_error("level", "重大隐患不能由县级销号。")
        if data.get("spot_check_percent") and data.get("level") != ClosingLevel.COUNTY:
            self.add_error("spot_check_percent", "只有县级销号才需要市级抽查。")

    def facts(self) -> dict:
        data = self.cleaned_data
        level = None if data["level"] == self.DEFAULT else data["level"]
        return {k: data[k] for k in ("region", "severity")} | {
            "level": level, "spot_check_percent": data["spot_check_percent"] or 0,
        }  # fmt: skip


def _number(label: str, low: int, high: int, **options):
    return forms.IntegerField(label=label, min_value=low, max_value=high, required=False, **options)


class ExtensionPolicyForm(forms.Form):
    """延期规则 of one region and case; everything is asked unless it goes back to the default."""

    region = forms.ModelChoiceField(label="地区", queryset=Region.objects.none(), empty_label="请选择")
    case = forms.ChoiceField(label="适用", choices=ExtensionCase.choices, widget=forms.RadioSelect)
    ask_before = _number("至少提前多少个工作日申请", 1, 60)
    decide_within = _number("多少个工作日内决定", 1, 60)
    most = _number("最多延期几次", 0, 9)
    cap_days = _number("自下发起最长多少天", 1, deadlines.LONGEST_DAYS)
    decider = forms.ChoiceField(
        label="由谁审批", choices=ExtensionDecider.choices, widget=forms.RadioSelect, required=False
    )
    is_default = forms.BooleanField(label="恢复默认（沿用上级地区的规则）", required=False)

    LIMITS = ("ask_before", "decide_within", "most", "cap_days", "decider")

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = _regions(actor)
        for name in self.LIMITS:
            self.fields[name].is_asked = True

    def clean(self):
        data = self.cleaned_data
        if data.get("is_default"):
            return
        for name in self.LIMITS:
            if data.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, "请填写这一项。")
        is_grave = data.get("case") in (ExtensionCase.MAJOR, ExtensionCase.SUPERVISED)
        if is_grave and data.get("decider") == ExtensionDecider.SUPERVISOR:
            self.add_error("decider", "重大隐患和挂牌督办的隐患须由上一级审批。")

    def facts(self) -> dict:
        data = self.cleaned_data
        limits = None if data["is_default"] else {name: data[name] for name in self.LIMITS}
        return {"region": data["region"], "case": data["case"], "limits": limits}


class DraftingRuleForm(forms.Form):
    """From which number on a record is drafted."""

    cause = forms.ChoiceField(label="起草依据", choices=DraftingCause.choices, widget=forms.RadioSelect)
    threshold = forms.IntegerField(label="门槛（条、件或天）", min_value=1, max_value=366)

    def facts(self) -> dict:
        return self.cleaned_data
