"""What may be asked of each list: parameters, checked and described."""

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from api.problems import BadParameter
from api.schemas import words
from hazards.enums import HazardStatus, Severity
from institutions.enums import InstitutionKind

MOST = 500
Limit = Annotated[int, Field(description="一页多少条", ge=1, le=MOST)]
Cursor = Annotated[str, Field(description="上一页的 next，原样带回", max_length=80)]
Region = Annotated[str, Field(description="只看这个地区的（省、市或县的区划代码）", max_length=12)]
Identifier = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Hazards(Schema):
    """Filters of the hazards combine; several values of one of them are alternatives."""

    status: Annotated[
        list[HazardStatus], Field(description=f"状态，可多个：{words(HazardStatus)}", max_length=6)
    ] = []
    severity: Annotated[Severity | None, Field(description=words(Severity))] = None
    region: Region = ""
    institution: Annotated[Identifier | None, Field(description="机构 id")] = None
    due_from: Annotated[date | None, Field(description="整改期限从")] = None
    due_to: Annotated[date | None, Field(description="整改期限到")] = None
    order: Annotated[
        Literal["-found", "found", "due"],
        Field(description="-found 发现日期新的在前；found 早的在前；due 整改期限近的在前"),
    ] = "-found"
    after: Cursor = ""
    limit: Limit = 100


class Changes(Schema):
    """From which position on."""

    changed_after: Annotated[int, Field(description="上次读到的 position；从未读过填 0", ge=0, le=2**62)]
    limit: Limit = 100


class Institutions(Schema):
    region: Region = ""
    kind: Annotated[InstitutionKind | None, Field(description=words(InstitutionKind))] = None
    is_active: Annotated[bool | None, Field(description="只看在用（true）或停用（false）的")] = None
    after: Annotated[Identifier | None, Field(description="上一页的 next，原样带回")] = None
    limit: Limit = 100


class Regions(Schema):
    after: Cursor = ""
    limit: Limit = 500


class Months(Schema):
    region: Region = ""
    first: Annotated[
        str, Field(description="从哪个月，例如 2026-01；不填为全部时间", pattern=r"^(\d{4}-\d{2})?$")
    ] = ""
    last: Annotated[str, Field(description="到哪个月", pattern=r"^(\d{4}-\d{2})?$")] = ""


def refuse_unknown(request: HttpRequest, schema: type[Schema]) -> None:
    """A parameter that is mistyped must not widen the answer silently. Raises BadParameter."""
    for name in request.GET:
        if name not in schema.model_fields:
            raise BadParameter(name[:40], "没有这个参数。")
