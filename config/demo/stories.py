"""The histories to play: what was found where, which acts followed, on which days. Nothing here touches the database."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from config.demo import catalogue
from config.demo.calendar import Calendar, back
from config.demo.catalogue import Finding
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus as S
from hazards.enums import Severity, Source
from institutions.models import Institution

_ENDS = {
    S.REGISTERED: (),
    S.RECTIFYING: (),
    S.AWAITING_VERIFICATION: (A.SUBMIT,),
    S.VERIFIED: (A.SUBMIT, A.ACCEPT),
    S.CLOSED: (A.SUBMIT, A.ACCEPT, A.CLOSE),
    S.VOIDED: (A.VOID,),
}
# Days between the act before and this one, at least and at most.
_GAPS = {
    A.ISSUE: (0, 2), A.PLAN: (1, 4), A.REJECT: (1, 3), A.ACCEPT: (1, 4), A.CLOSE: (1, 7), A.RETURN: (1, 4),
    A.VOID: (0, 4), A.REQUEST_VOID: (1, 3), A.REFUSE_VOID: (1, 2),
}  # fmt: skip
# How many days ago the last act of a story lies, at most: what waits has not waited long, what is over may be.
_LATEST = {S.REGISTERED: 3, S.AWAITING_VERIFICATION: 5, S.VERIFIED: 6, S.CLOSED: 330, S.VOIDED: 280}
# What a verifier is warned of: the photo of the finding sent again, or one taken before the finding.
SAME_PHOTO, OLD_PHOTO = "same photo", "old photo"
_NEW_DEADLINE = {A.ISSUE, A.REJECT, A.RETURN}


@dataclass(frozen=True)
class Wish:
    """How one story should go. `detour`: acts between issue and the end; `clock`: forgotten, neglected, overdue, soon or later."""

    status: S
    source: Source = Source.SCREENING
    is_major: bool = False
    detour: tuple[A, ...] = ()
    clock: str = "later"
    is_fixed_on_the_spot: bool = False
    plan_parts: int = 5
    trick: str = ""
    scene: str = ""


@dataclass
class Act:
    """One act of a story at its moment; `due_on` where it sets a deadline."""

    action: A
    at: datetime
    due_on: date | None = None


@dataclass
class Story:
    """One hazard's history, and the hazard once its first act was played."""

    house: Institution
    finding: Finding
    wish: Wish
    where: str
    acts: list[Act]
    again: "Story | None" = None  # 反弹 of
    same_as: "Story | None" = None  # duplicate of
    hazard: object = None
    begun: int = 0  # so many of its first acts were done in a visit
    facts: dict = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return Severity.MAJOR if self.wish.is_major else Severity.GENERAL


class Planner:
    """Makes stories that fit today's date."""

    def __init__(self, calendar: Calendar, rng: random.Random):
        self._calendar, self._rng = calendar, rng
        self._used: set[tuple] = set()

    def plan(
        self, house: Institution, wish: Wish, like: Story | None = None, last: date | None = None
    ) -> Story:
        """A story for `house`; of the same finding in the same place as `like`; ended by `last` if given."""
        finding, where = (like.finding, like.where) if like else self._finding(house, wish)
        actions = self._actions(wish)
        gaps = [self._gap(action, before, finding) for before, action in pairwise(actions)]
        days = self._calendar.days_back_from(last or self._last_day(wish, actions, finding), gaps)
        due = self._deadlines(wish, actions, days, finding)
        moments = self._calendar.moments(days)
        acts = [Act(*parts) for parts in zip(actions, moments, due, strict=True)]
        return Story(house, finding, wish, where, acts)

    def again(self, story: Story) -> Story:
        """An earlier story of the same thing, closed weeks before: `story` then is its recurrence (反弹)."""
        last = story.acts[0].at.date() - timedelta(days=self._rng.randrange(20, 80))
        wish = Wish(S.CLOSED, is_major=story.wish.is_major)
        story.again = self.plan(story.house, wish, like=story, last=last)
        return story.again

    def duplicate(self, story: Story) -> Story:
        """The same thing, registered again a little later and voided as a duplicate of `story`."""
        last = story.acts[0].at.date() + timedelta(days=self._rng.randrange(1, 4))
        double = self.plan(story.house, Wish(S.VOIDED, source=Source.REPORT), like=story, last=last)
        double.acts = [
            replace(act, at=max(act.at, story.acts[0].at + timedelta(minutes=30 + i)))
            for i, act in enumerate(double.acts)
        ]
        double.same_as = story
        return double

    def _finding(self, house: Institution, wish: Wish) -> tuple[Finding, str]:
        choices = catalogue.findings_for(house.kind, is_major=wish.is_major)
        choices = [finding for finding in choices if not wish.scene or finding.scene == wish.scene] or choices
        if wish.is_fixed_on_the_spot:
            choices = [finding for finding in choices if finding.days <= 3] or choices
        pairs = [(finding, where) for finding in choices for where in finding.where]
        fresh = [pair for pair in pairs if (house.pk, *pair) not in self._used]
        pair = self._rng.choice(fresh or pairs)
        self._used.add((house.pk, *pair))
        return pair

    def _actions(self, wish: Wish) -> list[A]:
        if wish.is_fixed_on_the_spot:
            return [A.FIX_ON_THE_SPOT, *wish.detour, *_ENDS[wish.status][1:]]
        if wish.status == S.REGISTERED:
            return [A.REGISTER]
        is_dropped_at_once = wish.status == S.VOIDED and not wish.detour and not wish.is_major
        middle = [] if is_dropped_at_once else [A.ISSUE]
        if wish.is_major and wish.plan_parts and wish.status != S.VOIDED:
            middle.append(A.PLAN)
        return [A.REGISTER, *middle, *wish.detour, *_ENDS[wish.status]]

    def _gap(self, action: A, before: A, finding: Finding) -> int:
        if action == A.ISSUE and self._rng.random() < 0.7:
            return 0  # an official of the authority issues on the spot
        if action == A.SUBMIT:
            share = (
                self._rng.uniform(0.35, 0.95) if self._rng.random() < 0.85 else self._rng.uniform(1.1, 1.6)
            )
            return max(1, round(finding.days * share))
        return self._rng.randint(*_GAPS[action])

    def _last_day(self, wish: Wish, actions: list[A], finding: Finding) -> date:
        """The day of the last act: counted back from the deadline while rectifying, else some days ago."""
        today = self._calendar.today
        if wish.status == S.RECTIFYING:
            self._due = today + timedelta(days=self._days_left(wish, finding))
            before = finding.days if wish.clock != "later" else self._rng.randrange(0, min(7, finding.days))
            start = self._due if wish.clock != "later" else today
            since = sum(_GAPS[action][1] for action in actions[_last_order(actions) + 1 :])
            return back(min(start - timedelta(days=max(1, before - since)), self._calendar.last_day))
        latest = _LATEST[wish.status]
        is_over = wish.status == S.CLOSED
        ago = self._rng.triangular(1, latest, 1) if is_over else self._rng.uniform(0, latest)
        return self._calendar.last_day - timedelta(days=int(ago))

    def _days_left(self, wish: Wish, finding: Finding) -> int:
        if wish.clock == "overdue":
            return -self._rng.randrange(1, 16)
        if wish.clock == "neglected":  # for so long that the ladder drafts a 通报
            return -self._rng.randrange(17, 24)
        if wish.clock == "forgotten":  # beyond the 30 days of a 一票否决
            return -self._rng.randrange(33, 45)
        if wish.clock == "soon":
            return self._rng.randrange(0, 4)
        return self._rng.randrange(4, max(6, finding.days))

    def _deadlines(
        self, wish: Wish, actions: list[A], days: list[date], finding: Finding
    ) -> list[date | None]:
        """Each order with its deadline; the last one's was chosen beforehand while rectifying."""
        due = [
            day + timedelta(days=finding.days) if a in _NEW_DEADLINE else None
            for a, day in zip(actions, days, strict=True)
        ]
        if wish.status == S.RECTIFYING:
            at = _last_order(actions)
            due[at] = max(self._due, days[at])
        return due


def _last_order(actions: list[A]) -> int:
    """Where the deadline that counts was set."""
    return max(i for i, action in enumerate(actions) if action in _NEW_DEADLINE)


def in_order(stories: Iterable[Story]) -> list[tuple[Story, Act]]:
    """All acts of all stories but those a visit did, as time went by."""
    acts = [(story, act) for story in stories for act in story.acts[story.begun :]]
    return sorted(acts, key=lambda pair: pair[1].at)
