"""What became of one zip: what arrived, what was known, and every word of what was left."""

from collections import Counter
from dataclasses import dataclass, field

from django import forms

from inspections import receiving
from inspections.actions import finishing
from inspections.enums import VisitAct, VisitStatus
from inspections.forms.findings import FindingForm
from inspections.models import Packet, Visit, VisitEvent

KINDS = {"answers": "答案", "findings": "问题", "photos": "照片", "signatures": "签名"}


@dataclass(frozen=True)
class Left:
    """Something that was not taken in: what, why, and every word of it.

    `waiting_photo`: the photo at no fault, refused for a reason that passes; the same zip again brings it.
    """

    what: str
    why: list[str]
    texts: list[tuple[str, str]] = field(default_factory=list)
    waiting_photo: str = ""


@dataclass
class Imported:
    """What became of one zip. `is_repeated`: it had been taken in before, and only what waited was tried again."""

    packet: Packet
    visit: Visit | None = None
    is_repeated: bool = False
    is_finished_later: bool = False  # with the last of the photos that wait
    arrived: Counter = field(default_factory=Counter)
    known: Counter = field(default_factory=Counter)
    left: list[Left] = field(default_factory=list)
    lacks: list[finishing.Lack] = field(default_factory=list)

    @property
    def rows(self) -> list[dict]:
        """For each kind of thing how many arrived now, and how many had been here."""
        return [{"name": n, "arrived": self.arrived[k], "known": self.known[k]} for k, n in KINDS.items()]

    @property
    def waiting_photos(self) -> list[str]:
        return [one.waiting_photo for one in self.left if one.waiting_photo]

    @property
    def is_only_waiting(self) -> bool:
        """Nothing was left but photos that wait."""
        return all(one.waiting_photo for one in self.left)


@dataclass(frozen=True)
class Waiting:
    """What a zip that was taken in may still bring, as the trace of its visit says.

    Only what was refused then: a photo or finding that somebody removed since does not come back with the zip.
    `may_finish`: nothing else kept the visit from being finished.
    """

    photos: frozenset[str] = frozenset()
    may_finish: bool = False

    @classmethod
    def of(cls, packet: Packet) -> "Waiting":
        imports = VisitEvent.objects.filter(visit__uid=packet.visit_uid, act=VisitAct.IMPORT)
        latest = imports.filter(data__packet=str(packet.uid)).last()
        said = latest.data["waiting"] if latest else {}
        return cls(frozenset(said.get("photos", ())), said.get("may_finish", False))

    def as_data(self) -> dict:
        return {"photos": sorted(self.photos), "may_finish": self.may_finish}


def said(row: dict) -> list[tuple[str, str]]:
    """Label and words of everything that was written of a finding."""
    fields = FindingForm.base_fields.items()
    written = [(f.label, row.get(n)) for n, f in fields if isinstance(f, forms.CharField | forms.DateField)]
    return [(label, receiving.text_of(value)) for label, value in written if value not in (None, "")]


def tell_what_is_missing(done: Imported, body: dict) -> None:
    """The findings of the zip that are not on the visit, with their words: shown however often it is uploaded."""
    there = set()
    if done.visit:
        there = {str(uid) for uid in done.visit.findings.values_list("uid", flat=True)}
        if done.visit.status == VisitStatus.CANCELLED:
            done.left.append(Left("这次检查", ["这次检查已取消。"]))
    for row in body["findings"]:
        if row["uid"] not in there:
            done.left.append(Left("问题", ["这条问题不在系统的检查记录中。"], said(row)))
