"""Recurring duties whose silence people must hear of: each leaves a heartbeat, health looks for all of them.

Apps above add theirs when they are loaded (AppConfig.ready), so this module must not need any model.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """`name` of the heartbeat, what it is called, and what does not happen while it is silent."""

    name: str
    label: str
    consequence: str


DUTIES: dict[str, Duty] = {}


def watch(duty: Duty) -> None:
    """Have health look for this duty's heartbeat from now on."""
    DUTIES[duty.name] = duty
