"""变更推送: a signed POST to another system. What it must check is described in docs/api.md."""

import json
import time

from django.conf import settings

from notifications.channels.claim import Claim
from notifications.channels.faults import TryAgain, Undeliverable
from notifications.channels.http import post
from notifications.rules import is_allowed
from notifications.signing import secret_of, signature

JSON = "application/json; charset=utf-8"


class Systems:
    """The way to other systems; a link of its own for every message."""

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def connect(self) -> None:
        """Nothing to do: each system lives elsewhere."""

    def send(self, claim: Claim) -> None:
        """Any 2xx is a receipt. Raises TryAgain, Undeliverable (410, or an address not allowed any more) or ChannelDown."""
        if not is_allowed(claim.url, settings.SUBSCRIBER_ORIGINS):
            raise Undeliverable("地址不在允许的范围内（SUBSCRIBER_ORIGINS）")
        body = json.dumps({"delivery": str(claim.key), **json.loads(claim.body)}, ensure_ascii=False).encode()
        status, _ = post(
            claim.url, body, {"Content-Type": JSON} | headers(claim, body, str(int(time.time())))
        )
        if status == 410:
            raise Undeliverable("HTTP 410：对方系统不再接收")
        if not 200 <= status < 300:
            raise TryAgain(f"HTTP {status}")


def headers(claim: Claim, body: bytes, moment: str) -> dict[str, str]:
    """Which delivery this is, when it was signed (Unix seconds), by which key, and the signature."""
    return {
        "Yinhuan-Delivery": str(claim.key),
        "Yinhuan-Timestamp": moment,
        "Yinhuan-Key": claim.key_id,
        "Yinhuan-Signature": f"sha256={signature(secret_of(claim.key_id), moment, body)}",
    }
