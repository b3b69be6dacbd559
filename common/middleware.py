"""A log line for every request, and words instead of stack traces."""

import logging
import time
import uuid

from django.db import connection
from django.shortcuts import render

from common.database import is_busy
from common.http import BUSY, Conflict

logger = logging.getLogger("house.request")


class _QueryCount:
    """Counts the statements of one request."""

    def __init__(self):
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        return execute(sql, params, many, context)


class RequestLogMiddleware:
    """One JSON line a request: id, who, in which role, how long, how many statements."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.id = uuid.uuid4().hex[:12]
        counter, started = _QueryCount(), time.perf_counter()
        with connection.execute_wrapper(counter):
            response = self.get_response(request)
        actor = getattr(request, "actor", None)
        logger.info(
            "request",
            extra={
                "request_id": request.id,
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "user": actor.user.pk if actor else None,
                "role": actor.role.value if actor else None,
                "ms": round((time.perf_counter() - started) * 1000, 1),
                "queries": counter.count,
            },
        )
        response["X-Request-ID"] = request.id
        return response


class ErrorPagesMiddleware:
    """Turns a Conflict, and a row that stayed locked, into the 409 page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if is_busy(exception):
            exception = Conflict(BUSY)
        if isinstance(exception, Conflict):
            return render(request, "409.html", {"conflict": exception, **exception.context}, status=409)
        return None
