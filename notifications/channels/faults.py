"""What may go wrong in sending one message, by what follows from it. A channel raises one of these, nothing else."""

from datetime import timedelta


class TryAgain(Exception):
    """This message failed, later it may succeed: an attempt, with back-off.

    `ends_turn`: the others of this channel would wait as long for nothing, so they wait for the next round.
    """

    def __init__(self, reason: str, *, ends_turn: bool = False):
        super().__init__(reason)
        self.ends_turn = ends_turn


class Undeliverable(Exception):
    """Nobody will ever be reached at this address: dead at once, and told to the system administrator."""


class ChannelDown(Exception):
    """Nothing can be sent now, through no fault of this message: no attempt is counted, the round ends.

    `rest`: how long the server asked to be left alone, if it said so.
    """

    def __init__(self, reason: str, *, rest: timedelta | None = None):
        super().__init__(reason)
        self.rest = rest
