"""The ledger's filter: every parameter of its address but the cursor, checked, with words for what is wrong."""

from collections import OrderedDict
from copy import copy

import django_filters
from django import forms
from django.utils.functional import lazy

from common.addresses import address
from common.forms import PlainSelect
from hazards.enums import Domain, Severity, Source
from hazards.models import Hazard
from hazards.officers import left_behind
from hazards.search import NAMED_HAZARDS, Named, hazards_saying
from inspections import progress
from inspections.models import Campaign
from institutions.actor import Actor
from institutions.enums import InstitutionKind
from reports.models import ImportedRow
from reports.paging import SORTS
from reports.past import end_of_day, start_of_day
from reports.places import BROUGHT, CAMPAIGN, INSTITUTION, LEVELS, Places, import_choice, places_for
from reports.states import STATES

_NOT_A_CHOICE = {"invalid_choice": "没有这个选项，请重新选择。"}
_NOT_A_DATE = {"invalid": "请填写正确的日期，例如 2026-11-15。"}
# With htmx a choice works at once; a date or a word waits for the button. Without, everything does.
_AT_ONCE = {
    "hx-get": lazy(address, str)("reports:ledger"),
    "hx-include": "closest form",
    "hx-trigger": "change",
}
_OFF = {"0", "false", "off", "no"}


def _choice(label, choices=(), **extra):
    drawn = {"widget": PlainSelect(attrs=_AT_ONCE)} | extra
    return django_filters.ChoiceFilter(
        label=label, choices=choices, empty_label="全部", error_messages=_NOT_A_CHOICE, **drawn
    )


class _ClosedFrom(django_filters.DateFilter):
    """Closed from the day's beginning in Beijing on: moments as they are stored, so that their index answers.

    Only what is closed has such a moment; said so, the counts of all other tabs need not look.
    """

    def filter(self, hazards, day):
        return hazards.filter(status="closed", closed_at__gte=start_of_day(day)) if day else hazards


class _ClosedTo(django_filters.DateFilter):
    """Closed before the day's end in Beijing; so also found by then, which tells the order by finding where to begin."""

    def filter(self, hazards, day):
        if not day:
            return hazards
        return hazards.filter(status="closed", closed_at__lt=end_of_day(day), found_on__lte=day)


def _day(label, field_name, lookup_expr, filter_class=django_filters.DateFilter):
    return filter_class(
        label=label,
        field_name=field_name,
        lookup_expr=lookup_expr,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=_NOT_A_DATE,
    )


class _LedgerForm(forms.Form):
    """Checks what no single field can see."""

    def clean(self):
        for name in ("found", "closed"):
            start, end = self.cleaned_data.get(f"{name}_from"), self.cleaned_data.get(f"{name}_to")
            if start and end and start > end:
                self.add_error(f"{name}_to", "结束日期不能早于开始日期。")
        return self.cleaned_data


class _Own(OrderedDict):
    """The filters of a class; what django-filter takes for one request are copies, but of nothing that stays the same."""

    def __deepcopy__(self, memo):
        made = OrderedDict((name, copy(one)) for name, one in self.items())
        for one in made.values():
            one.extra = dict(one.extra)
            one.method = one.method  # bound to the copy
        return made


class LedgerFilter(django_filters.FilterSet):
    """Narrows hazards that are already in the actor's scope; `state` and `sort` are checked here, applied elsewhere.

    Offers only places and campaigns of the scope. Costs one statement (none for a post at an
    institution), one more each for words and for an import, two for a campaign.
    """

    q = django_filters.CharFilter(
        label="编号、问题、部位、机构或地区（可用拼音）",
        method="with_words",
        max_length=60,
        error_messages={"max_length": "最多 60 个字。"},
        widget=forms.TextInput(attrs={"type": "search", "enterkeyhint": "search"}),
    )
    city = _choice("市", method="in_region")
    county = _choice("县（市、区）", method="in_region")
    township = _choice("乡镇（街道）", method="in_region")
    institution = _choice("机构", field_name="institution_id")
    kind = _choice("机构类型", InstitutionKind, field_name="institution_kind")
    domain = _choice("隐患类别", Domain)
    severity = _choice("隐患等级", Severity)
    source = _choice("来源", Source)
    campaign = _choice("专项行动", method="in_campaign")
    officer = _choice(
        "监管责任人",
        [("mine", "我（在办）"), ("left", "已离岗（本单位主管的）")],
        method="of_officer",
    )
    overdue = django_filters.BooleanFilter(
        label="只看逾期", method="only_overdue", widget=forms.CheckboxInput
    )
    found_from = _day("发现日期从", "found_on", "gte")
    found_to = _day("发现日期到", "found_on", "lte")
    closed_from = _day("销号日期从", "closed_at", "gte", _ClosedFrom)
    closed_to = _day("销号日期到", "closed_at", "lt", _ClosedTo)
    sort = django_filters.ChoiceFilter(
        label="排序",
        choices=[(value, sort.label) for value, sort in SORTS.items() if value],
        empty_label=SORTS[""].label,
        error_messages=_NOT_A_CHOICE,
        method="as_it_is",
        widget=PlainSelect(attrs=_AT_ONCE),
    )
    state = django_filters.ChoiceFilter(
        label="状态",
        choices=[(value, state.label) for value, state in STATES.items() if value],
        error_messages={"invalid_choice": "没有这个状态，请从上面选一个。"},
        method="as_it_is",
        widget=forms.HiddenInput,
    )

    class Meta:
        model = Hazard
        form = _LedgerForm
        fields: list = []

    def __init__(self, query: dict, queryset, *, actor: Actor, today):
        self.actor, self.today = actor, today
        given = {name: query.get(name, "") for name in self.base_filters}
        if given["overdue"].lower() in _OFF:
            given["overdue"] = ""
        self.places: Places = places_for(actor, {name: value for name, value in given.items() if value})
        super().__init__(self.places.data, queryset)
        for name in (*LEVELS, INSTITUTION, CAMPAIGN):
            self.filters[str(name)].extra["choices"] = self.places.choices.get(name, [])
        if BROUGHT in self.data:
            self.filters[BROUGHT].extra["choices"] = import_choice(
                self.data[BROUGHT], ImportedRow.objects.filter(hazard__in=queryset)
            )
        self.actor = actor
        pointless = {*LEVELS, INSTITUTION, CAMPAIGN, BROUGHT} - {
            n for n, c in self.places.choices.items() if c
        }
        pointless |= {"kind", "officer"} if actor.institution else set()
        for name in pointless:
            if name not in self.data:
                del self.filters[str(name)]

    def in_region(self, hazards, name, code):
        return hazards.filter(**{f"{name}_id": self.places.pks[code]})

    def in_campaign(self, hazards, name, pk):
        """Exactly the hazards the campaign's own page counts; named one by one while they are few."""
        campaign = Campaign.objects.select_related("authority__region").get(pk=pk)
        found = progress.found(campaign, self.actor).order_by().values_list("pk", flat=True)
        ids = list(found[: NAMED_HAZARDS + 1])
        if len(ids) <= NAMED_HAZARDS:
            return hazards.filter(Named(ids))
        return progress.found_among(hazards, campaign, self.actor)

    def of_officer(self, hazards, name, whose):
        """Open work alone: few rows, found by indexes. Who left is asked of the actor's own authority, whose affair it is."""
        if whose == "mine":
            return hazards.open().filter(supervising_officer=self.actor.user)
        return left_behind(hazards).filter(supervising_authority=self.actor.authority)

    def only_overdue(self, hazards, name, value):
        return hazards.overdue(self.today) if value else hazards

    def as_it_is(self, hazards, name, value):
        return hazards

    def with_words(self, hazards, name, text):
        return hazards.filter(hazards_saying(text, self.actor))

    @property
    def form(self):
        """As django-filter's, without a class for each request and a copy of each field."""
        if not hasattr(self, "_form"):
            self._form = _LedgerForm(self.data)
            self._form.fields = {name: one.field for name, one in self.filters.items()}
        return self._form

    @property
    def values(self) -> dict[str, str]:
        """What is chosen, as parameters of an address; without `state`."""
        return {name: value for name, value in self.data.items() if value and name != "state"}


# Reached by a link from the import's page alone, so never among the fields that are shown.
LedgerFilter.base_filters = _Own(
    LedgerFilter.base_filters
    | {BROUGHT: _choice("导入", field_name="imported_row__of", widget=forms.HiddenInput)}
)
