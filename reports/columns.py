"""The columns of exported sheets: heading, width, what they read of a row, and what they say of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Count, DateField, Exists, F, OuterRef, Subquery
from django.db.models.functions import Cast, TruncDate

from clocks.enums import ClockKind, Outcome
from clocks.models import Reminder
from common.templatetags.house import phone_masked
from hazards.enums import EvidenceStage, HazardStatus, SupervisionState, VerificationOutcome
from hazards.models import Evidence, RectificationSubmission, SupervisionOrder, Verification
from institutions.actor import Actor
from institutions.models import ResponsiblePerson
from reports import words

Cell = str | int | date | Decimal | None


@dataclass(frozen=True)
class Reader:
    """For whom, and on which day, a row is put into words."""

    actor: Actor
    today: date

    def phone(self, phone: str | None, authority: int) -> str:
        """Whole for the supervising authority and the institution itself, as on the institution's page."""
        is_ours = self.actor.institution or self.actor.authority.pk == authority
        return (phone or "") if is_ours else phone_masked(phone).replace("—", "")


@dataclass(frozen=True)
class Column:
    """One column; `reads` are names of values() or of EXTRA."""

    label: str
    width: float
    reads: tuple[str, ...]
    says: Callable[[dict, Reader], Cell]
    is_day: bool = False
    is_amount: bool = False  # of money: a Decimal


def _submission(field: str) -> Subquery:
    rounds = RectificationSubmission.objects.filter(hazard=OuterRef("pk")).order_by("-round")
    return Subquery(rounds.values(field)[:1])


def _person(field: str) -> Subquery:
    persons = ResponsiblePerson.objects.filter(institution=OuterRef("institution")).order_by("id")
    return Subquery(persons.values(field)[:1])


def _photos(stage: EvidenceStage) -> Subquery:
    """How many photos of a stage, of all rounds; None for none."""
    kept = Evidence.objects.filter(hazard=OuterRef("pk"), stage=stage).order_by()
    return Subquery(kept.values("hazard").annotate(n=Count("pk")).values("n"))


def _day_of(moment: str) -> Cast:
    """The day in Beijing, made by PostgreSQL: to turn moments into days here costs a third of a large file.

    Cast to what it is already: TruncDate alone looks at every value again in Python.
    """
    return Cast(TruncDate(moment), DateField())


_VERDICTS = Verification.objects.filter(submission__hazard=OuterRef("pk")).order_by("-id")
# Told after the deadline it stands for; what only waits to be signed was not told.
_LATE_NOTICES = (
    Reminder.objects.filter(
        clock__kind=ClockKind.HAZARD, clock__subject_id=OuterRef("pk"), rung_on__gt=F("due_on")
    )
    .exclude(outcome=Outcome.DRAFT)
    .order_by("-rung_on")
)
# What is not on the hazard's own row; only what a layout's columns read is asked for.
EXTRA = {
    "rectified_as": _submission("measures"),
    "spent": _submission("funds_spent"),
    "verdict": Subquery(_VERDICTS.values("opinion")[:1]),
    "outcome": Subquery(_VERDICTS.values("outcome")[:1]),
    "found_photos": _photos(EvidenceStage.FOUND),
    "rectified_photos": _photos(EvidenceStage.RECTIFIED),
    # Placed and not revoked: also when it was lifted since.
    "was_supervised": Exists(
        SupervisionOrder.objects.filter(hazard=OuterRef("pk")).exclude(state=SupervisionState.REVOKED)
    ),
    "late_notice_on": Subquery(_LATE_NOTICES.values("rung_on")[:1]),
    "contact": _person("name"),
    "contact_phone": _person("phone"),
    "origin_found_on": F("recurrence_of__found_on"),
    "registered_on": _day_of("registered_at"),
    "issued_on": _day_of("issued_at"),
    "submitted_on": _day_of("submitted_at"),
    "verified_on": _day_of("verified_at"),
    "closed_on": _day_of("closed_at"),
    "plan_saved_on": _day_of("plan__saved_at"),
}


def read_by(columns: tuple[Column, ...]) -> tuple[list[str], dict]:
    """What values() must be asked for: names on the hazard's row, and what is computed beside it."""
    reads = {name for column in columns for name in column.reads}
    return sorted(reads - set(EXTRA)), {name: EXTRA[name] for name in sorted(reads & set(EXTRA))}


def named(column: Column, label: str) -> Column:
    """The same column under another heading."""
    return replace(column, label=label)


def _plain(label: str, name: str, width: float = 12) -> Column:
    return Column(label, width, (name,), lambda row, reader: row[name])


def _amount(label: str, name: str) -> Column:
    return replace(_plain(label, name, 14), is_amount=True)


def _day(label: str, name: str) -> Column:
    return Column(label, 11, (name,), lambda row, reader: row[name], is_day=True)


def blank(label: str) -> Column:
    """A heading of the official form the system holds nothing for: to be filled in by hand."""
    return Column(label, 12, (), lambda row, reader: "")


def _yes(is_so: bool) -> str:
    return "是" if is_so else "否"


def _origin(row: dict, reader: Reader) -> str:
    if row["recurrence_of_id"] is None:
        return ""
    return words.number({"found_on": row["origin_found_on"], "id": row["recurrence_of_id"]})


NUMBER = Column("隐患编号", 16, ("id", "found_on"), lambda row, reader: words.number(row))
FOUND_ON = _day("发现日期", "found_on")
INSTITUTION = _plain("机构名称", "institution__name", 24)
KIND = Column("机构类型", 12, ("institution__kind",), lambda row, reader: words.kind(row))
PLACE = Column(
    "所在地区",
    20,
    ("city__name", "county__name", "township__name"),
    lambda row, reader: words.whole_place(row),
)
ADDRESS = _plain("单位地址", "institution__address", 24)
LOCATION = _plain("具体部位", "location", 16)
DESCRIPTION = _plain("存在问题", "description", 40)
DOMAIN = Column("隐患类别", 14, ("domain",), lambda row, reader: words.domain(row))
SEVERITY = Column("隐患等级", 9, ("severity",), lambda row, reader: words.severity(row))
SOURCE = Column("隐患来源", 10, ("source",), lambda row, reader: words.source(row))
BASIS = _plain("判定依据", "basis", 24)
INTERIM = _plain("临时管控措施", "interim_measures", 24)
RESPONSIBLE = _plain("整改责任人", "responsible_person")
OFFICER = _plain("监管责任人", "supervising_officer__name")
SUPERVISOR = _plain("监管部门", "supervising_authority__name", 20)
DUE_ON = _day("整改期限", "due_on")
RECTIFIED_AS = _plain("整改情况", "rectified_as", 36)
SPENT = _amount("实际投入（万元）", "spent")
STATUS = Column("状态", 11, ("status",), lambda row, reader: words.status(row, reader.actor))
IS_LATE = Column(
    "是否超期",
    9,
    ("due_on", "status", "submitted_on"),
    lambda row, reader: _yes(words.is_late(row, reader.today)),
)
SUBMITTED_ON = _day("提交整改日期", "submitted_on")
VERIFIED_BY = _plain("验收人", "verified_by__name", 10)
VERIFIED_ON = _day("验收日期", "verified_on")
VERDICT = _plain("政府验收", "verdict", 24)
IS_CLOSED = Column("是否销号", 9, ("status",), lambda row, reader: _yes(row["status"] == HazardStatus.CLOSED))
CLOSED_BY = _plain("销号人", "closed_by__name", 10)
CLOSED_ON = _day("销号日期", "closed_on")
ORIGIN = Column("反弹自（原隐患编号）", 16, ("recurrence_of_id", "origin_found_on"), _origin)
REMARK = blank("备注")
CONTACT = _plain("联系人", "contact")


def _number(is_mobile: bool) -> Callable[[dict, Reader], Cell]:
    def say(row: dict, reader: Reader) -> Cell:
        phone = row["contact_phone"] or ""
        belongs = (len(phone) == 11 and phone.startswith("1")) is is_mobile
        return reader.phone(phone, row["institution__authority_id"]) if belongs else ""

    return say


_PHONE_READS = ("contact_phone", "institution__authority_id")
PHONE = Column("联系电话", 14, _PHONE_READS, _number(is_mobile=False))
MOBILE = Column("手机", 14, _PHONE_READS, _number(is_mobile=True))
PLAN_GOAL = _plain("治理目标和措施", "plan__measures", 30)
PLAN_PERSON = _plain("机构人员", "plan__responsible_person")
PLAN_SAFETY = _plain("安全措施及应急预案", "plan__contingency", 30)
PLAN_FUNDS = _amount("落实治理经费（万元）", "plan__funds")
PLAN_FINISH = _day("计划完成整改时间", "plan__finish_on")
PLAN_SAVED_ON = _day("填报时间", "plan_saved_on")
PLAN_SAVED_BY = _plain("填报人", "plan__saved_by__name", 10)
REGISTERED_BY = _plain("登记人", "registered_by__name", 10)
REGISTERED_ON = _day("登记日期", "registered_on")
ISSUED_BY = _plain("下发人", "issued_by__name", 10)
ISSUED_ON = _day("下发日期", "issued_on")
SUBMITTED_BY = _plain("填报人（整改）", "submitted_by__name", 10)
ROUND = _plain("整改轮次", "round", 9)
IS_SUPERVISED = Column(
    "是否挂牌督办", 9, ("was_supervised",), lambda row, reader: _yes(row["was_supervised"])
)
IS_SELF_REPORTED = Column(
    "录入方式", 9, ("is_self_reported",), lambda row, reader: "自报" if row["is_self_reported"] else "代报"
)
IS_TREATED = Column(
    "治理状态",
    9,
    ("status",),
    lambda row, reader: (
        "已治理" if row["status"] in (HazardStatus.VERIFIED, HazardStatus.CLOSED) else "未治理"
    ),
)
OUTCOME = Column(
    "验收结果",
    10,
    ("outcome",),
    lambda row, reader: VerificationOutcome(row["outcome"]).label if row["outcome"] else "",
)
PLAN_MEASURES = _plain("整改措施", "plan__measures", 30)
WAS_TOLD_LATE = Column(
    "超期通知是否已发", 10, ("late_notice_on",), lambda row, reader: _yes(row["late_notice_on"] is not None)
)
TOLD_LATE_ON = _day("最近一次超期通知时间", "late_notice_on")
WAITS_ON = Column(
    "待谁办理",
    24,
    (
        "status",
        "institution__name",
        "supervising_authority__name",
        "closing_region__name",
        "supervised_region__name",
    ),
    lambda row, reader: words.waits_on(row),
)
DAYS_TAKEN = Column(
    "用时（天）",
    9,
    ("found_on", "closed_on"),
    lambda row, reader: row["closed_on"] and (row["closed_on"] - row["found_on"]).days,
)


def _count(label: str, name: str) -> Column:
    return Column(label, 10, (name,), lambda row, reader: f"{row[name]} 张" if row[name] else "")


FOUND_PHOTOS = _count("整改前照片", "found_photos")
RECTIFIED_PHOTOS = _count("整改后照片", "rectified_photos")
