"""What both tickers do for this floor, whether or not anybody was woken. Safe at any time, in any number of copies."""

from notifications.heartbeat import beat
from reports import saved_filters
from reports.exports import keeping, making

HEARTBEAT = "exports"


def sweep() -> int:
    """Make the files that wait, delete those whose time is over, tell of what matches saved filters anew.

    How many files were handled. Leaves the heartbeat "exports". Must not run inside a transaction.
    """
    handled = making.make_all()
    keeping.expire()
    saved_filters.look()
    beat(HEARTBEAT)
    return handled
