"""Group robots: 企业微信 (群机器人) and 钉钉 (自定义机器人), in the formats of their platforms.

Both answer 200 whatever happened; `errcode` in the JSON says what. Neither knows an idempotency key: a crash
between sending and marking can say the same thing twice. Codes: docs/adr/0023.
"""

import base64
import hashlib
import hmac
import time
from datetime import timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings

from notifications.channels.claim import Claim
from notifications.channels.faults import ChannelDown, TryAgain, Undeliverable
from notifications.channels.http import Answer, post_json
from notifications.rules import is_allowed

# Both platforms take 20 messages a minute from one robot; the window is a little longer than theirs, because
# what is claimed in order may arrive in a bunch.
MOST_IN_WINDOW = 20
WINDOW = timedelta(seconds=65)


class Robots:
    """The way to the robots of one platform; a link of its own for every message."""

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def connect(self) -> None:
        """Nothing to do: each robot may live elsewhere."""

    def send(self, claim: Claim) -> None:
        """Say it in the group. Raises TryAgain, Undeliverable (this robot is gone or set wrongly) or ChannelDown."""
        if not is_allowed(claim.robot_url, settings.WEBHOOK_ORIGINS):
            raise Undeliverable("地址不在允许的范围内（WEBHOOK_ORIGINS）")
        self.judge(post_json(self.address(claim), self.message(claim)))

    # What follows the platforms do each in their own way.
    busy_codes: frozenset[int]
    gone_codes: frozenset[int]
    rest_when_busy: timedelta

    def address(self, claim: Claim) -> str:
        return claim.robot_url

    def message(self, claim: Claim) -> dict:
        raise NotImplementedError

    def judge(self, answer: Answer) -> None:
        """Raise what follows from the answer; nothing when the platform took the message."""
        code, words = answer.said.get("errcode"), str(answer.said.get("errmsg", ""))[:200]
        if answer.status == 200 and code == 0 and not isinstance(code, bool):
            return
        reason = f"HTTP {answer.status} errcode {code}: {words}"
        if code in self.busy_codes:
            raise ChannelDown(reason, rest=self.rest_when_busy)
        if code in self.gone_codes or 300 <= answer.status < 500:
            raise Undeliverable(reason)
        raise TryAgain(reason)


class Wecom(Robots):
    """企业微信群机器人: the key is in the address. Markdown is not shown to members who read in 微信."""

    busy_codes = frozenset({45009})  # api freq out of limit
    gone_codes = frozenset({93000, 93004, 93008})  # no such address, robot taken away, not in the group
    rest_when_busy = timedelta(minutes=1)

    def message(self, claim: Claim) -> dict:
        if claim.has_markdown:
            return {"msgtype": "markdown", "markdown": {"content": markdown(claim)}}
        return {"msgtype": "text", "text": {"content": plain(claim)}}


class Dingtalk(Robots):
    """钉钉自定义机器人: with 加签 the address carries a time and its HMAC; too many messages cost ten minutes."""

    busy_codes = frozenset({130101, 410100})  # send too fast
    # No such token, signature or key word or sender's address not accepted, robot stopped or gone, group dissolved.
    gone_codes = frozenset({300001, 310000, 400013, 400101, 400102, 400106})
    rest_when_busy = timedelta(minutes=10)

    def address(self, claim: Claim) -> str:
        if not claim.robot_secret:
            return claim.robot_url
        moment = str(int(time.time() * 1000))
        parts = urlsplit(claim.robot_url)
        added = urlencode({"timestamp": moment, "sign": signature(claim.robot_secret, moment)})
        return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))

    def message(self, claim: Claim) -> dict:
        if claim.has_markdown:
            return {"msgtype": "markdown", "markdown": {"title": claim.subject, "text": markdown(claim)}}
        return {"msgtype": "text", "text": {"content": plain(claim)}}


def signature(secret: str, moment: str) -> str:
    """钉钉's 加签: HMAC-SHA256 over `moment` (milliseconds), a line feed and the secret, keyed by the secret; Base64."""
    digest = hmac.digest(secret.encode(), f"{moment}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def markdown(claim: Claim) -> str:
    """Heading, counts and link in the Markdown both platforms know."""
    lines = "\n".join(f"> {line}" for line in claim.body.splitlines())
    link = f"[进入系统查看]({settings.SITE_URL}{claim.url})"
    return f"### 【隐患闭环】{claim.subject}\n{lines}\n\n{link}"


def plain(claim: Claim) -> str:
    """The same as text, for groups whose members read in 微信."""
    return f"【隐患闭环】{claim.subject}\n{claim.body}\n{settings.SITE_URL}{claim.url}"
