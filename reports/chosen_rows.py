"""The rows of the ledger with the columns a person chose: what they read, and what a cell says."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from common.templatetags.house import zh_date
from institutions.actor import Actor
from reports.chosen import CHOICES, Choice, defaults_for, names_for
from reports.columns import Cell, Reader, read_by


@dataclass(frozen=True)
class RowView:
    """Chosen columns in order; none when the ledger draws its rows as it always does."""

    choices: tuple[Choice, ...] = ()
    short: tuple[str, ...] = ()

    @cached_property
    def _reads(self) -> tuple[list[str], dict]:
        return read_by(tuple(c for choice in self.choices if not choice.is_drawn for c in choice.columns))

    @property
    def plain(self) -> list[str]:
        return self._reads[0]

    @property
    def made(self) -> dict:
        return self._reads[1]

    @cached_property
    def unchosen(self) -> list[Choice]:
        """What a phone's card shows all the same: its short form is fixed."""
        names = {choice.name for choice in self.choices}
        return [CHOICES[name] for name in self.short if name not in names]

    def shown(self, row: dict, actor: Actor, today: date) -> dict:
        """`cells`: name, words (none where the ledger draws it), and a class; nothing for the ledger's own rows."""
        if not self.choices:
            return {}
        reader = Reader(actor, today)
        cells = [
            (c.name, "" if c.is_drawn else cell_words(c.columns[0].says(row, reader)), "")
            for c in self.choices
        ]
        return {"cells": cells + [(c.name, "", " only-phone") for c in self.unchosen]}


DRAWN = RowView()


def cell_words(cell: Cell) -> str:
    """A cell of a file as the screen says it; an em dash for nothing."""
    if isinstance(cell, date):
        return zh_date(cell)
    return "—" if cell in (None, "") else str(cell)


def view_for(actor: Actor) -> RowView:
    """DRAWN unless this post chose otherwise."""
    names, short = names_for(actor), defaults_for(actor)
    return DRAWN if names == short else RowView(tuple(CHOICES[name] for name in names), short)
