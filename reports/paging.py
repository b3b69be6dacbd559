"""Keyset paging: a page is found from the last row of the one before, at the same cost at any depth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from common.shapes import stand_in

PAGE_SIZE = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Row(Func):
    function = "ROW"
    output_field = BooleanField()


class _Compared(Func):
    """Two rows compared as PostgreSQL does: by the first value, then by the second; one range of an index."""

    template = "%(expressions)s"
    output_field = BooleanField()


class BadCursor(ValueError):
    """A cursor that no page of this sort could have given out."""


@dataclass(frozen=True)
class Sort:
    """Order by one column, then by id in the same direction. A missing value counts as later than any other."""

    field: str
    label: str
    is_descending: bool = False
    is_nullable: bool = False
    is_moment: bool = False  # a time with microseconds, not a day

    def order(self, backwards: bool = False) -> list[str]:
        """Arguments for order_by; PostgreSQL puts missing values last, and first when descending, as we need."""
        sign = "-" if self.is_descending != backwards else ""
        return [f"{sign}{self.field}", f"{sign}id"]

    def beyond(self, value: date | datetime | None, pk: int, backwards: bool = False) -> list[Q]:
        """Where to look, one after the other, for the rows after (`value`, `pk`) in this order, or before it.

        Rows with and without a value are apart: a condition that joined them could not be found through an index.
        """
        f, is_down = self.field, self.is_descending != backwards
        if value is None:
            undated = Q(**{f"{f}__isnull": True, "id__lt" if is_down else "id__gt": pk})
            return [undated, Q(**{f"{f}__isnull": False})] if is_down else [undated]
        dated = Q(
            _Compared(_Row(F(f), F("id")), _Row(Value(value), Value(pk)), arg_joiner="<" if is_down else ">")
        )
        return [dated, Q(**{f"{f}__isnull": True})] if self.is_nullable and not is_down else [dated]

    def cursor(self, row: dict) -> str:
        """Where `row` stands in this order, as text for an address."""
        value = row[self.field]
        if value is None:
            text = ""
        elif self.is_moment:
            text = str((value - _EPOCH) // _MICROSECOND)
        else:
            text = value.isoformat()
        return f"{text}_{row['id']}"

    def read(self, cursor: str) -> tuple[date | datetime | None, int]:
        """The inverse of `cursor`. Raises BadCursor for anything it can't have made."""
        text, _, pk = cursor.rpartition("_")
        if not (cursor.isascii() and pk.isdigit() and len(pk) <= 18):
            raise BadCursor(cursor[:60])
        if not text and self.is_nullable:
            return None, int(pk)
        try:
            if not self.is_moment:
                return date.fromisoformat(text), int(pk)
            if not (text.isdigit() and len(text) <= 17):
                raise BadCursor(cursor[:60])
            return _EPOCH + int(text) * _MICROSECOND, int(pk)
        except ValueError as error:
            raise BadCursor(cursor[:60]) from error


SORTS = {
    "": Sort("found_on", "发现日期，新的在前", is_descending=True),
    "found": Sort("found_on", "发现日期，早的在前"),
    "due": Sort("due_on", "整改期限，近的在前", is_nullable=True),
    "-due": Sort("due_on", "整改期限，远的在前", is_descending=True, is_nullable=True),
    "-changed": Sort("status_changed_at", "最近变动在前", is_descending=True, is_moment=True),
    "changed": Sort("status_changed_at", "最久未变动在前", is_moment=True),
}


@dataclass(frozen=True)
class Place:
    """Where a page, or the first or second part of one, is looked for: `number` among sort.beyond(value, pk, …).

    Without `pk` it is the first page.
    """

    sort: Sort
    is_backwards: bool
    limit: int
    number: int = 0
    value: date | datetime | None = None
    pk: int | None = None

    def find(self, rows: QuerySet) -> QuerySet:
        """Of `rows` those that stand here, in order."""
        if self.pk is not None:
            rows = rows.filter(self.sort.beyond(self.value, self.pk, self.is_backwards)[self.number])
        return rows.order_by(*self.sort.order(self.is_backwards))[: self.limit]

    def standing_in(self, of_value: int, of_pk: int) -> "Place":
        """The same place with stand-ins (common.shapes) of these numbers for its values."""
        if self.pk is None:
            return self
        value = None if self.value is None else stand_in(of_value, self.value)
        return replace(self, value=value, pk=stand_in(of_pk, self.pk))


@dataclass(frozen=True)
class Page:
    """Some rows in order, and the cursors of the neighbouring pages; empty at either end."""

    rows: list[dict]
    before: str = ""
    after: str = ""


def page_of(rows: QuerySet, sort: Sort, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """The page of `rows` (with values() that have the sort's field and id) next to a cursor; the first without.

    One statement; a second where the rows with a value end and those without begin. Raises BadCursor before any.
    """
    return page_read(lambda place: list(place.find(rows)), sort, after=after, before=before, size=size)


def page_read(
    read: Callable[[Place], list[dict]],
    sort: Sort,
    *,
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
) -> Page:
    """As page_of, with rows that `read` gets from each place."""
    backwards = bool(before) and not after
    cursor, found = after or before, []
    value, pk = sort.read(cursor) if cursor else (None, None)
    parts = len(sort.beyond(value, pk, backwards)) if cursor else 1
    for number in range(parts):
        if len(found) <= size:
            found += read(Place(sort, backwards, size + 1 - len(found), number, value, pk))
    has_more, shown = len(found) > size, found[:size]
    if not shown:
        return Page([])
    if backwards:
        shown.reverse()
    has_before, has_after = (has_more, True) if backwards else (bool(after), has_more)
    return Page(
        shown,
        before=sort.cursor(shown[0]) if has_before else "",
        after=sort.cursor(shown[-1]) if has_after else "",
    )
