"""What the ladder drafted while the clocks ran: one 通报 and one 约谈 are taken up and issued, the others wait (待签发)."""

from datetime import datetime, timedelta

from clocks.enums import RungKind
from clocks.models import Draft
from config.demo import clock
from config.demo.cast import Cast
from hazards.actions import summoning
from hazards.actions.taking_up import form_of, take_up
from hazards.models import Circular, Summons
from institutions.actor import Actor

_RECORD = {RungKind.SUMMON: Summons, RungKind.CIRCULAR: Circular}


def issue_some(cast: Cast, now: datetime) -> None:
    """The first of each kind that an official of its authority may issue, a few minutes ago."""
    with clock.at(now - timedelta(minutes=5)):
        for kind, model in _RECORD.items():
            waiting = Draft.objects.waiting().filter(kind=kind).order_by("id")
            for draft in waiting.select_related("clock__institution__authority__region", "authority__region"):
                by = cast.officials[draft.authority.region_id][0]
                if form_of(by, draft):
                    take_up(draft, by=by)
                    _issue(
                        model.objects.get(ladder_draft=draft),
                        by,
                        f"民安{kind.label[0]}〔{now.year}〕{draft.pk}号",
                        now,
                    )
                    break


def _issue(record: Circular | Summons, by: Actor, number: str, now: datetime) -> None:
    facts = {"document_number": number, "title": record.title, "text": record.text}
    if isinstance(record, Summons):
        facts |= {"meets_at": now + timedelta(days=3), "meets_where": f"{by.place_name}会议室"}
    summoning.issue(record, by=by, **facts)
