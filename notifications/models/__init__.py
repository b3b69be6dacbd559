from .delivery import PENDING, ChannelRest, Delivery, Guard, Heartbeat
from .notices import Bulletin, Notice
from .people import NotificationPreference, UndeliverableAddress
from .robots import RobotEvent, RobotWebhook

__all__ = [
    "PENDING",
    "Bulletin",
    "ChannelRest",
    "Delivery",
    "Guard",
    "Heartbeat",
    "Notice",
    "NotificationPreference",
    "RobotEvent",
    "RobotWebhook",
    "UndeliverableAddress",
]
