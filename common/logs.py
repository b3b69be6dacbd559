"""JSON log lines: one object a line, never a request body."""

import json
import logging
from datetime import UTC, datetime

_FIELDS = ("request_id", "method", "path", "status", "user", "role", "ms", "queries")


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object with the request's facts where it has them."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
