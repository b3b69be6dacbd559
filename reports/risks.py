"""风险清单: institutions that call for attention before anything happens, with what is open there.

An institution is on it for its risk grade (red or orange), for an open 重大隐患, or for an open hazard that came back
after a close-out (反弹). The grade stays on the list when nothing is open: the risk does, too.
"""

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, IntegerField, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from hazards.enums import HazardStatus, Severity
from institutions.enums import RiskGrade
from institutions.models import Institution
from reports import words
from reports.asked import Asked
from reports.columns import Column
from reports.layout import Layout
from reports.places import INSTITUTION, LEVELS

_HIGH = (RiskGrade.RED, RiskGrade.ORANGE)
_GRADES = {grade.value: grade.label for grade in RiskGrade}


def _institutions(asked: Asked):
    """The institutions in use the conditions of place and kind leave over."""
    chosen, pks = asked.filters.form.cleaned_data, asked.filters.places.pks
    rows = Institution.objects.visible_to(asked.actor).in_use()
    for level in LEVELS:
        if code := chosen.get(level):
            rows = rows.filter(**{f"{level}_id": pks[code]})
    if pk := chosen.get(INSTITUTION):
        rows = rows.filter(pk=pk)
    return rows.filter(kind=kind) if (kind := chosen.get("kind")) else rows


def _why(row: dict) -> str:
    """Why the institution is on the list, in words."""
    reasons = [f"风险等级{_GRADES[row['risk_grade']]}"] if row["risk_grade"] in _HIGH else []
    if row["majors"]:
        reasons.append(f"重大隐患 {row['majors']} 条未销号")
    if row["recurring"]:
        domains = "、".join(words.domain({"domain": domain}) for domain in sorted(row["domains"]))
        reasons.append(f"销号后又出现 {row['recurring']} 条（{domains}）")
    return "；".join(reasons)


def _number(label: str, name: str) -> Column:
    return Column(label, 10, (name,), lambda row, reader: row[name])


NAME = Column("机构名称", 24, ("name",), lambda row, reader: row["name"])
WHY = Column("风险情形", 44, ("risk_grade", "majors", "recurring", "domains"), lambda row, reader: _why(row))
COLUMNS = (
    NAME,
    Column(
        "所在地区",
        20,
        ("city__name", "county__name", "township__name"),
        lambda row, reader: words.whole_place(row),
    ),
    Column("机构类型", 12, ("kind",), lambda row, reader: words.kind({"institution__kind": row["kind"]})),
    Column("风险等级", 16, ("risk_grade",), lambda row, reader: _GRADES[row["risk_grade"]]),
    WHY,
    _number("在办隐患", "open"),
    _number("其中重大", "majors"),
    _number("已逾期", "late"),
    _number("其中反弹", "recurring"),
    Column("最近的整改期限", 12, ("next_due_on",), lambda row, reader: row["next_due_on"], is_day=True),
    Column("监管部门", 20, ("authority__name",), lambda row, reader: row["authority__name"]),
)


@dataclass(frozen=True)
class RiskLayout(Layout):
    """A line for each institution; the conditions on hazards decide which of them are counted."""

    def rows(self, asked: Asked):
        """Red before orange before the others, then by what is open. One statement."""
        here = asked.filters.qs.open().filter(institution=OuterRef("pk")).order_by()

        def count(**condition):
            n = here.filter(**condition).values("institution").annotate(n=Count("pk")).values("n")
            return Coalesce(Subquery(n), Value(0))

        due = here.filter(status=HazardStatus.RECTIFYING).values("institution").annotate(first=Min("due_on"))
        grades = [When(risk_grade=grade, then=Value(n)) for n, grade in enumerate(_HIGH)]
        return (
            _institutions(asked)
            .annotate(
                open=count(),
                majors=count(severity=Severity.MAJOR),
                late=count(status=HazardStatus.RECTIFYING, due_on__lt=asked.today),
                recurring=count(recurrence_of__isnull=False),
                domains=ArraySubquery(here.filter(recurrence_of__isnull=False).values("domain").distinct()),
                next_due_on=Subquery(due.values("first")),
                weight=Case(*grades, default=Value(len(grades)), output_field=IntegerField()),
            )
            .filter(Q(risk_grade__in=_HIGH) | Q(majors__gt=0) | Q(recurring__gt=0))
            .order_by("weight", F("majors").desc(), F("late").desc(), F("open").desc(), "name", "id")
            .values("id", *sorted({name for column in self.columns for name in column.reads}))
        )


RISKS = RiskLayout(
    "risks",
    "风险清单",
    "值得盯住的机构：风险等级红或橙、有重大隐患未销号、销号后又反弹的。",
    COLUMNS,
)
