"""The read API: each address a thin function, guarded by a token with the scope it needs, in a READ ONLY transaction."""

from functools import wraps

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Query

from api import asked, hazards, places, schemas
from api.admission import Token
from api.enums import Scope
from api.problems import answer_problems, problem

VERSION = "1.0.0"
PREFIX = "api/v1/"
DESCRIPTION = """民政服务机构安全隐患闭环管理系统的只读数据接口。

每个令牌属于一个民政部门，只能读到该部门辖区内的数据，与该部门审计员在页面上看到的一致；不含居民信息、联系电话、照片和办理人姓名。
时间带时区；日期是北京时间的日期。列表用 next 翻页，不能自己拼造；增量同步用 /hazards/changes，见 docs/api.md。"""

REFUSALS = {401: schemas.Problem, 403: schemas.Problem, 422: schemas.Problem, 429: schemas.Problem}
MISSING = REFUSALS | {404: schemas.Problem}

api = NinjaAPI(
    title="隐患闭环数据接口", version=VERSION, description=DESCRIPTION, urls_namespace="api", openapi_url=None, docs_url=None,
)  # fmt: skip
answer_problems(api)


def reads(path: str, *, scope: Scope | None, answer, name: str, summary: str):
    """Register an operation: GET, a token that has `scope`, a transaction that cannot write, an `answer` it is held to."""

    def decorate(function):
        @wraps(function)
        def wrapped(request, *args, **kwargs):
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION READ ONLY")
                try:
                    said = function(request, *args, **kwargs)
                except ObjectDoesNotExist as error:
                    raise Http404 from error
            # Checked and written in one go, by the type that the document is made of.
            return HttpResponse(
                answer.model_validate(said).model_dump_json(), content_type="application/json"
            )

        answers = {200: answer} | (MISSING if answer is not schemas.RegionPage else REFUSALS)
        return api.get(
            path, auth=Token(scope), response=answers, url_name=name, operation_id=name, summary=summary,
            description=f"需要范围：{scope.value}。" if scope else "任何有效的令牌都可以读。",
        )(wrapped)  # fmt: skip

    return decorate


@reads("/hazards", scope=Scope.HAZARDS, answer=schemas.HazardPage, name="hazards", summary="隐患列表")
def hazard_list(request, wanted: Query[asked.Hazards]):
    asked.refuse_unknown(request, asked.Hazards)
    return hazards.hazards_page(request.auth.actor, wanted, timezone.localdate())


@reads(
    "/hazards/changes",
    scope=Scope.HAZARDS,
    answer=schemas.ChangedHazards,
    name="changes",
    summary="有变动的隐患",
)
def changed(request, wanted: Query[asked.Changes]):
    asked.refuse_unknown(request, asked.Changes)
    return hazards.changed_hazards(request.auth.actor, wanted, timezone.localdate())


@reads(
    "/hazards/{int:pk}",
    scope=Scope.HAZARDS,
    answer=schemas.HazardDetail,
    name="hazard",
    summary="一条隐患和办理记录",
)
def hazard(request, pk: int):
    return hazards.hazard_detail(request.auth.actor, pk, timezone.localdate())


@reads(
    "/institutions",
    scope=Scope.INSTITUTIONS,
    answer=schemas.InstitutionPage,
    name="institutions",
    summary="机构列表",
)
def institution_list(request, wanted: Query[asked.Institutions]):
    asked.refuse_unknown(request, asked.Institutions)
    return places.institutions_page(request.auth.actor, wanted)


@reads(
    "/institutions/{int:pk}",
    scope=Scope.INSTITUTIONS,
    answer=schemas.InstitutionRow,
    name="institution",
    summary="一家机构",
)
def institution(request, pk: int):
    return places.institution_detail(request.auth.actor, pk)


@reads("/regions", scope=None, answer=schemas.RegionPage, name="regions", summary="行政区划")
def region_list(request, wanted: Query[asked.Regions]):
    asked.refuse_unknown(request, asked.Regions)
    return places.regions_page(request.auth.actor, wanted)


@reads("/summary", scope=Scope.SUMMARY, answer=schemas.Summary, name="summary", summary="汇总数字")
def summary(request, wanted: Query[asked.Months]):
    asked.refuse_unknown(request, asked.Months)
    return places.summary_of(request.auth.actor, wanted, timezone.now())


@api.get("/openapi.json", auth=Token(), url_name="openapi", include_in_schema=False)
def openapi(request):
    """This document, for whoever has a token; people find it on the page of accesses."""
    return document()


def document() -> dict:
    """The OpenAPI 3 document, with refusals as the media type they come in."""
    made = api.get_openapi_schema(path_prefix=PREFIX)
    for operations in made["paths"].values():
        for answer in (
            a for o in operations.values() for code, a in o["responses"].items() if int(code) >= 400
        ):
            answer["content"] = {"application/problem+json": answer["content"]["application/json"]}
    return made


def guarded(view):
    """A view of the library, saying how it is guarded, refusing in our words, and kept by no cache."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            response = problem(405, "数据接口只能读取（GET）。", headers={"Allow": "GET"})
        response["Cache-Control"] = "private, no-store"
        return response

    wrapped.access = "token"
    return wrapped
