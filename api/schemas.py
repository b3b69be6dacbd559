"""What the API answers, field by field: the OpenAPI document is made of this."""

from datetime import date, datetime
from typing import Annotated

from django.db.models import Choices
from pydantic import BaseModel, ConfigDict, Field

from hazards.enums import Domain, HazardAction, HazardStatus, Severity, Source
from institutions.enums import InstitutionKind, Operation, RegionLevel, RiskGrade, Role


def words(choices: type[Choices]) -> str:
    """The codes of an enumeration with the words people know."""
    return "；".join(f"{choice.value} {choice.label}" for choice in choices)


def _coded(choices: type[Choices], description: str = ""):
    return Annotated[choices, Field(description=f"{description}{words(choices)}")]


Status, Grade, Area, Origin = (_coded(c) for c in (HazardStatus, Severity, Domain, Source))
Code = Annotated[str, Field(description="行政区划代码", examples=["360704"])]
Position = Annotated[int, Field(description="变动位置：下次用 changed_after 从这里读起", ge=0)]
After = Annotated[str | None, Field(description="下一页的位置，作为 after 原样带回；null 表示没有下一页")]


class Answer(BaseModel):
    """Nothing goes out that is not described.

    Plain pydantic: the library's own Schema looks every field up in Python, a millisecond a row.
    """

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


class InstitutionName(Answer):
    id: int
    name: str


class RegionName(Answer):
    code: Code
    name: str


class HazardRow(Answer):
    """One hazard as it stands now."""

    id: int
    number: Annotated[str, Field(description="隐患编号", examples=["YH-2026-000123"])]
    version: Annotated[int, Field(description="办理次数；每办理一次加一，用来判断先后")]
    status: Status
    severity: Grade
    domain: Area
    source: Origin
    description: Annotated[str, Field(description="存在问题")]
    location: Annotated[str, Field(description="具体部位")]
    basis: Annotated[str, Field(description="判定依据")]
    institution: InstitutionName
    institution_kind: Annotated[InstitutionKind, Field(description=words(InstitutionKind))]
    county: RegionName
    city: RegionName
    found_on: date
    due_on: Annotated[date | None, Field(description="整改期限；下发前为 null")]
    is_overdue: Annotated[bool, Field(description="整改中且已过期限（期限当天不算）")]
    round: Annotated[int, Field(description="第几轮整改")]
    is_self_reported: Annotated[bool, Field(description="机构自查上报")]
    is_fixed_on_the_spot: Annotated[bool, Field(description="立行立改")]
    recurrence_of: Annotated[int | None, Field(description="反弹自哪一条（id）")]
    is_extension_asked: Annotated[bool, Field(description="有延期申请待决定")]
    supervised_by: Annotated[str | None, Field(description="挂牌督办的地区代码；没有则为 null")]
    awaits_department: Annotated[bool, Field(description="已移送其他部门，待回执")]
    registered_at: datetime
    issued_at: datetime | None
    submitted_at: datetime | None
    verified_at: datetime | None
    closed_at: datetime | None
    voided_at: datetime | None
    status_changed_at: datetime


class Event(Answer):
    """One act: by which role of which authority or institution, never by whom by name."""

    version: Annotated[int, Field(description="这条隐患的第几次办理")]
    action: Annotated[HazardAction, Field(description=words(HazardAction))]
    from_status: Annotated[HazardStatus | None, Field(description="登记时为 null")]
    to_status: HazardStatus
    at: datetime
    by_role: Annotated[Role, Field(description=words(Role))]
    by_place: Annotated[str, Field(description="办理人所在的部门或机构")]
    due_on: Annotated[date | None, Field(description="这次办理定下的整改期限")]


class HazardDetail(HazardRow):
    events: Annotated[list[Event], Field(description="办理记录，从早到晚")]


class HazardPage(Answer):
    items: list[HazardRow]
    next: After
    position: Position


class ChangedHazards(Answer):
    items: list[HazardRow]
    position: Position
    has_more: Annotated[bool, Field(description="还有没读到的变动，请接着读")]


class InstitutionRow(Answer):
    """One institution: numbers of people, never names or phones."""

    id: int
    name: str
    kind: Annotated[InstitutionKind, Field(description=words(InstitutionKind))]
    operation: Annotated[Operation, Field(description=words(Operation))]
    credit_code: Annotated[str, Field(description="统一社会信用代码；没有则为空")]
    region: RegionName
    county: RegionName
    city: RegionName
    authority: Annotated[str, Field(description="主管民政部门")]
    address: str
    beds: int
    residents: Annotated[int, Field(description="入住（在院）人数")]
    staff: int
    risk_grade: Annotated[RiskGrade, Field(description=words(RiskGrade))]
    is_active: Annotated[bool, Field(description="在用")]


class InstitutionPage(Answer):
    items: list[InstitutionRow]
    next: After


class RegionRow(Answer):
    code: Code
    name: str
    level: Annotated[RegionLevel, Field(description=words(RegionLevel))]
    parent: Annotated[str | None, Field(description="上级的代码")]
    valid_from: date | None
    valid_to: date | None


class RegionPage(Answer):
    items: list[RegionRow]
    next: After


class RateRow(Answer):
    """One rate with what it was made of; `value` is null for 0/0."""

    key: str
    label: str
    definition: str
    part: int
    whole: int
    value: float | None


class MonthRow(Answer):
    """One month of a region."""

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", examples=["2026-11"])]
    new: Annotated[int, Field(description="新增：本月发现的，不含作废")]
    closed: Annotated[int, Field(description="销号：本月销号的，不论何时发现")]
    stock: Annotated[int, Field(description="月末存量：已登记，未销号也未作废")]


class Standing(Answer):
    """What a line of the dashboard shows."""

    open: int
    major: int
    overdue: int
    awaiting: int
    to_close: int
    closed: int
    valid: int


class Summary(Answer):
    """The figures of 统计分析, read from the same summary at the same moment."""

    region: RegionName
    as_of: datetime
    period: Annotated[str, Field(description="统计期间；空为全部时间")]
    figures: Annotated[Standing, Field(description="期间内发现的隐患")]
    rates: list[RateRow]
    months: list[MonthRow]
