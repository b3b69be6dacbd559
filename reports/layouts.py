"""The layouts of exported files, after the official forms (domain 2.4): which rows, which columns, in which order."""

from collections.abc import Sequence

from django.db.models import Q

from hazards.enums import HazardStatus, Severity
from hazards.models.hazard import OPEN
from reports import columns as c
from reports.chosen import columns_named
from reports.columns import named
from reports.history import PAST
from reports.layout import Layout
from reports.models import ExportJob
from reports.risks import RISKS

_MAJOR = Q(severity=Severity.MAJOR)
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
        named(c.INSTITUTION, "单位名称"), c.NUMBER, named(c.ADDRESS, "单位地址"), c.blank("市级以上重点工程"),
        named(c.LOCATION, "隐患地址"), named(c.PLACE, "隐患区域"), c.CONTACT, c.PHONE, c.MOBILE,
        named(c.DESCRIPTION, "隐患基本情况（简述）"), c.SOURCE, named(c.FOUND_ON, "隐患发现日期"), c.DOMAIN,
        named(c.FOUND_PHOTOS, "隐患图片"), c.blank("是否需政府协调"), c.blank("是否需局部停产停业"),
        c.blank("是否需全部停产停业"), c.PLAN_GOAL, c.PLAN_PERSON, c.PLAN_SAFETY, c.blank("经费物资"),
        c.PLAN_FINISH, c.PLAN_FUNDS, named(c.RESPONSIBLE, "单位负责人"), c.PLAN_SAVED_ON, c.PLAN_SAVED_BY,
        named(c.RECTIFIED_AS, "隐患整治情况"), c.blank("自评"), c.blank("专家评估"), c.VERDICT,
        named(c.SUBMITTED_ON, "整改完成日期"), named(c.SPENT, "实际投入资金（万元）"), c.REMARK, c.blank("负责人"),
        named(c.SUBMITTED_BY, "填表人"), named(c.SUBMITTED_ON, "填报日期"),
    ),
    _MAJOR,
)  # fmt: skip
GENERAL = Layout(
    "general",
    "一般隐患列表",
    "只含一般隐患：录入方式、治理状态。",
    (
        named(c.DESCRIPTION, "隐患描述"), c.DOMAIN, named(c.REGISTERED_ON, "录入时间"), c.IS_SELF_REPORTED,
        c.IS_TREATED,
    ),
    Q(severity=Severity.GENERAL) & ~Q(status=HazardStatus.VOIDED),
)  # fmt: skip
SUMMARY = Layout(
    "summary",
    "重大隐患汇总表",
    "只含重大隐患：期限、治理状态、是否超期、是否挂牌督办。",
    (
        c.INSTITUTION, c.NUMBER, named(c.LOCATION, "隐患地址"), named(c.DUE_ON, "计划治理期限"),
        named(c.STATUS, "治理状态"), named(c.SUBMITTED_ON, "实际治理日期"), c.IS_LATE, c.IS_SUPERVISED,
    ),
    _MAJOR,
)  # fmt: skip
FIVE_SETTLED = Layout(
    "five",
    "五定表",
    "定措施、定责任人、定时限：从上报到闭环的每一步由谁、何时。",
    (
        c.NUMBER, named(c.INSTITUTION, "单位"), named(c.LOCATION, "位置"), named(c.DOMAIN, "隐患分类"),
        c.DESCRIPTION, named(c.SEVERITY, "等级"), c.blank("是否否决项"), c.blank("扣分"), c.PLAN_MEASURES,
        c.RESPONSIBLE, named(c.DUE_ON, "计划完成时间"), c.RECTIFIED_AS, named(c.REGISTERED_BY, "上报人"),
        named(c.REGISTERED_ON, "上报时间"), named(c.FOUND_PHOTOS, "上报照片"), c.RECTIFIED_PHOTOS,
        named(c.ISSUED_BY, "分派人"), named(c.ISSUED_ON, "分派时间"), c.VERIFIED_BY,
        named(c.VERIFIED_ON, "验收时间"), c.OUTCOME, named(c.VERDICT, "验收意见"),
        named(c.CLOSED_ON, "闭环时间"), c.IS_LATE, c.WAS_TOLD_LATE, c.TOLD_LATE_ON, c.REMARK,
    ),
)  # fmt: skip
COUNTY = Layout(
    "county",
    "县级隐患台账（简表）",
    "一页能打印的台账：问题、措施、两个责任人、时限、是否销号。",
    (
        named(c.FOUND_ON, "检查时间"), c.INSTITUTION, named(c.DESCRIPTION, "问题隐患"), named(c.SEVERITY, "等级"),
        c.PLAN_MEASURES, c.RESPONSIBLE, c.OFFICER, named(c.DUE_ON, "整改时限"), c.RECTIFIED_AS, c.IS_CLOSED,
        c.VERIFIED_BY, c.REMARK,
    ),
)  # fmt: skip
# 四个清单: the fourth, 风险清单, has a line for each institution (reports.risks).
PROBLEMS = Layout(
    "problems",
    "问题清单",
    "发现了哪些问题：在哪里、什么情况、多严重。已作废的不列。",
    (
        c.NUMBER, c.INSTITUTION, c.PLACE, c.LOCATION, c.DESCRIPTION, c.DOMAIN, c.SEVERITY, c.SOURCE, c.FOUND_ON,
        c.BASIS, c.STATUS,
    ),
    ~Q(status=HazardStatus.VOIDED),
)  # fmt: skip
TASKS = Layout(
    "tasks",
    "任务清单",
    "还要办的：谁、在什么期限前、办什么。只列在办的。",
    (
        c.NUMBER, c.INSTITUTION, c.DESCRIPTION, c.SEVERITY, c.WAITS_ON, c.DUE_ON, c.IS_LATE, c.STATUS,
        c.RESPONSIBLE, c.OFFICER, c.SUPERVISOR, c.INTERIM,
    ),
    OPEN,
)  # fmt: skip
RESULTS = Layout(
    "results",
    "成果清单",
    "已经销号的：改了什么、凭什么、谁验收、用了多久。",
    (
        c.NUMBER, c.INSTITUTION, c.DESCRIPTION, c.SEVERITY, c.RECTIFIED_AS, c.SPENT, c.FOUND_PHOTOS,
        c.RECTIFIED_PHOTOS, c.ROUND, c.SUBMITTED_ON, c.VERIFIED_BY, c.VERIFIED_ON, c.VERDICT, c.CLOSED_BY,
        c.CLOSED_ON, c.DAYS_TAKEN,
    ),
    Q(status=HazardStatus.CLOSED),
)  # fmt: skip
OWN = "own"


def own_layout(names: Sequence[str] = ()) -> Layout:
    """自选列台账: the columns a person chose for the screen, in their order."""
    return Layout(OWN, "自选列台账", "您在台账里选的列，与屏幕上相同。", columns_named(names))


LAYOUTS = {
    layout.value: layout
    for layout in (
        LEDGER, own_layout(), COUNTY, FIVE_SETTLED, MAJOR, SUMMARY, GENERAL, RISKS, PROBLEMS, TASKS, RESULTS,
    )
}  # fmt: skip


def layout_of(job: ExportJob) -> Layout:
    """The layout a file was asked for in."""
    if job.layout == PAST.value:  # not of hazards, so never a choice among the others
        return PAST
    return own_layout(job.columns) if job.layout == OWN else LAYOUTS[job.layout]
