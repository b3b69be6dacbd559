"""What went wrong, as RFC 9457 says it: `application/problem+json`, in words a person can act upon."""

import logging

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from api.admission import TooMany
from common.database import is_busy
from reports.paging import BadCursor

logger = logging.getLogger("house.api")

KINDS = {
    400: ("request", "请求有误"),
    401: ("token", "没有有效的令牌"),
    403: ("scope", "令牌的范围不够"),
    404: ("not-found", "没有这个资源"),
    405: ("read-only", "只能读取"),
    422: ("parameters", "参数有误"),
    429: ("too-many", "请求太频繁"),
    500: ("fault", "系统出错"),
    503: ("busy", "系统繁忙"),
}


class BadParameter(Exception):
    """A parameter that no single field could see is wrong."""

    def __init__(self, parameter: str, detail: str):
        super().__init__(parameter, detail)
        self.parameter, self.detail = parameter, detail


def problem(status: int, detail: str, *, headers: dict[str, str] | None = None, **more) -> JsonResponse:
    """The answer that says so. `more` are further members of the problem."""
    kind, title = KINDS[status]
    said = {"type": f"urn:yinhuan:problem:{kind}", "title": title, "status": status, "detail": detail} | more
    return JsonResponse(
        said, status=status, content_type="application/problem+json", headers=headers,
        json_dumps_params={"ensure_ascii": False},
    )  # fmt: skip


def _http_error(request, error: HttpError):
    headers = {"WWW-Authenticate": "Bearer"} if error.status_code == 401 else None
    missing = error.status_code == 401 and not error.message.startswith("令牌")
    detail = "请在 Authorization 头里用 Bearer 方式给出令牌。" if missing else error.message
    return problem(error.status_code, detail, headers=headers)


def _refused(faults: list[tuple[str, str]]):
    errors = [{"parameter": parameter, "detail": detail} for parameter, detail in faults]
    return problem(422, "；".join(f"{parameter}：{detail}" for parameter, detail in faults), errors=errors)


def _invalid(request, error: ValidationError):
    return _refused([(_parameter(fault["loc"]), _words(fault)) for fault in error.errors])


def _parameter(loc) -> str:
    """The name in the address, out of where pydantic found it: ("query", "asked", "limit")."""
    names = [part for part in loc if isinstance(part, str)]
    return names[-1] if names else ""


_WORDS = {
    "int_parsing": "应为整数。",
    "bool_parsing": "应为 true 或 false。",
    "greater_than_equal": "不能小于 {ge}。",
    "less_than_equal": "不能大于 {le}。",
    "string_too_long": "最多 {max_length} 个字符。",
    "too_long": "最多 {max_length} 个。",
    "enum": "不是可选的值，可选：{expected}。",
    "literal_error": "不是可选的值，可选：{expected}。",
    "string_pattern_mismatch": "格式不对。",
}


def _words(fault: dict) -> str:
    kind = fault["type"]
    if kind.startswith("date"):
        return "应为日期，例如 2026-11-15。"
    return _WORDS.get(kind, "不是可以识别的值。").format(**fault.get("ctx", {}))


def _unexpected(request, error: Exception):
    if is_busy(error):
        return problem(503, "数据库正忙，请几秒后再试。", headers={"Retry-After": "5"})
    logger.error("unexpected", exc_info=error)
    return problem(500, "系统出错，已记录。请稍后再试。")


def answer_problems(api: NinjaAPI) -> None:
    """Have `api` answer every refusal and fault as a problem."""
    handlers = {
        HttpError: _http_error,
        ValidationError: _invalid,
        BadParameter: lambda request, error: _refused([(error.parameter, error.detail)]),
        BadCursor: lambda request, error: _refused([("after", "不是本列表给出的位置。")]),
        TooMany: lambda request, error: problem(
            429, f"请求太频繁，请 {error.seconds} 秒后再试。", headers={"Retry-After": str(error.seconds)}
        ),
        Http404: lambda request, error: problem(404, "没有这个资源，或不在令牌的范围内。"),
        PermissionDenied: lambda request, error: problem(403, str(error) or "令牌的范围不够。"),
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
