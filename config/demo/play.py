"""Plays the stories: the real actions, at their moments, by people who may."""

import random
import uuid
from datetime import timedelta
from decimal import Decimal

from config.demo import catalogue, clock
from config.demo.cast import Cast
from config.demo.photos import Album
from config.demo.stories import OLD_PHOTO, SAME_PHOTO, Act, Story
from hazards.actions import lifecycle, voiding
from hazards.actions.register import register
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus, Source
from institutions.actor import Actor
from institutions.enums import PROTECTED_KINDS

_DECIDING = {HazardStatus.AWAITING_VERIFICATION, HazardStatus.VERIFIED}


class Player:
    """Knows who acts next in a story and what they would write and photograph."""

    def __init__(self, cast: Cast, album: Album, rng: random.Random):
        self._cast, self._album, self._rng = cast, album, rng
        self._acts = {
            A.REGISTER: self._register,
            A.FIX_ON_THE_SPOT: self._fix,
            A.ISSUE: self._issue,
            A.PLAN: self._plan,
            A.SUBMIT: self._submit,
            A.REJECT: self._reject,
            A.ACCEPT: self._accept,
            A.CLOSE: self._close,
            A.RETURN: self._return,
            A.REQUEST_VOID: self._request_void,
            A.REFUSE_VOID: self._refuse_void,
            A.VOID: self._void,
        }

    def play(self, story: Story, act: Act) -> None:
        """One act, at its moment. The story then holds the hazard as it is after it."""
        with clock.at(act.at):
            story.hazard = self._acts[act.action](story, act)

    # --- who ---------------------------------------------------------------------------------------
    def _supervisors(self, story: Story, *besides) -> Actor:
        """An official of the supervising authority who is none of `besides` (user ids)."""
        return self._other(self._cast.officials[story.house.authority.region_id], besides)

    def _staff(self, story: Story) -> Actor:
        return self._rng.choice(self._cast.staff[story.house.pk])

    def _closer(self, story: Story) -> Actor:
        hazard = story.hazard
        return self._other(
            self._cast.officials[hazard.closing_region_id], (hazard.verified_by_id, hazard.submitted_by_id)
        )

    def _finder(self, story: Story) -> Actor:
        house, officials = story.house, self._cast.officials
        by_source = {
            Source.SELF_CHECK: self._cast.staff[house.pk][-1:],
            Source.PATROL: officials[house.township_id],
            Source.OVERSIGHT: officials[house.city_id],
        }
        return self._rng.choice(by_source.get(story.wish.source) or officials[house.authority.region_id])

    def _other(self, people: list[Actor], besides) -> Actor:
        return self._rng.choice([actor for actor in people if actor.user.pk not in besides])

    # --- what --------------------------------------------------------------------------------------
    def _facts(self, story: Story, act: Act, by: Actor) -> dict:
        source = story.wish.source
        if source == Source.PATROL and by not in self._cast.officials[story.house.township_id]:
            source = Source.SCREENING  # no patrol in this place
        if by.institution is None and by in self._cast.officials[story.house.city_id]:
            source = Source.OVERSIGHT
        is_unseen = story.house.kind in PROTECTED_KINDS and self._rng.random() < 0.3
        photos = [] if is_unseen else self.before(story, act, by)
        return {
            "institution": story.house,
            "description": story.finding.what,
            "location": story.where,
            "domain": story.finding.domain,
            "severity": story.severity,
            "source": source,
            "basis": story.finding.basis,
            "found_on": act.at.date(),
            "uid": uuid.UUID(int=self._rng.getrandbits(128), version=4),
            "evidence": photos,
            "no_photo_reason": self._rng.choice(catalogue.NO_PHOTO) if is_unseen else "",
            "recurrence_of": story.again.hazard if story.again else None,
        }

    def before(self, story: Story, act: Act, by: Actor) -> list[uuid.UUID]:
        """Photos of what was found, as uploads of `by`."""
        count, is_unique = self._rng.choice([1, 1, 1, 2]), story.wish.trick == SAME_PHOTO
        return self._album.before(story.finding.scene, act.at, by, count, is_unique=is_unique)

    def after(self, story: Story, act: Act, by: Actor) -> list[uuid.UUID]:
        """Photos of the repaired state: pictures of their own where somebody still has to decide over them."""
        is_last = act is [a for a in story.acts if a.action in (A.SUBMIT, A.FIX_ON_THE_SPOT)][-1]
        if story.wish.trick == SAME_PHOTO:
            return self._album.again(story.hazard, act.at, by)
        if story.wish.trick == OLD_PHOTO:
            return self._album.after(story.finding.scene, act.at - timedelta(days=90), by, is_unique=True)
        return self._album.after(
            story.finding.scene, act.at, by, is_unique=story.wish.status in _DECIDING, is_mended=is_last
        )

    # --- acts --------------------------------------------------------------------------------------
    def _register(self, story: Story, act: Act):
        by = self._finder(story)
        return register(by=by, **self._facts(story, act, by))

    def _fix(self, story: Story, act: Act):
        by = self._finder(story)
        facts = self._facts(story, act, by)
        facts["evidence"] = facts["evidence"] or self.before(story, act, by)
        fixed = {
            "measures": self.measures(story),
            "evidence": self.after(story, act, by),
            "responsible_person": self.responsible(story),
        }
        return register(by=by, **facts | {"no_photo_reason": ""}, fixed_with=fixed)

    def _issue(self, story: Story, act: Act):
        registrar = next(
            (
                a
                for a in self._cast.officials[story.house.authority.region_id]
                if a.user.pk == story.hazard.registered_by_id
            ),
            None,
        )
        return lifecycle.issue(
            story.hazard,
            by=registrar or self._supervisors(story),
            due_on=act.due_on,
            responsible_person=self.responsible(story),
            interim_measures=story.finding.interim if story.wish.is_major else "",
        )

    def _plan(self, story: Story, act: Act):
        finding = story.finding
        parts = {
            "measures": finding.plan,
            "responsible_person": self.responsible(story),
            "finish_on": story.hazard.due_on - timedelta(days=2),
            "funds": Decimal(finding.funds),
            "contingency": finding.contingency,
        }
        some = dict(list(parts.items())[: story.wish.plan_parts])
        return lifecycle.plan(story.hazard, by=self._staff(story), **some)

    def _submit(self, story: Story, act: Act):
        by = self._staff(story)
        spent = Decimal(story.finding.funds) if story.wish.is_major else None
        return lifecycle.submit(
            story.hazard, by=by, measures=self.measures(story), evidence=self.after(story, act, by),
            funds_spent=spent,
        )  # fmt: skip

    def _reject(self, story: Story, act: Act):
        by = self._supervisors(story, story.hazard.submitted_by_id)
        return lifecycle.reject(
            story.hazard, by=by, reason=self._rng.choice(catalogue.REJECTED), due_on=act.due_on
        )

    def _accept(self, story: Story, act: Act):
        by = self._supervisors(story, story.hazard.submitted_by_id)
        seen = self._album.after(story.finding.scene, act.at, by) if self._rng.random() < 0.15 else []
        return lifecycle.accept(
            story.hazard, by=by, opinion=self._rng.choice(catalogue.ACCEPTED), is_cause_found=True,
            is_rectified=True, is_satisfactory=True, evidence=seen,
        )  # fmt: skip

    def _close(self, story: Story, act: Act):
        return lifecycle.close(
            story.hazard, by=self._closer(story), opinion=self._rng.choice(catalogue.CLOSED)
        )

    def _return(self, story: Story, act: Act):
        by = self._closer(story)
        return lifecycle.return_(
            story.hazard, by=by, reason=self._rng.choice(catalogue.RETURNED), due_on=act.due_on
        )

    def _request_void(self, story: Story, act: Act):
        # By the one who issued, so that of the two officials of a county the other has to decide.
        by = next(
            a
            for a in self._cast.officials[story.house.authority.region_id]
            if a.user.pk == story.hazard.issued_by_id
        )
        return voiding.request_void(
            story.hazard, by=by, reason="经消防、住建部门现场会商，认为达不到重大隐患标准。"
        )

    def _refuse_void(self, story: Story, act: Act):
        by = self._supervisors(story, story.hazard.void_requested_by_id)
        return voiding.refuse_void(
            story.hazard, by=by, reason="会商纪要未附，且现场情况没有变化，继续按重大隐患整改。"
        )

    def _void(self, story: Story, act: Act):
        by = self._supervisors(story, story.hazard.void_requested_by_id)
        if story.same_as:
            original = story.same_as.hazard
            reason = f"与 {original.number} 是同一处问题，重复登记。"
            return voiding.void(story.hazard, by=by, reason=reason, duplicate_of=original)
        return voiding.void(story.hazard, by=by, reason=self._rng.choice(catalogue.VOIDED))

    def measures(self, story: Story) -> str:
        """What was done about it."""
        is_again = story.hazard is not None and story.hazard.round > 1
        return ("已按退回意见重新整改：" if is_again else "") + story.finding.mended + "。"

    def responsible(self, story: Story) -> str:
        """The name of whoever answers for it at the house."""
        return self._cast.staff[story.house.pk][0].user.name
