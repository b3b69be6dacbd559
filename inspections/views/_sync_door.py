"""What every call of a phone passes: JSON in, JSON out, whatever happens."""

import json
from datetime import datetime
from functools import wraps
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.backends.postgresql.psycopg_any import errors as postgres
from django.http import Http404, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from common.http import Conflict
from inspections import visit_rules


class Bad(ValueError):
    """A call this server can't make sense of: 400 with words, or 422 with the errors of its fields."""

    def __init__(self, words: str, status=HTTPStatus.BAD_REQUEST, **more):
        super().__init__(words)
        self.status, self.body = status, {"error": words} | more


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
    except ValueError:
        raise Bad("内容不是 JSON。") from None
    if not isinstance(body, dict):
        raise Bad("内容不是 JSON 对象。")
    return body


def texts(body: dict, names) -> dict:
    """The named values as a form reads them: a list stays one, everything else is text; what is absent stays so."""
    found = {}
    for name in names:
        if name in body:
            value = body[name]
            found[name] = [str(v) for v in value] if isinstance(value, list) else text_of(value)
    return found


def text_of(value) -> str:
    return "" if value is None else str(value)


def moment_of(value) -> datetime | None:
    try:
        moment = parse_datetime(text_of(value))
    except ValueError:
        raise Bad("时间的格式不对，应为 ISO 8601。") from None
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment


def invalid(form) -> Bad:
    errors = {name: list(found) for name, found in form.errors.items()}
    return Bad("有内容没有填对。", HTTPStatus.UNPROCESSABLE_ENTITY, fields=errors)
