"""The ways out of the house: what each needs to be open, and who speaks its language.

A sender is a context manager for one turn, with `connect()` (before a message is claimed; may raise ChannelDown) and
`send(claim)` (may raise any of faults.py). It writes nothing to the database.
"""

from django.conf import settings

from notifications.channels.mail import Mailer
from notifications.channels.robots import Dingtalk, Wecom
from notifications.channels.sms import Texter
from notifications.channels.systems import Systems
from notifications.enums import Channel

SENDERS = {
    Channel.EMAIL: Mailer,
    Channel.SMS: Texter,
    Channel.WECOM: Wecom,
    Channel.DINGTALK: Dingtalk,
    Channel.WEBHOOK: Systems,
}


def is_open(channel: Channel) -> bool:
    """Whether the operator has configured what the channel needs."""
    if channel == Channel.EMAIL:
        return settings.EMAIL_ENABLED
    if channel == Channel.SMS:
        return bool(settings.SMS_URL)
    if channel == Channel.WEBHOOK:
        return bool(settings.SUBSCRIBER_ORIGINS)
    return bool(settings.WEBHOOK_ORIGINS)
