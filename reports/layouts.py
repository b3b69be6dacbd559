"""The layouts of exported files, after the official forms (domain 2.4): which rows, which columns, in which order."""

from dataclasses import dataclass, replace
from datetime import date

from hazards.enums import Severity
from hazards.models.hazard import HazardQuerySet
from reports import columns as c
from reports.columns import EXTRA, Cell, Column, Reader
from reports.paging import Sort
from reports.states import State


@dataclass(frozen=True)
class Layout:
    """One form. `is_major_only`: of the rows asked for, only 重大隐患 belong on it."""

    value: str
    label: str
    sentence: str
    columns: tuple[Column, ...]
    is_major_only: bool = False

    def rows(self, hazards: HazardQuerySet, state: State, sort: Sort, today: date):
        """The rows of `hazards` (scoped and filtered) the form takes, as values() its columns read, in the ledger's order."""
        taken = state.narrow(hazards, today)
        if self.is_major_only:
            taken = taken.filter(severity=Severity.MAJOR)
        reads = {name for column in self.columns for name in column.reads}
        extra = {name: EXTRA[name] for name in reads & set(EXTRA)}
        return taken.order_by(*sort.order()).values(*sorted(reads - set(EXTRA)), **extra)

    @property
    def labels(self) -> list[str]:
        return ["序号", *(column.label for column in self.columns)]

    def line(self, number: int, row: dict, reader: Reader) -> list[Cell]:
        """One line of the file."""
        return [number, *[column.says(row, reader) for column in self.columns]]


def _named(column: Column, label: str) -> Column:
    """The same column under the official form's own heading."""
    return replace(column, label=label)


LEDGER = Layout(
    "ledger",
    "隐患台账",
    "每条隐患一行：问题、责任人、期限、整改、验收、销号。",
    (
        c.NUMBER, c.FOUND_ON, c.INSTITUTION, c.KIND, c.PLACE, c.LOCATION, c.DESCRIPTION, c.DOMAIN, c.SEVERITY,
        c.SOURCE, c.BASIS, c.INTERIM, c.RESPONSIBLE, c.SUPERVISOR, c.OFFICER, c.DUE_ON, c.RECTIFIED_AS, c.SPENT,
        c.STATUS, c.IS_LATE, c.SUBMITTED_ON, c.VERIFIED_BY, c.VERIFIED_ON, c.IS_CLOSED, c.CLOSED_BY, c.CLOSED_ON,
        c.ORIGIN, c.REMARK,
    ),
)  # fmt: skip
MAJOR = Layout(
    "major",
    "重大事故隐患情况表",
    "只含重大隐患：五落实、整治、验收评估。",
    (
        _named(c.INSTITUTION, "单位名称"), c.NUMBER, c.ADDRESS, c.blank("市级以上重点工程"),
        _named(c.LOCATION, "隐患地址"), _named(c.PLACE, "隐患区域"), c.CONTACT, c.PHONE,
        _named(c.DESCRIPTION, "隐患基本情况（简述）"), c.SOURCE, _named(c.FOUND_ON, "隐患发现日期"), c.DOMAIN,
        c.PLAN_GOAL, c.PLAN_PERSON, c.PLAN_SAFETY, c.PLAN_FUNDS, c.PLAN_FINISH,
        _named(c.RESPONSIBLE, "单位负责人"), c.PLAN_SAVED_ON, c.PLAN_SAVED_BY,
        _named(c.RECTIFIED_AS, "隐患整治情况"), c.blank("自评"), c.blank("专家评估"), c.VERDICT,
        _named(c.SUBMITTED_ON, "整改完成日期"), _named(c.SPENT, "实际投入资金（万元）"), c.REMARK,
    ),
    is_major_only=True,
)  # fmt: skip
SUMMARY = Layout(
    "summary",
    "重大隐患汇总表",
    "只含重大隐患：期限、治理状态、是否超期。",
    (
        c.INSTITUTION, c.NUMBER, _named(c.LOCATION, "隐患地址"), _named(c.DUE_ON, "计划治理期限"),
        _named(c.STATUS, "治理状态"), _named(c.SUBMITTED_ON, "实际治理日期"), c.IS_LATE, c.blank("是否挂牌督办"),
    ),
    is_major_only=True,
)  # fmt: skip
# 四个清单: the fourth, 风险清单, is about institutions and not made from hazards.
PROBLEMS = Layout(
    "problems",
    "问题清单",
    "发现了什么、在哪里、多严重。",
    (
        c.NUMBER, c.INSTITUTION, c.PLACE, c.LOCATION, c.DESCRIPTION, c.DOMAIN, c.SEVERITY, c.SOURCE, c.FOUND_ON,
        c.BASIS, c.STATUS,
    ),
)  # fmt: skip
TASKS = Layout(
    "tasks",
    "任务清单",
    "谁、在什么期限前、整改什么、由谁监管。",
    (
        c.NUMBER, c.INSTITUTION, c.DESCRIPTION, c.SEVERITY, c.INTERIM, c.RESPONSIBLE, c.SUPERVISOR, c.OFFICER,
        c.DUE_ON, c.IS_LATE, c.STATUS,
    ),
)  # fmt: skip
RESULTS = Layout(
    "results",
    "成果清单",
    "整改了什么、谁验收、何时销号。",
    (
        c.NUMBER, c.INSTITUTION, c.DESCRIPTION, c.SEVERITY, c.RECTIFIED_AS, c.SPENT, c.SUBMITTED_ON, c.VERIFIED_BY,
        c.VERIFIED_ON, c.VERDICT, c.CLOSED_BY, c.CLOSED_ON, c.IS_CLOSED,
    ),
)  # fmt: skip
LAYOUTS = {layout.value: layout for layout in (LEDGER, MAJOR, SUMMARY, PROBLEMS, TASKS, RESULTS)}
