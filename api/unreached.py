"""What never reaches the read API, yet was asked for below its address: answered as a problem too, not as a page.

A program that reads JSON can't tell a mistyped address from a broken server when it gets HTML. The error views of the
whole site (config.urls) are made here; for every other address they are Django's own.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from api.problems import problem

_HOME = "/api"


def _answering(
    status: int, detail: str, otherwise: Callable[..., HttpResponse]
) -> Callable[..., HttpResponse]:
    """An error view that says `detail` as a problem below the API's address, and is `otherwise` elsewhere."""

    def answer(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.path == _HOME or request.path.startswith(f"{_HOME}/"):
            return problem(status, detail, headers={"Cache-Control": "private, no-store"})
        return otherwise(request, *args, **kwargs)

    return answer


bad_request = _answering(400, "请求有误，没有办法处理。", defaults.bad_request)
forbidden = _answering(403, "不允许这样访问。", defaults.permission_denied)
not_found = _answering(404, "没有这个地址。可用的地址见接口文档（openapi.json）。", defaults.page_not_found)
broken = _answering(500, "系统出错，已记录。请稍后再试。", defaults.server_error)
