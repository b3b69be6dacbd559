"""Short messages, through whatever gateway the house has: a fixed sentence and a link, nothing about anybody.

The gateway's interface is described in docs/adr/0023, so that a bureau's own can be put behind it.
"""

from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.channels.claim import Claim
from notifications.channels.faults import ChannelDown, TryAgain, Undeliverable
from notifications.channels.http import post_json

LONGEST = 70  # characters of one short message; beyond it is cut in two and paid for twice


class Gateway(Protocol):
    """What a gateway has to offer. It may be called by several processes at once."""

    def send(self, *, key: str, phone: str, text: str) -> None:
        """Hand one message over; the same `key` again must not reach the phone again.

        Raises TryAgain, Undeliverable (no such phone, or it wants no messages) or ChannelDown.
        """


class HttpGateway:
    """JSON over HTTP: `POST SMS_URL {"key", "phone", "text"}`, answered by `{"code", "message"}`."""

    def send(self, *, key: str, phone: str, text: str) -> None:
        headers = {"Idempotency-Key": key}
        if settings.SMS_TOKEN:
            headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"
        answer = post_json(settings.SMS_URL, {"key": key, "phone": phone, "text": text}, headers)
        code, words = answer.said.get("code"), str(answer.said.get("message", ""))[:200]
        if answer.status == 200 and code == "ok":
            return
        reason = f"HTTP {answer.status} {code}: {words}"
        if answer.status == 200 and code in ("bad_phone", "unsubscribed"):
            raise Undeliverable(reason)
        if code == "busy":
            raise ChannelDown(reason, rest=timedelta(minutes=1))
        if code == "no_credit" or answer.status in (401, 403, 404) or 300 <= answer.status < 400:
            raise ChannelDown(reason)  # our account or address of it is wrong, not this message
        raise TryAgain(reason)


class Texter:
    """The way to the gateway of SMS_GATEWAY."""

    def __enter__(self):
        self._gateway: Gateway = import_string(settings.SMS_GATEWAY)()
        return self

    def __exit__(self, *exc_info):
        pass

    def connect(self) -> None:
        """Nothing to do: a gateway is asked message by message."""

    def send(self, claim: Claim) -> None:
        """One message. Raises TryAgain, Undeliverable or ChannelDown."""
        try:
            self._gateway.send(key=str(claim.key), phone=claim.address, text=wording(claim.url))
        except (TryAgain, Undeliverable, ChannelDown):
            raise
        except Exception as error:  # whatever a gateway of somebody else's raises: the other channels go on
            raise TryAgain(f"{type(error).__name__}: {error}", ends_turn=True) from error


def wording(url: str) -> str:
    """The one sentence that is sent, within LONGEST characters: what it is about stands behind the link.

    No name, no institution, no description: phones are lost, and gateways keep what they carry.
    """
    start = f"{settings.SMS_SIGNATURE}您有一件安全隐患事项需要办理，请登录系统查看"
    for link in (f"：{settings.SITE_URL}{url}", f"：{settings.SITE_URL}", ""):
        if len(start + link) <= LONGEST:
            return start + link
    return start[:LONGEST]
