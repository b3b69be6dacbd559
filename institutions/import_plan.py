"""What importing a sheet would do: each row created, changed, the same or wrong. Reads the database, changes nothing."""

import hashlib
import json
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Q

from institutions.actor import Actor
from institutions.credit_code import validate_credit_code
from institutions.enums import Department, InstitutionKind, Operation, RegionLevel, RiskGrade
from institutions.models import Authority, Institution, Region, ResponsiblePerson
from institutions.permissions import may_edit
from institutions.regions import choosable_regions
from institutions.rules import MAX_NUMBER, MAX_NUMBER_WORDS, validate_phone
from institutions.sheet import COLUMNS

DUTY = "主要负责人"
_NUMBERS = ("beds", "residents", "disabled_residents", "staff", "night_staff")
_LENGTHS = {"name": 80, "address": 120, "person": 30, "phone": 20}
_HEADER = {column.name: column.header for column in COLUMNS}
_WORDS = {
    "kind": {kind.label: kind for kind in InstitutionKind},
    "operation": {operation.label: operation for operation in Operation},
    "risk_grade": {words: grade for grade in RiskGrade for words in (grade.label, grade.label[0])},
}


@dataclass
class RowPlan:
    """One row: what would become of it, the fields to write, old and new for the eye, and what is wrong."""

    number: int
    name: str
    errors: list[str]
    fields: dict = field(default_factory=dict)
    person: dict = field(default_factory=dict)
    changes: dict[str, list[str]] = field(default_factory=dict)
    institution: Institution | None = None

    @property
    def outcome(self) -> str:
        if self.errors:
            return "wrong"
        if self.institution is None:
            return "created"
        return "changed" if self.changes else "same"

    @property
    def changes_person(self) -> bool:
        """Whether the responsible person is new or differs."""
        is_new = self.institution is None and bool(self.person)
        return is_new or not {_HEADER[key] for key in self.person}.isdisjoint(self.changes)


@dataclass
class Plan:
    """All rows of a sheet, and a digest that changes whenever what they would do changes."""

    rows: list[RowPlan]

    def of(self, outcome: str) -> list[RowPlan]:
        return [row for row in self.rows if row.outcome == outcome]

    @property
    def errors(self) -> dict[int, list[str]]:
        return {row.number: row.errors for row in self.rows if row.errors}

    @property
    def digest(self) -> str:
        said = [[r.number, r.outcome, r.institution and r.institution.pk, r.changes] for r in self.rows]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def make_plan(rows: list[dict], *, by: Actor) -> Plan:
    """Judge every row as the actor. About six statements however many rows."""
    return _Planner(rows, by).plan()


class _Planner:
    def __init__(self, rows: list[dict], by: Actor):
        self.rows, self.by = rows, by
        self.own = by.authority.region
        regions = list(choosable_regions(self.own))
        self.regions = {region.code: region for region in regions}
        self.by_name: dict[str, list[Region]] = {}
        for region in regions:
            self.by_name.setdefault(region.name, []).append(region)
        self.authorities = {
            authority.region_id: authority
            for authority in Authority.objects.filter(
                department=Department.CIVIL_AFFAIRS,
                region__path__startswith=self.own.path,
                region__level__in=[RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY],
            ).select_related("region")
        }
        names = [row["cells"].get("name", "") for row in rows]
        codes = [code for row in rows if (code := self._code(row))]
        known = Institution.objects.filter(Q(name__in=names) | Q(credit_code__in=codes))
        known = list(known.select_related("authority__region", "region", "county"))
        in_scope = set(
            Institution.objects.visible_to(by)
            .filter(pk__in=[i.pk for i in known])
            .values_list("pk", flat=True)
        )
        self.by_code = {i.credit_code: i for i in known if i.credit_code}
        self.by_place = {(i.county_id, i.name): i for i in known if i.pk in in_scope}
        self.in_scope = in_scope
        self.persons = {}
        for person in ResponsiblePerson.objects.filter(institution__in=known, duty=DUTY).order_by("-id"):
            self.persons[person.institution_id] = person
        self.seen: dict[tuple, int] = {}

    @staticmethod
    def _code(row: dict) -> str:
        return row["cells"].get("credit_code", "").upper()

    def plan(self) -> Plan:
        return Plan([self._row(row) for row in self.rows])

    def _row(self, row: dict) -> RowPlan:
        cells = row["cells"]
        plan = RowPlan(row["number"], cells.get("name", ""), list(row["errors"]))
        if not plan.name:
            plan.errors.append("请填写机构名称")
        self._read(plan, cells)
        region = self._region(plan, cells.get("region", ""))
        self._find(plan, region, self._code(row))
        if plan.errors:
            return plan
        if plan.institution is None:
            self._for_new(plan, region)
        elif cells.get("region"):
            self._for_move(plan, region)
        self._check_person(plan)
        self._check_counts(plan)
        if plan.institution is not None and not plan.errors:
            self._compare(plan)
        return plan

    def _read(self, plan: RowPlan, cells: dict[str, str]) -> None:
        """Cells to values; an empty cell says nothing."""
        for name, longest in _LENGTHS.items():
            if len(cells.get(name, "")) > longest:
                plan.errors.append(f"“{_HEADER[name]}”超过 {longest} 个字")
        for name, words in _WORDS.items():
            if text := cells.get(name):
                if text in words:
                    plan.fields[name] = words[text]
                else:
                    choices = "、".join(column for column in dict.fromkeys(w for w in words if len(w) > 1))
                    plan.errors.append(f"“{_HEADER[name]}”不能是“{text[:20]}”，应为：{choices}")
        for name in _NUMBERS:
            if text := cells.get(name):
                if text.isdecimal() and len(text) <= 7 and int(text) <= MAX_NUMBER:
                    plan.fields[name] = int(text)
                else:
                    plan.errors.append(
                        f"“{_HEADER[name]}”应为 0 到 {MAX_NUMBER_WORDS}的整数，现在是“{text[:20]}”"
                    )
        for name in ("name", "address"):
            if text := cells.get(name):
                plan.fields[name] = text
        if code := cells.get("credit_code", "").upper():
            plan.fields["credit_code"] = code
            self._valid(plan, validate_credit_code, code)
        if phone := cells.get("phone"):
            self._valid(plan, validate_phone, phone)
        plan.person = {key: cells[key] for key in ("person", "phone") if cells.get(key)}

    @staticmethod
    def _valid(plan: RowPlan, validate, value: str) -> None:
        try:
            validate(value)
        except ValidationError as error:
            plan.errors += [message.rstrip("。") for message in error.messages]

    def _region(self, plan: RowPlan, text: str) -> Region | None:
        if not text:
            return self.own if self.own.level == RegionLevel.COUNTY else None
        if text.isascii() and text.isdigit():
            region = self.regions.get(text)
        else:
            named = self.by_name.get(text, [])
            if len(named) > 1:
                plan.errors.append(f"辖区内有 {len(named)} 个“{text[:20]}”，请改填区划代码")
                return None
            region = named[0] if named else None
        if region is None:
            plan.errors.append(f"“{text[:20]}”不是您辖区（{self.own.name}）内在用的区划")
        return region

    def _find(self, plan: RowPlan, region: Region | None, code: str) -> None:
        """The institution this row means: the one with its credit code, else the one of that name in the county."""
        by_code = self.by_code.get(code) if code else None
        county = region and _county(region)
        by_place = self.by_place.get((county.pk, plan.name)) if county else None
        if by_code and by_code.pk not in self.in_scope:
            plan.errors.append("这个统一社会信用代码已属于您辖区外的一家机构")
            return
        if by_code and by_place and by_code.pk != by_place.pk:
            plan.errors.append(f"信用代码属于“{by_code.name}”，名称却是另一家已有机构，请核对")
            return
        plan.institution = by_code or by_place
        keys = [("code", code)] if code else []
        if county:
            keys.append(("place", county.pk, plan.name))
        if plan.institution:
            keys.append(("institution", plan.institution.pk))
        earlier = [self.seen[key] for key in keys if key in self.seen]
        for key in keys:
            self.seen.setdefault(key, plan.number)
        if earlier:
            plan.errors.append(f"与第 {min(earlier)} 行是同一家机构")
        elif plan.institution and not may_edit(self.by, plan.institution):
            plan.errors.append(f"由{plan.institution.authority.name}主管，您不能修改")

    def _authority(self, region: Region) -> Authority | None:
        node = region
        while node is not None:
            if node.pk in self.authorities:
                return self.authorities[node.pk]
            node = node.parent
        return None

    def _for_new(self, plan: RowPlan, region: Region | None) -> None:
        if "kind" not in plan.fields:
            plan.errors.append("新建机构请填写机构类型")
        if region is None:
            plan.errors.append("请填写所在区划")
            return
        plan.fields["region"], plan.fields["authority"] = region, self._authority(region)
        if plan.fields["authority"] is None:
            plan.errors.append(f"“{region.name}”在您的辖区内还没有民政部门，无法确定主管部门")

    def _for_move(self, plan: RowPlan, region: Region) -> None:
        """A region that already contains the institution's own is true and changes nothing."""
        if plan.institution.region.path.startswith(region.path):
            return
        plan.fields["region"] = region
        if not region.path.startswith(plan.institution.authority.region.path):
            plan.fields["authority"] = self._authority(region) or plan.institution.authority

    def _check_person(self, plan: RowPlan) -> None:
        has_one = plan.institution is not None and plan.institution.pk in self.persons
        if plan.person.get("phone") and not plan.person.get("person") and not has_one:
            plan.errors.append("填写负责人电话时请同时填写主要负责人")

    @staticmethod
    def _check_counts(plan: RowPlan) -> None:
        def value(name):
            return plan.fields.get(name, getattr(plan.institution, name, 0))

        if value("disabled_residents") > value("residents"):
            plan.errors.append("失能失智人数不能多于入住人数")

    def _compare(self, plan: RowPlan) -> None:
        """Keep the fields that differ, with old and new in words."""
        institution = plan.institution
        plan.fields = {n: v for n, v in plan.fields.items() if getattr(institution, n) != v}
        for name, new in plan.fields.items():
            old = getattr(institution, name)
            labels = dict(Institution._meta.get_field(name).choices or ())
            words = _HEADER.get(name) or Institution._meta.get_field(name).verbose_name
            plan.changes[words] = [str(labels.get(old, old)), str(labels.get(new, new))]
        known = self.persons.get(institution.pk)
        for key, attribute in (("person", "name"), ("phone", "phone")):
            old = getattr(known, attribute, "")
            if plan.person.get(key) and plan.person[key] != old:
                plan.changes[_HEADER[key]] = [old, plan.person[key]]


def _county(region: Region) -> Region:
    """The region that plays the county for `region`: itself, or its parent for a township."""
    return region.parent if region.level == RegionLevel.TOWNSHIP else region
