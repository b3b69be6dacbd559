"""The filter of the institution list: city and county as a cascade, kind, risk, words."""

from datetime import date

import django_filters
from django import forms

from institutions import queries
from institutions.actor import Actor
from institutions.enums import InstitutionKind, RegionLevel, RiskGrade, SafetyGap
from institutions.models import Institution, Region
from institutions.search import answering


class InstitutionFilter(django_filters.FilterSet):
    """Narrows a queryset that is already in the actor's scope; offers only regions of that scope.

    A county that does not lie in the chosen city is dropped: the city was changed after it.
    """

    city = django_filters.ModelChoiceFilter(label="市", queryset=Region.objects.none(), empty_label="全部")
    county = django_filters.ModelChoiceFilter(
        label="县（市、区）", queryset=Region.objects.none(), empty_label="全部"
    )
    kind = django_filters.ChoiceFilter(label="机构类型", choices=InstitutionKind, empty_label="全部")
    risk_grade = django_filters.ChoiceFilter(label="风险等级", choices=RiskGrade, empty_label="全部")
    safety = django_filters.ChoiceFilter(
        label="责任书和演练", choices=SafetyGap, empty_label="全部", method="with_gap"
    )
    q = django_filters.CharFilter(
        label="名称、地址、代码或地区（可用拼音）", method="with_words", max_length=60,
        widget=forms.TextInput(attrs={"type": "search"}),
    )  # fmt: skip

    class Meta:
        model = Institution
        fields: list = []

    def __init__(self, data=None, *args, actor: Actor, today: date, **kwargs):
        self.today = today
        region = actor.authority.region if actor.authority else None
        cities, counties = self._places(region)
        if data is not None:
            data = data.copy()
            if data.get("city") and counties is not None:
                counties = counties.filter(parent_id=_digits(data["city"]))
                if not counties.filter(pk=_digits(data.get("county"))).exists():
                    data.pop("county", None)
        super().__init__(data, *args, **kwargs)
        for name, queryset in (("city", cities), ("county", counties)):
            if queryset is None:
                del self.filters[name]
            else:
                self.filters[name].queryset = queryset

    @staticmethod
    def _places(region):
        level = region.level if region else None
        if level not in (RegionLevel.PROVINCE, RegionLevel.CITY):
            return None, None
        below = Region.objects.within(region).order_by("path")
        counties = below.filter(level=RegionLevel.COUNTY)
        return (below.filter(level=RegionLevel.CITY) if level == RegionLevel.PROVINCE else None), counties

    def with_gap(self, queryset, name, value):
        """Houses in use that lack what they owe, as their page and their clock say it."""
        return queryset.filter(queries.gap(SafetyGap(value), self.today), is_active=True)

    def with_words(self, queryset, name, value):
        """Every word in name, address, code or place, also by pinyin; nothing when there is no word in it."""
        return answering(queryset, value) if value.strip() else queryset.none()


def _digits(value: str | None) -> int:
    """A primary key typed into a URL; one that exists nowhere for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 18 else -1
