"""The form of 销号规则."""

from django import forms

from hazards.enums import ClosingLevel, Severity
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Region


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
        levels = [RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY]
        self.fields["region"].queryset = Region.objects.within(actor.authority.region).filter(
            level__in=levels
        )

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
