"""Official acts that have a form of their own above, and what else waits there to be issued.

The ladder drafts acts and knows no hazards; apps above leave their answers here (AppConfig.ready), so that whoever
issues finds one list and one road to each document.
"""

from collections.abc import Callable
from dataclasses import dataclass

from clocks.models import Draft
from institutions.actor import Actor


@dataclass(frozen=True)
class Waiting:
    """One more document that waits for the actor's authority, as the list shows it."""

    title: str
    label: str
    sub: str
    url: str


@dataclass(frozen=True)
class Office:
    """One app's answers. `form_of(actor, draft)`: where (by POST) the actor issues it in its own form, "" without one.

    `waiting(actor)`: what else waits for the actor's own authority, none of it a draft of the ladder.
    """

    form_of: Callable[[Actor, Draft], str]
    waiting: Callable[[Actor], list[Waiting]]


OFFICES: dict[str, Office] = {}


def register(key: str, office: Office) -> None:
    """Make `office` known; a second time under the same key replaces the first."""
    OFFICES[key] = office


def form_of(actor: Actor, draft: Draft) -> str:
    """Where the draft is issued in a form of its own; empty where it is issued as it stands."""
    return next((url for office in OFFICES.values() if (url := office.form_of(actor, draft))), "")


def waiting(actor: Actor) -> list[Waiting]:
    """What else waits for somebody of the actor's own authority."""
    return [item for office in OFFICES.values() for item in office.waiting(actor)]
