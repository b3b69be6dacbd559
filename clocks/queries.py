"""What the pages of deadlines show. Everything of a person starts from `visible_to(actor)`."""

from dataclasses import dataclass, replace
from datetime import date

from clocks import acts, schedule, words
from clocks.enums import LadderStatus, Outcome, RungKind
from clocks.models import Clock, Draft, Ladder, Reminder
from clocks.schedule import Moment
from institutions.actor import Actor
from workdays.calendar import MissingYear, Strip, strip


@dataclass(frozen=True)
class Step:
    """Rungs of a ladder that fall together: one day (or distance), one kind, several audiences."""

    kind: RungKind
    when: str
    audiences: list[str]
    offset_days: int
    on: date | None = None
    state: str = ""  # done, next, future; off: it will not come any more
    notes: tuple[str, ...] = ()
    is_estimated: bool = False
    strip: Strip | None = None
    is_first_after: bool = False  # the due date stands before it


def _with_due_mark(found: list[Step]) -> list[Step]:
    """The same steps, the first one after the due date marked."""
    first = next((n for n, step in enumerate(found) if step.offset_days > 0), None)
    return [replace(step, is_first_after=n == first) for n, step in enumerate(found)]


def ladders() -> list[Ladder]:
    """Every ladder in force with its rungs, in the order of the keys."""
    found = Ladder.objects.filter(status=LadderStatus.PUBLISHED).prefetch_related("rungs")
    order = {key: n for n, key in enumerate(dict(Ladder._meta.get_field("key").choices))}
    return sorted(found, key=lambda ladder: order[ladder.key])


def steps(ladder: Ladder) -> list[Step]:
    """The rungs of a ladder as people read them: those of one moment and kind together."""
    grouped: dict[tuple, list[str]] = {}
    for rung in ladder.rungs.all():
        grouped.setdefault((rung.offset_days, rung.when, rung.kind), []).append(rung.get_audience_display())
    return _with_due_mark(
        [Step(RungKind(kind), when, audiences, offset) for (offset, when, kind), audiences in grouped.items()]
    )


def preview(clock: Clock, today: date) -> list[Step]:
    """The whole ladder of a clock with its days: what is done, what comes next, what follows. Three statements or so."""
    moments = schedule.moments([(clock.ladder_key, clock.due_on)])[clock.ladder_key, clock.due_on]
    recorded = {r.rung_code: r for r in Reminder.objects.filter(clock=clock, due_on=clock.due_on)}
    following = schedule.next_escalation(moments, after=today) if clock.ended_at is None else None
    grouped: dict[tuple, list[Moment]] = {}
    for moment in moments:
        if moment.rung_on > clock.started_on or moment.code in recorded:
            grouped.setdefault((moment.rung_on, moment.kind), []).append(moment)
    return _with_due_mark([_step(clock, group, recorded, following, today) for group in grouped.values()])


def _step(clock: Clock, group: list[Moment], recorded: dict, following: Moment | None, today: date) -> Step:
    first = group[0]
    told = [recorded[m.code] for m in group if m.code in recorded]
    if told:
        state = "done"
    elif clock.ended_at or first.rung_on < today:
        state = "off"
    elif following and (first.rung_on, first.kind) == (following.rung_on, following.kind):
        state = "next"
    else:
        state = "future"
    return Step(
        kind=RungKind(first.kind),
        when=words.offset_words(first.offset_days, first.unit),
        audiences=[words.audience_name(m.audience, clock) for m in group],
        offset_days=first.offset_days,
        on=first.rung_on,
        state=state,
        notes=tuple(dict.fromkeys(note for reminder in told if (note := _note(reminder)))),
        is_estimated=first.is_estimated,
        strip=_strip(clock.due_on, first) if first.unit == "workday" else None,
    )


def _note(reminder: Reminder) -> str:
    if reminder.outcome == Outcome.SUPERSEDED:
        return f"{reminder.get_audience_display()}由更高一级代替"
    return "补发" if reminder.is_late else ""


def _strip(due_on: date, moment: Moment) -> Strip | None:
    try:
        return strip(due_on, moment.rung_on)
    except MissingYear:
        return None


# --- 明日升级 --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coming:
    """A clock with the weightiest rung that is about to come."""

    clock: Clock
    moment: Moment
    reaches: str

    @property
    def kind(self) -> RungKind:
        return RungKind(self.moment.kind)


def horizon(today: date) -> date:
    """Up to which day people look ahead: tomorrow, or over free days to the next workday."""
    return schedule.workday_from(today, 1)


def coming(actor: Actor, today: date, until: date) -> list[Coming]:
    """Escalations after `today` up to `until` in the actor's scope, if nothing is done; soonest and weightiest first.

    One line a clock. Two statements.
    """
    clocks = list(Clock.objects.visible_to(actor).running().filter(next_look_on__lte=until).with_place())
    moments = schedule.moments((c.ladder_key, c.due_on) for c in clocks)
    found = []
    for clock in clocks:
        due = [
            m
            for m in moments[clock.ladder_key, clock.due_on]
            if today < m.rung_on <= until and m.is_escalation
        ]
        if due:
            weightiest = max(due, key=lambda m: m.position)
            found.append(Coming(clock, weightiest, words.audience_name(weightiest.audience, clock)))
    return sorted(
        found, key=lambda c: (c.moment.rung_on, -list(RungKind).index(c.kind), c.clock.due_on, c.clock.pk)
    )


def count_waiting(actor: Actor) -> int:
    """How many documents wait for somebody of the actor's own authority, drafted by the ladder or by another rule."""
    return waiting_drafts(actor).count() + len(acts.waiting(actor))


def waiting_drafts(actor: Actor):
    """Acts that wait for somebody of the actor's own authority."""
    return (
        Draft.objects.visible_to(actor)
        .waiting()
        .filter(authority=actor.authority)
        .select_related("clock__institution__county", "clock__authority__region", "authority", "reminder")
    )
