"""A reminder as a person reads it: where it stands, of what, what comes next if nothing is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from clocks import schedule, words
from clocks.enums import Outcome, RungKind
from clocks.models import PLACE, Clock, Reminder


@dataclass(frozen=True)
class Line:
    """One reminder with its clock, in words of the day `today`."""

    reminder: Reminder
    clock: Clock
    forecast: str  # 升级预告; empty when nothing higher follows
    today: date

    @property
    def is_over(self) -> bool:
        """The clock stopped or moved since: this reminder asks for nothing any more."""
        return self.clock.ended_at is not None or self.clock.due_on != self.reminder.due_on

    @property
    def kind(self) -> RungKind:
        return RungKind(self.reminder.kind)

    @property
    def label(self) -> str:
        """红色预警, 督办（待签发）."""
        return f"{self.kind.label}（待签发）" if self.is_draft else self.kind.label

    @property
    def is_draft(self) -> bool:
        return self.reminder.outcome == Outcome.DRAFT

    @property
    def standing(self) -> str:
        return words.standing(self.reminder.due_on, self.today)

    @property
    def late(self) -> str:
        """补发 with the day it should have come; empty when it came in time."""
        if not self.reminder.is_late:
            return ""
        return f"补发，应于{words.day_words(self.reminder.rung_on, self.today)}提醒"

    @property
    def url(self) -> str:
        """Where to act: the draft that waits, else the matter itself."""
        if self.is_draft and hasattr(self.reminder, "draft"):
            return reverse("clocks:draft", args=[self.reminder.draft.pk])
        return self.clock.url


def load(reminder_ids: Iterable[int], today: date) -> dict[int, Line]:
    """The lines of these reminders by id. Two statements for any number."""
    reminders = Reminder.objects.filter(pk__in=list(reminder_ids)).select_related(
        *(f"clock__{name}" for name in PLACE), "draft"
    )
    rows = list(reminders)
    steps = schedule.moments((r.clock.ladder_key, r.due_on) for r in rows)
    return {row.pk: _line(row, steps[row.clock.ladder_key, row.due_on], today) for row in rows}


def _line(reminder: Reminder, steps: list[schedule.Moment], today: date) -> Line:
    clock = reminder.clock
    following = schedule.next_escalation(steps, after=today)
    said = ""
    if following:
        said = words.forecast(following, clock=clock, today=today)
    return Line(reminder, clock, said, today)
