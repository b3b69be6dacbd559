"""Plays the rounds: the real acts of a visit, from the check-in to the signatures, by the people who go."""

import io
import math
import random
import uuid
from datetime import timedelta

from PIL import Image, ImageDraw

from config.demo import catalogue, clock
from config.demo.photos import Album
from config.demo.play import Player
from config.demo.rounds import Round
from config.demo.stories import Act, Story
from hazards.enums import HazardAction as A
from hazards.enums import Severity
from hazards.models import Hazard
from inspections.actions import answering, finishing, signing, visits
from inspections.actions.findings import save_finding
from inspections.enums import AnswerValue, FindingHandling, InspectionKind, SignerRole, VisitStatus
from inspections.models import Campaign, Checklist, ChecklistItem, InspectionTeam, Visit
from institutions.actor import Actor
from institutions.models import Institution

_WALK_MINUTES = range(35, 75)
_NOT_APPLICABLE = 0.06
_PLACES = {"nursing_home": "一至三楼居室和走道、食堂、配电间", "funeral_home": "告别厅、火化车间、配电间", "cemetery": "墓道、护坡、焚烧区"}  # fmt: skip
_CONSULTATION = {
    "participants": "民政局分管负责人、消防救援大队、设备维保单位",
    "opinion": "现场会商：短期内不能排除，一旦发生后果严重，按重大隐患管理。",
}


class Walker:
    """Knows the checklists and teams, and what people write, photograph and sign on a visit."""

    def __init__(self, player: Player, album: Album, campaigns: list[Campaign], rng: random.Random):
        self._player, self._album, self._rng = player, album, rng
        self._campaigns = campaigns
        self._items: dict[tuple, list[ChecklistItem]] = {}

    def play(self, round: Round) -> Visit:
        """One round, as far as it went."""
        began = round.at - timedelta(minutes=self._rng.choice(_WALK_MINUTES))
        with clock.at(began):
            visit = self._open(round)
        if round.status == VisitStatus.PLANNED:
            return visit
        with clock.at(round.at - timedelta(minutes=4)):
            self._answer(visit, round)
            findings = [self._find(visit, round, story, acts) for story, acts in round.stories]
            if round.sees_again:
                self._find_again(visit, round)
            if round.status == VisitStatus.OPEN:
                self._find_one(visit, round)
        if round.status == VisitStatus.FINISHED:
            with clock.at(round.at):
                self._finish(visit, round)
        for (story, _), finding in zip(round.stories, findings, strict=True):
            finding.refresh_from_db()
            story.hazard = finding.hazard
        return visit

    def _open(self, round: Round) -> Visit:
        house, by = round.house, round.people[0]
        lists = list(Checklist.objects.for_institution(house))
        team = None if by.institution else self._team(house, by)
        return visits.open_visit(
            by=by,
            uid=self._uuid(),
            institution=house,
            kind=round.kind,
            is_unannounced=round.is_unannounced,
            checklist=next((c for c in lists if c.scope_id is None), None),
            added_checklists=[c for c in lists if c.scope_id is not None],
            campaigns=[] if by.institution else self._running(house, round),
            team=team,
            inspectors=[actor.user for actor in round.people[1:]],
            other_participants=round.also_there,
            planned_on=round.planned_on,
        )

    def _running(self, house: Institution, round: Round) -> list[Campaign]:
        day = round.planned_on or round.at.date()
        return [
            c
            for c in self._campaigns
            if c.starts_on <= day <= c.ends_on
            and c.authority.region_id in (house.province_id, house.city_id)
            and (not c.kinds or house.kind in c.kinds)
        ]

    def _team(self, house: Institution, by: Actor) -> InspectionTeam | None:
        """The team that is to visit the house, if this person belongs to it."""
        teams = InspectionTeam.objects.filter(institutions=house)
        return next((t for t in teams if by.user.pk == t.leader_id or by.user in t.members.all()), None)

    # --- what they write -------------------------------------------------------------------------------
    def _items_of(self, visit: Visit) -> list[ChecklistItem]:
        key = (visit.checklist_id, visit.institution.kind)
        if key not in self._items:
            self._items[key] = list(visit.items)
        return self._items[key]

    def _answer(self, visit: Visit, round: Round) -> None:
        """Every item of a finished round, the first half of one that is under way."""
        items = self._items_of(visit)
        if round.status == VisitStatus.OPEN:
            items = items[: len(items) // 2]
        values = [
            AnswerValue.NOT_APPLICABLE if self._rng.random() < _NOT_APPLICABLE else AnswerValue.YES
            for _ in items
        ]
        given = [answering.Given(item.pk, value) for item, value in zip(items, values, strict=True)]
        answering.answer(visit, by=round.people[0], given=given)

    def _find(self, visit: Visit, round: Round, story: Story, acts: list[Act]):
        """What one story began with: found, perhaps issued, perhaps mended at once."""
        by, wish, finding = round.people[0], story.wish, story.finding
        item = _nearest([i for i in self._items_of(visit) if i.domain == finding.domain], finding.what)
        is_fixed = acts[0].action == A.FIX_ON_THE_SPOT
        is_issued = acts[-1].action == A.ISSUE
        facts = {
            "item": item,
            "description": finding.what,
            "location": story.where,
            "domain": finding.domain,
            "severity": story.severity,
            "handling": FindingHandling.REGISTER,
            "responsible_person": self._player.responsible(story) if is_fixed or is_issued else "",
            "recurrence_of": story.again.hazard if story.again else None,
        }
        if round.kind == InspectionKind.JOINT and item:
            facts["department"] = item.joint_department
        if is_issued:
            interim = finding.interim if wish.is_major else ""
            facts |= {
                "handling": FindingHandling.ISSUE,
                "due_on": acts[-1].due_on,
                "interim_measures": interim,
            }
        if is_fixed:
            facts |= {"handling": FindingHandling.FIXED, "measures": self._player.measures(story)}
        return save_finding(
            visit,
            by=by,
            uid=self._uuid(),
            facts=facts,
            ground=_CONSULTATION if story.severity == Severity.MAJOR else None,
            found=self._player.before(story, acts[0], by),
            rectified=self._player.after(story, acts[0], by) if is_fixed else None,
        )

    def _find_one(self, visit: Visit, round: Round) -> None:
        """The first thing wrong on a round that is under way: no hazard before the finish."""
        by, finding = round.people[0], catalogue.findings_for(round.house.kind, is_major=False)[0]
        item = _nearest([i for i in self._items_of(visit) if i.domain == finding.domain], finding.what)
        facts = {
            "item": item,
            "description": finding.what,
            "location": finding.where[0],
            "domain": finding.domain,
            "severity": Severity.GENERAL,
            "handling": FindingHandling.ISSUE,
            "due_on": round.at.date() + timedelta(days=finding.days),
            "responsible_person": round.house.responsible_persons.first().name,
        }
        found = self._album.before(finding.scene, round.at, by, 1)
        save_finding(visit, by=by, uid=self._uuid(), facts=facts, found=found)

    def _find_again(self, visit: Visit, round: Round) -> None:
        """Something that is open already, still as it was."""
        by = round.people[0]
        there = Hazard.objects.visible_to(by).filter(institution=round.house, status="rectifying")
        if hazard := there.order_by("found_on", "pk").first():
            photo = hazard.evidence.select_related("file").order_by("pk").first()
            facts = {
                "description": f"{hazard.location}仍未改好：{hazard.description}",
                "location": hazard.location,
                "domain": hazard.domain,
                "severity": hazard.severity,
                "handling": FindingHandling.SAME,
                "same_as": hazard,
            }
            found = self._album.again(hazard, round.at, by) if photo else []
            save_finding(visit, by=by, uid=self._uuid(), facts=facts, found=found)

    def _finish(self, visit: Visit, round: Round) -> None:
        by = round.people[0]
        place = _PLACES.get(round.house.kind, "各楼层公共区域、值班室、配电间")
        visits.edit_record(visit, by=by, place_note=place)
        for actor in round.people:
            self._sign(visit, by, role=SignerRole.INSPECTOR, user=actor.user)
        if not visit.is_own:
            name = round.house.responsible_persons.first().name
            self._sign(visit, by, role=SignerRole.IN_CHARGE, name=name)
        finishing.finish(visit, by=by)

    def _sign(self, visit: Visit, by: Actor, **whose) -> None:
        signing.sign(visit, by=by, uid=self._uuid(), image=_stroke(self._rng), **whose)

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)


def _nearest(items: list[ChecklistItem], what: str) -> ChecklistItem | None:
    """The item whose words have most pairs of characters in common with what was found; None without any."""
    pairs = {what[i : i + 2] for i in range(len(what) - 1)}

    def likeness(item: ChecklistItem) -> int:
        words = f"{item.text}{item.guidance}{''.join(item.phrases)}"
        return len(pairs & {words[i : i + 2] for i in range(len(words) - 1)})

    best = max(items, key=likeness, default=None)
    return best if best and likeness(best) else None


def _stroke(rng: random.Random) -> bytes:
    """A few loops, as a finger signs."""
    image, x = Image.new("L", (300, 110), 255), 30.0
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randrange(2, 4)):
        points, wide, high, turns = [], rng.uniform(9, 20), rng.uniform(16, 36), rng.uniform(2, 3.5)
        for step in range(60):
            angle = step / 60 * turns * 2 * math.pi
            points.append((x + wide * math.cos(angle), 55 + high * math.sin(angle * 1.3 + wide)))
            x += 1.1
        draw.line(points, fill=20, width=4, joint="curve")
        x += rng.uniform(6, 18)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
