"""How many stories of which kind: a chosen set where the demo accounts work, a plausible mix elsewhere."""

import random

from config.demo.stories import OLD_PHOTO, SAME_PHOTO, Wish
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus as S
from hazards.enums import Source

_SELF, _PATROL, _CITY = Source.SELF_CHECK, Source.PATROL, Source.OVERSIGHT
_TWO_ROUNDS = (A.SUBMIT, A.REJECT)
_SENT_BACK = (A.SUBMIT, A.ACCEPT, A.RETURN)

# What the home of account `facility` has: something to do at once, something to wait for, something done.
FACILITY = (
    Wish(S.RECTIFYING, clock="soon", scene="corridor"),
    Wish(S.RECTIFYING, clock="overdue", scene="board"),
    Wish(S.RECTIFYING, clock="later", is_major=True, plan_parts=3, scene="lamp"),
    Wish(S.RECTIFYING, clock="soon", detour=_TWO_ROUNDS, scene="kitchen"),
    Wish(S.AWAITING_VERIFICATION, scene="extinguisher"),
    Wish(S.AWAITING_VERIFICATION, trick=SAME_PHOTO, scene="stairs"),
    Wish(S.VERIFIED, scene="sockets"),
    Wish(S.VERIFIED, detour=_TWO_ROUNDS, scene="bathroom"),
    Wish(S.CLOSED, scene="fridge"),
    Wish(S.CLOSED, source=_PATROL, scene="ebike"),
    Wish(S.CLOSED, detour=_SENT_BACK, scene="window"),
    Wish(S.CLOSED, is_fixed_on_the_spot=True, scene="door"),
)
FACILITY2 = (
    Wish(S.REGISTERED, source=_SELF, scene="bathroom"),
    Wish(S.RECTIFYING, clock="later", scene="papers"),
    Wish(S.RECTIFYING, clock="overdue", scene="sockets"),
    Wish(S.AWAITING_VERIFICATION, is_fixed_on_the_spot=True, scene="door"),
    Wish(S.VERIFIED, source=_SELF, scene="fridge"),
    Wish(S.CLOSED, source=_SELF, scene="extinguisher"),
    Wish(S.CLOSED, scene="lamp"),
    # Found by account `township`, whose town this is.
    Wish(S.REGISTERED, source=_PATROL, scene="stairs"),
    Wish(S.RECTIFYING, clock="soon", source=_PATROL, scene="ebike"),
    Wish(S.AWAITING_VERIFICATION, source=_PATROL, scene="window"),
    Wish(S.CLOSED, source=_PATROL, scene="corridor"),
)
# The rest of the demo county, whoever's house it is.
COUNTY = (
    Wish(S.REGISTERED, source=_PATROL),
    Wish(S.REGISTERED, source=_CITY),
    Wish(S.REGISTERED, source=Source.REPORT),
    Wish(S.RECTIFYING, clock="neglected", detour=_SENT_BACK),
    Wish(S.RECTIFYING, clock="soon", source=_CITY),
    Wish(S.RECTIFYING, clock="later", is_major=True, detour=(A.REQUEST_VOID,)),
    Wish(S.RECTIFYING, clock="later", is_major=True, detour=(A.REQUEST_VOID, A.REFUSE_VOID)),
    Wish(S.RECTIFYING, clock="overdue", is_major=True),
    Wish(S.RECTIFYING, clock="later", source=_PATROL),
    Wish(S.AWAITING_VERIFICATION, trick=OLD_PHOTO),
    Wish(S.AWAITING_VERIFICATION, is_major=True),
    Wish(S.AWAITING_VERIFICATION, detour=_TWO_ROUNDS),
    Wish(S.AWAITING_VERIFICATION, source=_PATROL),
    Wish(S.VERIFIED),
    Wish(S.VERIFIED, is_major=True),
    Wish(S.VERIFIED, source=_CITY),
    *[
        Wish(S.CLOSED, source=source)
        for source in (Source.SCREENING, _SELF, _PATROL, _CITY, Source.SUPERIOR) * 3
    ],
    Wish(S.CLOSED, is_major=True),
    Wish(S.VOIDED),
    Wish(S.VOIDED, is_major=True, detour=(A.REQUEST_VOID,)),
)
# The county of account `county_other`, which closes general hazards itself but for the city's spot check.
OTHER_COUNTY = (
    Wish(S.REGISTERED, source=_CITY),
    Wish(S.RECTIFYING, clock="overdue"),
    Wish(S.RECTIFYING, clock="soon"),
    Wish(S.AWAITING_VERIFICATION),
    Wish(S.AWAITING_VERIFICATION, source=_SELF),
    *[Wish(S.VERIFIED)] * 4,
    *[Wish(S.CLOSED)] * 10,
)
# A major one in another county of the demo city, so late that its 考核 asks whether to veto; nobody has taken it up.
FORGOTTEN = Wish(S.RECTIFYING, clock="forgotten", is_major=True)

_SHARES = {
    S.REGISTERED: 3,
    S.RECTIFYING: 11,
    S.AWAITING_VERIFICATION: 5,
    S.VERIFIED: 6,
    S.CLOSED: 72,
    S.VOIDED: 3,
}
_SOURCES = {
    Source.SCREENING: 44, _SELF: 18, _PATROL: 12, _CITY: 12, Source.LOOK_BACK: 4, Source.SUPERIOR: 5, Source.REPORT: 5,
}  # fmt: skip
_CLOCKS = {"overdue": 22, "soon": 28, "later": 50}
_DETOURS = {(): 82, _TWO_ROUNDS: 10, _SENT_BACK: 5, (*_TWO_ROUNDS, *_TWO_ROUNDS): 3}


def some_wish(rng: random.Random) -> Wish:
    """A story as they come: most simple, some sent back, few major."""
    status = _draw(rng, _SHARES)
    if rng.random() < 0.1 and status in (S.AWAITING_VERIFICATION, S.VERIFIED, S.CLOSED):
        return Wish(status, source=_draw(rng, {Source.SCREENING: 3, _SELF: 1}), is_fixed_on_the_spot=True)
    detour = _draw(rng, _DETOURS) if status not in (S.REGISTERED, S.VOIDED) else ()
    is_major = rng.random() < 0.07
    if is_major and status == S.VOIDED:
        detour = (A.REQUEST_VOID,)
    return Wish(status, _draw(rng, _SOURCES), is_major, detour, _draw(rng, _CLOCKS))


def _draw(rng: random.Random, shares: dict):
    return rng.choices(list(shares), list(shares.values()))[0]
