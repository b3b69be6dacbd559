"""What becomes of one hazard, drawn from its own chance: the same number always lives the same life."""

import random
import uuid
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from config.demo.catalogue import GENERAL, MAJOR, NO_PHOTO
from config.generate.cast import House, Person, World
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus as S
from hazards.enums import Severity, Source
from institutions.enums import InstitutionKind, Role

_SOURCES = (
    (0.28, Source.SELF_CHECK), (0.60, Source.SCREENING), (0.72, Source.OVERSIGHT), (0.87, Source.PATROL),
    (0.92, Source.LOOK_BACK), (0.96, Source.SUPERIOR), (1.01, Source.REPORT),
)  # fmt: skip
_BY_KIND = {
    kind.value: ([f for f in GENERAL if kind in f.kinds], [f for f in MAJOR if kind in f.kinds])
    for kind in InstitutionKind
}
_MAJOR, _ON_THE_SPOT, _VOID, _REJECT, _RETURN, _STUCK = 0.03, 0.09, 0.03, 0.13, 0.03, 0.05
_ROUNDS = 4  # nobody sends back for ever
_REASONS = (
    "整改不彻底，现场仍有同样的问题",
    "照片看不出整改后的情况，请补拍",
    "只改了一处，其余部位没有改到位",
)
_OPINIONS = ("现场核实，已整改到位", "复查合格，隐患已消除", "资料齐全，现场情况属实")


class Ticket(NamedTuple):
    """One hazard to be: its number, whose, the day it is found; `earlier` at the same house may have come back."""

    pk: int
    house: int  # position in World.houses
    day: date
    earlier: tuple[int, date] | None = None


class Act(NamedTuple):
    """One event and what it brought beside the status."""

    action: A
    status: S
    at: datetime
    by: Person
    comment: str
    data: dict


class Round(NamedTuple):
    """One submission with what was decided on it: acts, or None for what has not happened yet."""

    number: int
    submitted: Act
    verified: Act | None
    decided: Act | None


class _Future(Exception):
    """The next act lies after now: here the story stops."""


class Life:
    """A hazard's story up to `now`: facts as found, acts in order, rounds, and how it stands."""

    def __init__(self, world: World, ticket: Ticket, now: datetime):
        self.ticket, self._now, self._world = ticket, now, world
        self.house: House = world.houses[ticket.house]
        self._rng = rng = random.Random(ticket.pk * 2654435761)
        self.uid = uuid.UUID(int=rng.getrandbits(128), version=4)
        general, major = _BY_KIND[self.house.kind]
        self.is_major = bool(major) and rng.random() < _MAJOR
        self.finding = rng.choice(major if self.is_major else general)
        self.severity = Severity.MAJOR if self.is_major else Severity.GENERAL
        self.where, self.no_photo = rng.choice(self.finding.where), rng.choice(NO_PHOTO)
        self.source, self.finder = self._found_by()
        self.is_self_reported = self.finder.role in (Role.MANAGER, Role.SAFETY_OFFICER)
        self.is_on_the_spot = (
            not self.is_major and self.source != Source.REPORT and rng.random() < _ON_THE_SPOT
        )
        self.acts: list[Act] = []
        self.rounds: list[Round] = []
        self.plan: Act | None = None
        self.due_on: date | None = None
        self.round = 0
        self._at = datetime(ticket.day.year, ticket.day.month, ticket.day.day, tzinfo=UTC)
        with suppress(_Future):
            self._live()

    # --- who -----------------------------------------------------------------------------------------
    def _found_by(self) -> tuple[Source, Person]:
        house, draw = self.house, self._rng.random()
        source = next(source for limit, source in _SOURCES if draw < limit)
        if source == Source.SELF_CHECK:
            return source, self._world.staff[house.pk][1]
        if source == Source.OVERSIGHT:
            return source, self._rng.choice(self._world.officials[house.city])
        if source == Source.PATROL and house.township != house.county:
            return source, self._world.officials[house.township][0]
        if source == Source.PATROL:
            source = Source.SCREENING
        return source, self._official(house.supervisor)

    def _official(self, region: int, *besides: Person) -> Person:
        people = [p for p in self._world.officials[region] if p not in besides]
        return self._rng.choice(people)

    @property
    def closing_region(self) -> int:
        """As hazards.actions.closing decides without a policy: the city, or the next level above who verified."""
        chain = list(dict.fromkeys([self.house.county, self.house.city, self.house.province]))
        position = chain.index(self.house.supervisor)
        return chain[min(max(chain.index(self.house.city), position + 1), len(chain) - 1)]

    # --- when ----------------------------------------------------------------------------------------
    def _later(self, days: float) -> None:
        """Office hours (Beijing) some days on. Raises _Future."""
        moment = self._at + timedelta(days=int(days))
        opens = moment.replace(hour=0, minute=30) if moment.date() > self._at.date() else self._at
        closes = moment.replace(hour=9, minute=30)
        room = max(int((closes - opens).total_seconds()), 600)
        self._at = opens + timedelta(
            seconds=self._rng.randrange(60, room), microseconds=self._rng.randrange(10**6)
        )
        if self._at >= self._now:
            raise _Future

    def _act(self, action: A, status: S, by: Person, comment: str = "", **data) -> Act:
        self.acts.append(Act(action, status, self._at, by, comment, data))
        return self.acts[-1]

    # --- what ----------------------------------------------------------------------------------------
    def _live(self) -> None:
        house, rng, finding = self.house, self._rng, self.finding
        self._later(0)
        self._act(
            A.REGISTER, S.REGISTERED, self.finder,
            description=finding.what, location=self.where, severity=self.severity.value, domain=finding.domain.value,
        )  # fmt: skip
        if self.is_on_the_spot:
            self.round, self.due_on = 1, self.ticket.day
            mended = self._act(A.FIX_ON_THE_SPOT, S.AWAITING_VERIFICATION, self.finder, finding.mended)
            return self._judge(mended)
        self._later(rng.random() * 3 if self.is_self_reported else 0)
        issuer = self._official(house.supervisor)
        if rng.random() < _VOID:
            return self._void(issuer)
        self.round, self.due_on = 1, self.acts[-1].at.date() + timedelta(days=max(finding.days, 3))
        self._act(
            A.ISSUE, S.RECTIFYING, issuer, due_on=self.due_on.isoformat(), responsible_person=house.head
        )
        if self.is_major:
            self._later(1)
            values = {
                "measures": finding.plan, "responsible_person": house.head, "funds": str(finding.funds),
                "finish_on": self.due_on.isoformat(), "contingency": finding.contingency,
            }  # fmt: skip
            self.plan = self._act(
                A.PLAN, S.RECTIFYING, self._world.staff[house.pk][0], finding.plan, **values
            )
        self._mend()
        return None

    def _void(self, by: Person) -> None:
        reason = "现场核实属于误报"
        if self.is_major:
            self._act(A.REQUEST_VOID, S.REGISTERED, by, reason)
            self._later(1)
            by = self._official(self.house.supervisor, by)
        self._act(A.VOID, S.VOIDED, by, reason)

    def _mend(self) -> None:
        """Submit: mostly in time, some late, a few for very long."""
        rng, room = self._rng, (self.due_on - self._at.date()).days
        draw = rng.random()
        if draw < 0.74:
            days = rng.uniform(0.3, 1.0) * room
        elif draw < 1 - _STUCK:
            days = room + rng.uniform(1, 20)
        else:
            days = room + rng.uniform(60, 1100)
        self._later(days)
        submitter = rng.choice(self._world.staff[self.house.pk])
        self._judge(self._act(A.SUBMIT, S.AWAITING_VERIFICATION, submitter, self.finding.mended))

    def _judge(self, submitted: Act) -> None:
        rng = self._rng
        self.rounds.append(Round(self.round, submitted, None, None))
        self._later(rng.uniform(0, 6))
        verifier = self._official(self.house.supervisor, submitted.by)
        if self.round < _ROUNDS and rng.random() < _REJECT:
            self._again(A.REJECT, verifier, "verified")
            return
        accepted = self._act(A.ACCEPT, S.VERIFIED, verifier, rng.choice(_OPINIONS))
        self.rounds[-1] = self.rounds[-1]._replace(verified=accepted)
        self._later(rng.uniform(0, 12))
        closer = self._official(self.closing_region, verifier, submitted.by)
        if self.round < _ROUNDS and rng.random() < _RETURN:
            self._again(A.RETURN, closer, "decided")
            return
        closed = self._act(A.CLOSE, S.CLOSED, closer, "同意销号")
        self.rounds[-1] = self.rounds[-1]._replace(decided=closed)

    def _again(self, action: A, by: Person, part: str) -> None:
        """Sent back: the next round, with a deadline of its own."""
        self.due_on = self._at.date() + timedelta(days=7)
        back = self._act(action, S.RECTIFYING, by, self._rng.choice(_REASONS), due_on=self.due_on.isoformat())
        self.rounds[-1] = self.rounds[-1]._replace(**{part: back})
        self.round += 1
        self._mend()

    # --- how it stands -------------------------------------------------------------------------------
    @property
    def status(self) -> S:
        return self.acts[-1].status

    def last(self, *actions: A) -> Act | None:
        """The latest act of these."""
        return next((act for act in reversed(self.acts) if act.action in actions), None)

    @property
    def funds(self) -> Decimal:
        return Decimal(str(self.finding.funds))
