"""Judges the rows of a ledger: good, wrong and why, or here already. Reads the database, changes nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

from common.workbooks import cell_text
from hazards.deadlines import LONGEST_DAYS
from hazards.enums import HazardStatus
from hazards.models import Hazard
from hazards.rules import issuer
from institutions.actor import Actor
from institutions.models import Institution
from reports.imports.fields import BY_NAME
from reports.imports.lookup import AlreadyHere, Identity, Institutions, Officials, in_turn
from reports.imports.reading import Values
from reports.imports.values import (
    EARLIEST,
    IS_ERROR,
    MEANINGS,
    Standing,
    Unread,
    plain,
    read_day,
    read_word,
)  # fmt: skip
from reports.models import LedgerImport

AT_ONCE = 500  # rows judged together: some five statements for each such lot
MOST_WORDS = 200
NO_LOCATION = "台账未注明"
_ENDED = (Standing.CLOSED, Standing.VOIDED)
_TEXTS = ("description", "location", "basis", "interim_measures", "responsible_person", "number")
_DAYS = ("found_on", "due_on", "closed_on", "submitted_on", "verified_on")
_LENIENT_DAYS = {"closed_on", "submitted_on", "verified_on"}  # only told of: words do as well


@dataclass
class Row:
    """One row: what it says by field, word for word by heading, and what became of it.

    `outcome` is good, wrong, here or past; `why` says where it is already, `standing` how it stood.
    """

    number: int
    cells: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    wrong_columns: set[str] = field(default_factory=set)
    institution: Institution | None = None
    officer: int | None = None
    standing: Standing | None = None
    identity: Identity | None = None
    is_issued: bool = False
    why: str = ""

    @property
    def outcome(self) -> str:
        if self.errors:
            return "wrong"
        if self.why:
            return "here"
        return "past" if self.is_past else "good"

    @property
    def is_past(self) -> bool:
        return self.standing in (*_ENDED, Standing.SAID_DONE)

    def refuse(self, name: str, words: str) -> None:
        label = BY_NAME[name].label
        self.errors.append(words if label in words else f"{label}：{words}")
        self.wrong_columns.add(name)


class Judge:
    """Judges row after row of one import, as the person in the post they brought it in. Holds the scope's institutions."""

    def __init__(self, request: LedgerImport, by: Actor, today: date):
        self._by, self._today = by, today
        self._columns = {int(column): name for column, name in request.columns.items() if name}
        self._headings = {int(column): words for column, words in request.layout["headings"].items()}
        self._choices = request.choices
        self._institutions = Institutions(by)
        self._officials = Officials(self._institutions.all)
        self._seen: dict = {}
        self.words: Counter = Counter()

    def judge(self, rows: Iterable[tuple[int, Values]]) -> Iterator[list[Row]]:
        """The rows in lots of AT_ONCE. Footers and totals, which say nothing where every row must, are no rows."""
        needed = [column for column, name in self._columns.items() if BY_NAME[name].is_required]
        rows = (row for row in rows if any(cell_text(row[1][c]) for c in needed if c < len(row[1])))
        while lot := list(islice(rows, AT_ONCE)):
            judged = [self._read(number, values) for number, values in lot]
            self._find_here([row for row in judged if row.identity])
            yield judged

    def _read(self, number: int, values: Values) -> Row:
        row = Row(number, {})
        raw = {}
        for column, heading in self._headings.items():
            value = values[column] if column < len(values) else None
            if text := cell_text(value):
                row.cells[heading] = text[:1000]
                if name := self._columns.get(column):
                    raw[name], row.said[name] = value, text
        for name, text in row.said.items():
            if IS_ERROR.fullmatch(text):
                row.refuse(name, f"“{text}”是公式的错误值")
        self._read_texts(row)
        self._read_days(row, raw)
        self._read_words(row)
        self._place(row)
        self._stand(row)
        if row.institution and "found_on" in row.days and row.said.get("description"):
            said = row.said
            words = (plain(said["description"]), plain(said["location"]))
            row.identity = Identity(row.institution.pk, row.days["found_on"], words, said.get("number", ""))
        return row

    def _read_texts(self, row: Row) -> None:
        for name in _TEXTS:
            if len(row.said.get(name, "")) > (longest := BY_NAME[name].longest):
                row.refuse(name, f"超过 {longest} 个字（现有 {len(row.said[name])} 个）")
        if not row.said.get("description"):
            row.refuse("description", "没有填写存在问题")
        row.said.setdefault("location", NO_LOCATION)

    def _read_days(self, row: Row, raw: dict) -> None:
        for name in _DAYS:
            try:
                day = read_day(raw.get(name))
            except Unread as unread:
                if name not in _LENIENT_DAYS:
                    row.refuse(name, str(unread))
                continue
            if day:
                row.days[name] = day
        found, due = row.days.get("found_on"), row.days.get("due_on")
        if found is None and "found_on" not in row.wrong_columns:
            row.refuse("found_on", "没有填写发现日期")
        elif found and not EARLIEST <= found <= self._today:
            row.refuse("found_on", f"{found} {'晚于今天' if found > self._today else '太早'}，请核对年份")
        if due and found and due < found:
            row.refuse("due_on", f"{due} 早于发现日期 {found}")
        if due and due > self._today + timedelta(days=LONGEST_DAYS):
            row.refuse("due_on", f"{due} 超过一年以后，请核对年份")

    def _read_words(self, row: Row) -> None:
        for name in ("domain", "severity", "source", "status", "is_closed"):
            if text := row.said.get(name):
                try:
                    meant = read_word(name, text)
                except Unread as unread:
                    row.refuse(name, str(unread))
                    meant = ""
                row.meant[name] = meant
                if len(self.words) < MOST_WORDS or (name, text[:30], meant) in self.words:
                    self.words[name, text[:30], meant] += 1
            elif name in self._choices:
                row.meant[name] = self._choices[name]

    def _place(self, row: Row) -> None:
        said = row.said
        try:
            row.institution = self._institutions.find(
                said.get("institution", ""), said.get("code", ""), said.get("place", "")
            )
        except Unread as unread:
            row.refuse("institution", str(unread))
            return
        name = said.get("officer")
        row.officer = self._officials.find(row.institution, name) if name else self._by.user.pk

    def _stand(self, row: Row) -> None:
        """How it stood, from 状态 and 是否销号; where neither says, from the days."""
        status, is_closed = row.meant.get("status"), row.meant.get("is_closed")
        if status in ("registered", "rectifying") and is_closed == "closed":
            row.refuse("is_closed", f"状态写的是“{row.said['status']}”，这里却是“{row.said['is_closed']}”")
        elif status == Standing.CLOSED and is_closed == "open":
            row.refuse("is_closed", "状态写的是已销号，这里却没有销号")
        elif "status" in row.wrong_columns or "is_closed" in row.wrong_columns:
            return
        elif status:
            row.standing = (
                Standing.CLOSED if is_closed == "closed" and status == "said_done" else Standing(status)
            )
        elif is_closed == "closed" or (is_closed is None and "closed_on" in row.days):
            row.standing = Standing.CLOSED
        else:
            row.standing = Standing.RECTIFYING if "due_on" in row.days else Standing.REGISTERED
        if row.standing == Standing.SAID_DONE and self._choices["said_done"] == "open":
            row.standing = Standing.RECTIFYING
        if row.standing == Standing.RECTIFYING and row.institution:
            self._issue(row)

    def _issue(self, row: Row) -> None:
        """Under rectification from the first day on, where the person may issue; else it waits to be issued."""
        hazard = Hazard(status=HazardStatus.REGISTERED, supervising_authority_id=row.institution.authority_id)
        if issuer(self._by, hazard):
            return
        row.is_issued = True
        if "due_on" not in row.days and "due_on" not in row.wrong_columns:
            row.refuse("due_on", "整改中的行要写整改期限")
        if not row.said.get("responsible_person"):
            if head := self._institutions.head(row.institution):
                row.said["responsible_person"] = head[:30]
            else:
                row.refuse("responsible_person", "整改中的行要写整改责任人（机构档案里也没有责任人）")

    def _find_here(self, rows: list[Row]) -> None:
        for row, identity in zip(rows, in_turn([row.identity for row in rows]), strict=True):
            row.identity = identity
        here = AlreadyHere([row.identity for row in rows])
        for row in rows:
            if known := here.where(row.identity):
                row.why = f"已在库：{known}"
            elif earlier := self._seen.get(row.identity):
                row.why = f"与第 {earlier} 行相同"
            elif not row.errors:
                self._seen[row.identity] = row.number

    def word_table(self) -> list[list]:
        """Each word that was read, what for: [heading, word, meaning ('' for none), how many rows]."""
        table = [
            [BY_NAME[name].label, text, str(MEANINGS[name].get(meant, "")), count]
            for (name, text, meant), count in self.words.items()
        ]
        return sorted(table, key=lambda line: (bool(line[2]), line[0], -line[3], line[1]))
