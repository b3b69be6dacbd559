"""What becomes of one hazard, drawn from its own chance: the same ticket always lives the same life."""

import random
import uuid
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from config.demo.catalogue import GENERAL, MAJOR, NO_PHOTO
from config.generate import matters
from config.generate.cast import House, Person, World
from config.generate.drives import Drive
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus as S
from hazards.enums import Severity, Source
from institutions.enums import InstitutionKind, RegionLevel, Role

_SOURCES = (
    (0.28, Source.SELF_CHECK), (0.60, Source.SCREENING), (0.72, Source.OVERSIGHT), (0.87, Source.PATROL),
    (0.92, Source.LOOK_BACK), (0.96, Source.SUPERIOR), (1.01, Source.REPORT),
)  # fmt: skip
_BY_KIND = {
    kind.value: ([f for f in GENERAL if kind in f.kinds], [f for f in MAJOR if kind in f.kinds])
    for kind in InstitutionKind
}
_MAJOR, _ON_THE_SPOT, _VOID, _REJECT, _RETURN, _STUCK = 0.03, 0.09, 0.03, 0.13, 0.03, 0.05
_CAMPAIGN, _IN_CAMPAIGNS = 0.3, (Source.OVERSIGHT, Source.SCREENING)
_OWED_WEIGHT = 3
_ROUNDS = 4  # nobody sends back for ever
CONSULTED = "会商判定"
_REASONS = (
    "整改不彻底，现场仍有同样的问题",
    "照片看不出整改后的情况，请补拍",
    "只改了一处，其余部位没有改到位",
)
_OPINIONS = ("现场核实，已整改到位", "复查合格，隐患已消除", "资料齐全，现场情况属实")


class Fate(Enum):
    """How the story is to stand today: as it comes, not ended yet, or ended (mended without long delays)."""

    ANY = 0
    OPEN = 1
    OVER = 2


class Ticket(NamedTuple):
    """One hazard to be: its number, whose, the day it is found; `earlier` at the same house may have come back."""

    pk: int
    house: int  # position in World.houses
    day: date
    fate: Fate = Fate.ANY
    earlier: "Ticket | None" = None


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


def live(world: World, ticket: Ticket, now: datetime) -> "Life":
    """The life of this ticket up to `now`. One that is to be open stops before an act that would have led to its end."""
    life = Life(world, ticket, now)
    if ticket.fate is Fate.OPEN and life.acts and life.status in (S.CLOSED, S.VOIDED):
        # Mostly it waits for the institution: what is before the acts that end a rectification counts more.
        weights = [_OWED_WEIGHT if before.status == S.RECTIFYING else 1 for before in life.acts[:-1]]
        stop = random.Random(ticket.pk).choices(life.acts[1:], weights)[0]
        life = Life(world, ticket, stop.at)
    return life


class Life:
    """A hazard's story up to `now`: facts as found, acts in order, rounds, what stood beside, and how it stands."""

    def __init__(self, world: World, ticket: Ticket, now: datetime):
        self.ticket, self._now, self._world = ticket, now, world
        self.house: House = world.houses[ticket.house]
        self.rng = rng = random.Random(ticket.pk * 2654435761)
        self.uid = self.drawn_uid()
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
        self.drive = self._sought_by()
        self.acts: list[Act] = []
        self.rounds: list[Round] = []
        self.extension: matters.Extension | None = None
        self.order: matters.Order | None = None
        self.sent: matters.Sent | None = None
        self.plan: Act | None = None
        self.due_on: date | None = None
        self.round = 0
        self._at = datetime(ticket.day.year, ticket.day.month, ticket.day.day, tzinfo=UTC)
        with suppress(_Future):
            self._live()

    # --- who -----------------------------------------------------------------------------------------
    def _found_by(self) -> tuple[Source, Person]:
        house, draw = self.house, self.rng.random()
        source = next(source for limit, source in _SOURCES if draw < limit)
        if source == Source.SELF_CHECK:
            return source, self.staff[1]
        if source == Source.OVERSIGHT:
            return source, self.rng.choice(self._world.officials[house.city])
        if source == Source.PATROL and house.township != house.county:
            return source, self._world.officials[house.township][0]
        if source == Source.PATROL:
            source = Source.SCREENING
        return source, self.official(house.supervisor)

    def _sought_by(self) -> Drive | None:
        """The 专项行动 in whose visit it was found, for a part of what officials find while one is on."""
        if self.source not in _IN_CAMPAIGNS or self.rng.random() > _CAMPAIGN:
            return None
        house, day = self.house, self.ticket.day
        here = (house.province, house.city)
        on = [d for d in self._world.drives if d.starts_on <= day <= d.ends_on and d.region in here]
        meant = [drive for drive in on if not drive.kinds or house.kind in drive.kinds]
        return self.rng.choice(meant) if meant else None

    @property
    def staff(self) -> list[Person]:
        return self._world.staff[self.house.pk]

    def drawn_uid(self) -> uuid.UUID:
        """Another number as a client makes it."""
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def colleague(self, of: Person) -> Person:
        """Another official of the finder's own authority."""
        region = self.house.city if self.source == Source.OVERSIGHT else self.house.supervisor
        return self.official(region, of)

    def official(self, region: int, *besides: Person) -> Person:
        people = [p for p in self._world.officials[region] if p not in besides]
        return self.rng.choice(people)

    @property
    def levels(self) -> list[int]:
        """County, city and province, each once."""
        return list(dict.fromkeys([self.house.county, self.house.city, self.house.province]))

    def level_of(self, region: int) -> RegionLevel:
        house, level = self.house, RegionLevel
        return {house.county: level.COUNTY, house.city: level.CITY, house.province: level.PROVINCE}[region]

    @property
    def closing_region(self) -> int:
        """As hazards.actions.closing decides without a policy: the city, or the next level above who verified."""
        chain = self.levels
        position = chain.index(self.house.supervisor)
        return chain[min(max(chain.index(self.house.city), position + 1), len(chain) - 1)]

    # --- when ----------------------------------------------------------------------------------------
    @property
    def today(self) -> date:
        """The day in Beijing: acts are in office hours, when it is the same day in London."""
        return self._at.date()

    def later(self, days: float) -> None:
        """Office hours (Beijing) some days on. Raises _Future."""
        moment = self._at + timedelta(days=int(days))
        opens = moment.replace(hour=0, minute=30) if moment.date() > self._at.date() else self._at
        closes = moment.replace(hour=9, minute=30)
        room = max(int((closes - opens).total_seconds()), 600)
        self._at = opens + timedelta(
            seconds=self.rng.randrange(60, room), microseconds=self.rng.randrange(10**6)
        )
        if self._at >= self._now:
            raise _Future

    def act(self, action: A, status: S, by: Person, comment: str = "", **data) -> Act:
        self.acts.append(Act(action, status, self._at, by, comment, data))
        return self.acts[-1]

    # --- what ----------------------------------------------------------------------------------------
    def _live(self) -> None:
        house, rng, finding = self.house, self.rng, self.finding
        self.later(0)
        self.act(
            A.REGISTER, S.REGISTERED, self.finder,
            description=finding.what, location=self.where, severity=self.severity.value, domain=finding.domain.value,
        )  # fmt: skip
        if self.is_on_the_spot:
            self.round, self.due_on = 1, self.ticket.day
            mended = self.act(A.FIX_ON_THE_SPOT, S.AWAITING_VERIFICATION, self.finder, finding.mended)
            return self._judge(mended)
        self.later(rng.random() * 3 if self.is_self_reported else 0)
        issuer = self.official(house.supervisor)
        if rng.random() < _VOID:
            return self._void(issuer)
        self.round, self.due_on = 1, self.acts[-1].at.date() + timedelta(days=max(finding.days, 3))
        self.act(A.ISSUE, S.RECTIFYING, issuer, due_on=self.due_on.isoformat(), responsible_person=house.head)
        if self.is_major:
            self.later(1)
            values = {
                "measures": finding.plan, "responsible_person": house.head, "funds": str(finding.funds),
                "finish_on": self.due_on.isoformat(), "contingency": finding.contingency,
            }  # fmt: skip
            self.plan = self.act(A.PLAN, S.RECTIFYING, self.staff[0], finding.plan, **values)
        self._mend()
        return None

    def _void(self, by: Person) -> None:
        reason = "现场核实属于误报"
        if self.is_major:
            self.act(A.REQUEST_VOID, S.REGISTERED, by, reason)
            self.later(1)
            by = self.official(self.house.supervisor, by)
        self.act(A.VOID, S.VOIDED, by, reason)

    def _mend(self) -> None:
        """Submit: mostly in time, some late, a few for very long."""
        rng, room = self.rng, (self.due_on - self._at.date()).days
        draw = rng.random()
        if draw < 0.74:
            days = rng.uniform(0.3, 1.0) * room
        elif draw < 1 - _STUCK or self.ticket.fate is Fate.OVER:
            days = room + rng.uniform(1, 20)
        else:
            days = room + rng.uniform(60, 1100)
        self.later(matters.meanwhile(self, days))
        submitter = rng.choice(self.staff)
        submitted = self.act(A.SUBMIT, S.AWAITING_VERIFICATION, submitter, self.finding.mended)
        matters.lapse(self, submitted)
        self._judge(submitted)

    def _judge(self, submitted: Act) -> None:
        rng = self.rng
        self.rounds.append(Round(self.round, submitted, None, None))
        self.later(rng.uniform(0, 6))
        verifier = self.official(self.house.supervisor, submitted.by)
        if self.round < _ROUNDS and rng.random() < _REJECT:
            self._again(A.REJECT, verifier, "verified")
            return
        accepted = self.act(A.ACCEPT, S.VERIFIED, verifier, rng.choice(_OPINIONS))
        self.rounds[-1] = self.rounds[-1]._replace(verified=accepted)
        self.later(rng.uniform(0, 12))
        closer = self.official(self.closing_region, verifier, submitted.by)
        if self.round < _ROUNDS and rng.random() < _RETURN:
            self._again(A.RETURN, closer, "decided")
            return
        matters.lift(self)
        closed = self.act(A.CLOSE, S.CLOSED, closer, "同意销号")
        matters.end_transfer(self, closed)
        self.rounds[-1] = self.rounds[-1]._replace(decided=closed)

    def _again(self, action: A, by: Person, part: str) -> None:
        """Sent back: the next round, with a deadline of its own."""
        self.due_on = self._at.date() + timedelta(days=7)
        back = self.act(action, S.RECTIFYING, by, self.rng.choice(_REASONS), due_on=self.due_on.isoformat())
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
    def basis(self) -> str:
        """What is major in a visit was judged so by those who were there."""
        return CONSULTED if self.drive and self.is_major else self.finding.basis

    @property
    def funds(self) -> Decimal:
        return Decimal(str(self.finding.funds))
