"""Acts at past dates. The demo and the tests alone travel; the product reads the clock."""

from contextlib import AbstractContextManager
from datetime import datetime

import time_machine


def at(moment: datetime) -> AbstractContextManager:
    """Within, it is `moment` (aware) and time stands still."""
    return time_machine.travel(moment, tick=False)
