"""自选列: the columns of the ledger a person chose, one choice for the screen and the file.

Kept on the post (Membership.ledger_columns), which every request reads anyway: a page costs no statement more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from institutions.actor import Actor
from institutions.models import Membership
from reports import columns as c
from reports.columns import Column

MOST_CHOSEN = 14


@dataclass(frozen=True)
class Choice:
    """One column of the screen: its heading, and the columns of the file that say the same.

    `is_drawn`: the ledger's own rows draw it, with tags and colours; the others are plain words.
    """

    name: str
    label: str
    columns: tuple[Column, ...]
    is_drawn: bool = False


def _one(name: str, column: Column, *, is_drawn=False) -> Choice:
    return Choice(name, column.label, (column,), is_drawn)


# What every row begins with, on the screen and in the file.
TITLE = (c.NUMBER, c.DESCRIPTION, c.DOMAIN, c.LOCATION)
CHOICES = {
    choice.name: choice
    for choice in (
        Choice("institution", "机构", (c.INSTITUTION, c.KIND, c.PLACE), is_drawn=True),
        _one("location", c.LOCATION, is_drawn=True),
        _one("severity", c.SEVERITY, is_drawn=True),
        _one("due", c.DUE_ON, is_drawn=True),
        _one("status", c.STATUS, is_drawn=True),
        _one("found", c.FOUND_ON, is_drawn=True),
        _one("source", c.SOURCE),
        _one("basis", c.BASIS),
        _one("interim", c.INTERIM),
        _one("responsible", c.RESPONSIBLE),
        _one("officer", c.OFFICER),
        _one("supervisor", c.SUPERVISOR),
        _one("waits_on", c.WAITS_ON),
        _one("late", c.IS_LATE),
        _one("supervised", c.IS_SUPERVISED),
        _one("rectified", c.RECTIFIED_AS),
        _one("spent", c.SPENT),
        _one("submitted", c.SUBMITTED_ON),
        _one("verifier", c.VERIFIED_BY),
        _one("verified", c.VERIFIED_ON),
        _one("verdict", c.VERDICT),
        _one("closer", c.CLOSED_BY),
        _one("closed", c.CLOSED_ON),
        _one("rounds", c.ROUND),
        _one("origin", c.ORIGIN),
        _one("registrar", c.REGISTERED_BY),
        _one("contact", c.CONTACT),
    )
}
_OF_OFFICES = ("institution", "severity", "due", "status", "found")
_OF_INSTITUTIONS = ("location", "severity", "due", "status", "found")


def defaults_for(actor: Actor) -> tuple[str, ...]:
    """What a role sees as long as it chose nothing: an institution knows its own name, so reads where in it."""
    return _OF_INSTITUTIONS if actor.institution else _OF_OFFICES


def offered(actor: Actor) -> list[Choice]:
    """What may be chosen: an institution knows its own name; to others the place in it stands beside the problem."""
    pointless = "institution" if actor.institution else "location"
    return [choice for choice in CHOICES.values() if choice.name != pointless]


def names_for(actor: Actor) -> tuple[str, ...]:
    """The columns of this post in order; what is offered no more is left out."""
    known = {choice.name for choice in offered(actor)}
    return tuple(name for name in actor.membership.ledger_columns if name in known) or defaults_for(actor)


def columns_named(names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a file with this choice; unknown names are left out, and each heading stands once."""
    found = [*TITLE, *(column for name in names if name in CHOICES for column in CHOICES[name].columns)]
    return tuple(dict.fromkeys(found))


def _add(names: list[str], name: str) -> list[str]:
    return names if name in names or len(names) >= MOST_CHOSEN else [*names, name]


def _drop(names: list[str], name: str) -> list[str]:
    left = [one for one in names if one != name]
    return left or names


def _move(names: list[str], name: str, by: int) -> list[str]:
    if name not in names:
        return names
    at = names.index(name)
    to = min(max(at + by, 0), len(names) - 1)
    moved = [one for one in names if one != name]
    return [*moved[:to], name, *moved[to:]]


CHANGES = {
    "add": _add,
    "drop": _drop,
    "up": lambda names, name: _move(names, name, -1),
    "down": lambda names, name: _move(names, name, 1),
    "reset": lambda names, name: [],
}


def change(actor: Actor, what: str, name: str) -> None:
    """Add, drop, up, down or reset. What makes no sense changes nothing: two tabs may show two states.

    The last column stays, and not more than MOST_CHOSEN are taken. Raises KeyError for a change there is not.
    """
    known = {choice.name for choice in offered(actor)}
    names = list(names_for(actor))
    changed = CHANGES[what](names, name) if name in known or what == "reset" else names
    Membership.objects.filter(pk=actor.membership.pk).update(ledger_columns=changed)
    actor.membership.ledger_columns = changed
