from .clock import PLACE, Clock, PendingLine, Reminder, topic_of
from .digest import Digest
from .draft import Draft
from .ladder import Ladder, Rung

__all__ = [
    "PLACE",
    "Clock",
    "Digest",
    "Draft",
    "Ladder",
    "PendingLine",
    "Reminder",
    "Rung",
    "topic_of",
]
