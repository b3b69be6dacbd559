"""What every call of a phone passes: JSON in, JSON out, whatever happens."""

import json
from functools import wraps
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.db.backends.postgresql.psycopg_any import errors as postgres
from django.http import Http404, JsonResponse
from django.http.request import RawPostDataException

from common.http import Conflict
from inspections import visit_rules
from inspections.receiving import Bad


def for_phones(view):
    """Asked by a script: told in JSON, whatever happens, and never sent to a login page."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return error_json("登录已过期，请重新登录。手机里的内容还在。", HTTPStatus.UNAUTHORIZED)
        if request.actor is None or visit_rules.opener(request.actor):
            return error_json("您的岗位不能开展检查。", HTTPStatus.FORBIDDEN)
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied as denied:
            return error_json(str(denied), HTTPStatus.FORBIDDEN)
        except Http404:
            return error_json("没有这次检查，或它不在您的辖区内。", HTTPStatus.NOT_FOUND)
        except Conflict as conflict:
            return error_json(conflict.message, HTTPStatus.CONFLICT)
        except Bad as bad:
            return JsonResponse(bad.body, status=bad.status)
        except OperationalError as error:
            if not isinstance(error.__cause__, postgres.LockNotAvailable | postgres.DeadlockDetected):
                raise
            return error_json("另一位检查人员正在办理，稍后会自动再试。", HTTPStatus.SERVICE_UNAVAILABLE)

    wrapped.answers_json = True  # so do the doors before it: first login, CSRF
    return wrapped


def error_json(words: str, status: int, **more) -> JsonResponse:
    return JsonResponse({"error": words} | more, status=status)


def sent_json(request) -> dict:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException, RequestDataTooBig):
        raise Bad("内容不是 JSON。") from None
    if not isinstance(body, dict):
        raise Bad("内容不是 JSON 对象。")
    return body
