"""A conflict never costs what somebody wrote."""

from contextlib import contextmanager

from django.db import OperationalError

from common.database import is_busy
from common.http import BUSY, Conflict


@contextmanager
def keeping_words(form):
    """What `form` said goes onto the conflict page, also when the row stayed locked."""
    typed = [{"label": label, "value": value} for label, value in form.typed()]
    try:
        yield
    except OperationalError as error:
        if not is_busy(error):
            raise
        raise Conflict(BUSY, typed=typed) from error
    except Conflict as conflict:
        conflict.context["typed"] = typed
        raise
