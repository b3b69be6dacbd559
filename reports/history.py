"""历史台账 as somebody asks for it: the same question, checked, for the screen and for its file.

Rows of old ledgers that had ended before they came here, counted in no figure (docs/adr/0030).
"""

from datetime import date

from django import forms

from common.forms import PlainSelect
from institutions.actor import Actor
from reports import columns as c
from reports import words
from reports.columns import Column, Reader, named
from reports.layout import Layout
from reports.models import PastHazard
from reports.paging import Sort
from reports.places import BROUGHT, INSTITUTION, import_choice, places_for

CITY, COUNTY = "city", "county"
STANDINGS = {"said_done": "原台账写已整改", "closed": "原台账销号", "voided": "原台账作废"}
_NAMES = ("q", CITY, COUNTY, INSTITUTION, "found_from", "found_to", BROUGHT)
_LATEST_FIRST = Sort("found_on", "发现日期，新的在前", is_descending=True)
_MISSING = {"invalid_choice": "没有这个选项，请重新选择。"}


def _place(column: Column) -> Column:
    """A column that reads the hazard's own place, read through the institution."""
    return Column(
        column.label, column.width, tuple(f"institution__{name}" for name in column.reads), _say_place
    )


def _say_place(row: dict, reader: Reader) -> str:
    return words.whole_place({f"{level}__name": row[f"institution__{level}__name"] for level in ("city", "county", "township")})  # fmt: skip


def _as_written(row: dict, reader: Reader) -> str:
    return "；".join(f"{heading}：{text}" for heading, text in row["cells"].items())


PAST = Layout(
    "past",
    "历史台账",
    "每条原来就已了结的隐患一行，最后是原台账的全文。",
    (
        Column("原编号", 16, ("number",), lambda row, reader: row["number"]),
        c.FOUND_ON, c.INSTITUTION, c.KIND, _place(c.PLACE), c.LOCATION, c.DESCRIPTION, c.DOMAIN, c.SEVERITY,
        Column("原状态", 14, ("standing",), lambda row, reader: STANDINGS[row["standing"]]),
        Column("了结日期", 11, ("ended_on",), lambda row, reader: row["ended_on"], is_day=True),
        Column("原台账文件", 24, ("of__filename",), lambda row, reader: row["of__filename"]),
        Column("原行号", 8, ("row",), lambda row, reader: row["row"]),
        named(Column("", 20, ("brought_by__name",), lambda row, reader: row["brought_by__name"]), "导入部门"),
        Column("原台账全文", 60, ("cells",), _as_written),
    ),
)  # fmt: skip


def _choice(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, error_messages=_MISSING, widget=PlainSelect)


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "请填写正确的日期，例如 2026-11-15。"},
    )


class _HistoryForm(forms.Form):
    """The conditions; places without a choice are left out, as is the import unless it was asked for."""

    q = forms.CharField(
        label="问题、部位、机构或原编号",
        required=False,
        max_length=60,
        error_messages={"max_length": "最多 60 个字。"},
        widget=forms.TextInput(attrs={"type": "search", "enterkeyhint": "search"}),
    )
    city = _choice("市")
    county = _choice("县（市、区）")
    institution = _choice("机构")
    found_from = _day("发现日期从")
    found_to = _day("发现日期到")

    def __init__(self, data: dict, choices: dict[str, list[tuple[str, str]]]):
        super().__init__(data)
        if BROUGHT in choices:
            self.fields[BROUGHT] = forms.ChoiceField(
                label="导入", required=False, error_messages=_MISSING, widget=forms.HiddenInput
            )
        for name in (CITY, COUNTY, INSTITUTION, BROUGHT):
            if name not in self.fields:
                continue
            if not choices.get(name) and not data.get(name):
                del self.fields[name]
            elif name == BROUGHT:
                self.fields[name].choices = choices[name]
            else:
                self.fields[name].choices = [("", "全部"), *choices.get(name, [])]

    def clean(self):
        start, end = self.cleaned_data.get("found_from"), self.cleaned_data.get("found_to")
        if start and end and start > end:
            self.add_error("found_to", "结束日期不能早于开始日期。")
        return self.cleaned_data


class History:
    """One question to 历史台账 within the actor's scope. `is_valid` first; then rows, sort, query and words.

    Costs one statement for the places (none for a post at an institution), one more where an import is named.
    """

    sort = _LATEST_FIRST

    def __init__(self, query: dict, actor: Actor, today: date):
        self.actor, self.today = actor, today
        given = {name: query.get(name, "").replace("\0", "").strip() for name in _NAMES}
        self._places = places_for(actor, {name: value for name, value in given.items() if value})
        self._in_scope = PastHazard.objects.visible_to(actor)
        choices = dict(self._places.choices)
        if BROUGHT in self._places.data:
            choices[BROUGHT] = import_choice(self._places.data[BROUGHT], self._in_scope)
        self.form = _HistoryForm(self._places.data, choices)

    @property
    def notices(self) -> list[str]:
        """What was dropped from the question, in words."""
        return self._places.notices

    @property
    def is_valid(self) -> bool:
        return self.form.is_valid()

    @property
    def rows(self):
        """What was asked for; nothing where the question is wrong."""
        if not self.is_valid:
            return self._in_scope.none()
        said, rows = self.form.cleaned_data, self._in_scope
        for level in (CITY, COUNTY):
            if code := said.get(level):
                rows = rows.filter(**{f"institution__{level}_id": self._places.pks[code]})
        conditions = {
            "institution_id": said.get(INSTITUTION),
            "found_on__gte": said["found_from"],
            "found_on__lte": said["found_to"],
            "of": said.get(BROUGHT),
        }
        rows = rows.filter(**{name: value for name, value in conditions.items() if value})
        return rows.matching(said["q"]) if said["q"] else rows

    @property
    def query(self) -> dict[str, str]:
        """What was asked, and nothing else: asking it again gives the same rows."""
        return {
            name: value for name, value in self._places.data.items() if value and name in self.form.fields
        }

    @property
    def words(self) -> str:
        """The conditions as a person reads them; 全部 for none."""
        said = []
        for name, value in self.query.items():
            choices = dict(getattr(self.form.fields[name], "choices", ()))
            label = "查找" if name == "q" else self.form.fields[name].label
            said.append(f"{label}：{choices.get(value, value)}")
        return "；".join(said)[:400] or "全部"
