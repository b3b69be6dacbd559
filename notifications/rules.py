"""What decides without the database: when to try again, when to alarm, who is disturbed when, what may leave the house."""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from notifications.enums import Channel

MAX_ATTEMPTS = 8
# Longer than one message can take: four SMTP steps of EMAIL_TIMEOUT (10 s) each; over HTTP CONNECT_SECONDS and
# ANSWER_SECONDS (channels/http.py). A crashed sender's message is free again after this, so it goes out at most
# one lease and one sweep (30 s) later: recovery ≤ 2 min.
LEASE = timedelta(seconds=60)
# One round of delivering ends after this; the next sweep goes on. Well below the task's time limit.
ROUND = timedelta(seconds=50)
# What one channel may take of a round before the next has its turn: a slow gateway delays the others this much.
TURN = timedelta(seconds=10)
# How long a message rests whose channel was down. Not an attempt, and its due time stays: lateness is noticed.
REST = timedelta(seconds=60)
_BACK_OFF = [timedelta(minutes=m) for m in (1, 5, 15, 60)]

# How long a message to another system is worth sending: later it reads what changed by itself (docs/api.md).
STALE_AFTER = timedelta(days=3)

SWEEP_SILENT_AFTER = timedelta(minutes=5)
DELIVERY_LATE_AFTER = timedelta(minutes=10)
DEATHS_COUNT_FOR = timedelta(days=1)


def back_off(attempts: int) -> timedelta:
    """How long to wait after `attempts` (≥ 1) failed ones: 1, 5, 15 minutes, then an hour each."""
    return _BACK_OFF[min(attempts, len(_BACK_OFF)) - 1]


# One slash, then neither slash nor backslash (browsers read both as another host), and nothing they would
# leave out while reading, like a tab. Written for Python and for PostgreSQL alike.
SITE_PATH = r"^/(?![/\\])[^\\\s\x00-\x1f\x7f]*$"


def is_site_path(url: str) -> bool:
    """Whether `url` is a path within this site: safe to redirect to, safe to append to the site's address."""
    return re.fullmatch(SITE_PATH, url) is not None


# A path that can carry no words: what a group chat is given to click.
WORDLESS_PATH = r"^/([a-z0-9_-]+/)*(\?[a-z0-9_=&-]*)?$"


def is_wordless_path(url: str) -> bool:
    """Whether `url` is a path within this site made of code's words and numbers alone, without anybody's."""
    return re.fullmatch(WORDLESS_PATH, url) is not None


# --- who is disturbed, how and when ----------------------------------------------------------------------


class QuietHours(NamedTuple):
    """A stretch of the day, in Beijing time, in which nobody's phone rings; it may lie over midnight."""

    since: time
    until: time

    def __str__(self):
        return f"{self.since:%H:%M}-{self.until:%H:%M}"


LONGEST_QUIET = timedelta(hours=12)  # longer, and a message of the evening is read a day late


def parse_quiet_hours(text: str) -> QuietHours | None:
    """`"21:00-07:30"` as quiet hours, `""` as none. Raises ValueError for anything else, or for more than 12 hours."""
    if not text:
        return None
    if not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", text):
        raise ValueError(f"not two times: {text!r}")
    since, until = text.split("-")
    quiet = QuietHours(time.fromisoformat(since), time.fromisoformat(until))
    if length_of(quiet) > LONGEST_QUIET:
        raise ValueError(f"quiet for longer than {LONGEST_QUIET}: {text!r}")
    return quiet


def length_of(quiet: QuietHours) -> timedelta:
    """How long the quiet hours last; the same time twice means a whole day."""
    minutes = [t.hour * 60 + t.minute for t in quiet]
    return timedelta(minutes=(minutes[1] - minutes[0] - 1) % (24 * 60) + 1)


def end_of_quiet(now: datetime, quiet: QuietHours | None) -> datetime | None:
    """When the quiet hours end that `now` (local, aware) lies in; None outside them. The first moment is quiet, the
    last is not.
    """
    if quiet is None:
        return None
    at, (since, until) = now.time(), quiet
    is_quiet = since <= at < until if since < until else at >= since or at < until
    if not is_quiet:
        return None
    day = now.date() if at < until else now.date() + timedelta(days=1)
    return datetime.combine(day, until, tzinfo=now.tzinfo)


class Wishes(NamedTuple):
    """How a person wants to be told beside the notice in the app."""

    channels: frozenset[Channel]
    quiet: QuietHours | None


def channels_for(
    wishes: Wishes, offered: Iterable[Channel], addresses: dict[Channel, str], *, is_duty: bool
) -> list[Channel]:
    """By which of the `offered` channels a person is told: those with an address that they have not switched off.

    What duty requires (`is_duty`) goes by every one of them that has an address, whatever is switched off.
    """
    return [c for c in offered if addresses.get(c) and (is_duty or c in wishes.channels)]


def not_before(now: datetime, wishes: Wishes, *, is_urgent: bool) -> datetime | None:
    """Until when a message has to wait for the person's quiet hours to end; None: it may go at once."""
    return None if is_urgent else end_of_quiet(now, wishes.quiet)


_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")


def mobile_number(phone: str) -> str:
    """The 11 digits of a mobile number of the mainland, however it was typed; "" for what can get no short message."""
    found = _MOBILE.fullmatch(re.sub(r"[\s()（）-]", "", phone))
    return found[1] if found else ""


# --- where messages may be posted -----------------------------------------------------------------------


def origin_of(url: str) -> str | None:
    """`scheme://host[:port]` of a plain http(s) address; None for anything that is not one.

    No user names, no backslashes, no spaces or control characters: what two readers could take for two hosts.
    """
    if not url.isascii() or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port is not None else "")


def is_allowed(url: str, origins: Iterable[str]) -> bool:
    """Whether `url` lies at one of the `origins`: the same scheme, host and port, letter by letter.

    The network is closed, so the list of the operator decides, whatever a name resolves to.
    """
    return origin_of(url) in set(origins)
