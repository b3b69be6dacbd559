from .delivery import PENDING, ChannelRest, Delivery, Guard, Heartbeat
from .notices import Bulletin, Notice
from .people import NotificationPreference, UndeliverableAddress
from .robots import RobotEvent, RobotWebhook
from .subscribers import Dispatch, Subscriber

__all__ = [
    "PENDING",
    "Bulletin",
    "ChannelRest",
    "Delivery",
    "Dispatch",
    "Guard",
    "Heartbeat",
    "Notice",
    "NotificationPreference",
    "RobotEvent",
    "RobotWebhook",
    "Subscriber",
    "UndeliverableAddress",
]
