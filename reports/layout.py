"""What a layout of an exported file, or of a list on the screen, is made of."""

from dataclasses import dataclass, field

from django.db.models import Q

from reports.asked import Asked
from reports.columns import Cell, Column, Reader, read_by


@dataclass(frozen=True)
class Layout:
    """One form. `takes`: which of the rows asked for belong on it."""

    value: str
    label: str
    sentence: str
    columns: tuple[Column, ...]
    takes: Q = field(default_factory=Q)

    def rows(self, asked: Asked):
        """The rows `asked` for that the form takes, as values() its columns read, in the order asked for."""
        plain, made = read_by(self.columns)
        rows = asked.rows.filter(self.takes).order_by(*asked.sort.order())
        return rows.values(*{*plain, "id", asked.sort.field}, **made)

    @property
    def labels(self) -> list[str]:
        return ["序号", *(column.label for column in self.columns)]

    def line(self, number: int, row: dict, reader: Reader) -> list[Cell]:
        """One line of the file."""
        return [number, *(column.says(row, reader) for column in self.columns)]
