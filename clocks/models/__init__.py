from .clock import Clock, PendingLine, Reminder, topic_of
from .digest import Digest
from .draft import Draft
from .ladder import Ladder, Rung

__all__ = [
    "Clock",
    "Digest",
    "Draft",
    "Ladder",
    "PendingLine",
    "Reminder",
    "Rung",
    "topic_of",
]
