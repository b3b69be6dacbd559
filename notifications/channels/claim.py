"""What a channel is given to send."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Claim(NamedTuple):
    """A delivery that is ours until `leased_until`, with what its message says."""

    id: int
    key: UUID  # the same at every attempt
    address: str
    attempts: int  # this one included
    leased_until: datetime
    subject: str
    body: str  # of a bulletin: its counts, a line each
    url: str
    is_wanted: bool
    recipient_id: int | None = None
    robot_id: int | None = None
    robot_url: str = ""
    robot_secret: str = ""
    has_markdown: bool = False
    subscriber_id: int | None = None  # then `body` is the payload, `url` where it goes
    key_id: str = ""
    is_stale: bool = False
