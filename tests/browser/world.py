"""A small world that is hard on a page: every status, long words without a break, long names, many photos."""

import uuid
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from api.tokens import new_token
from clocks import running
from clocks.actions.ladders import load_ladders
from clocks.sweep import sweep
from files.intake import receive
from files.models import StoredFile
from hazards import workflow
from hazards.actions import extending, lifecycle, summoning, supervising, transferring, voiding
from hazards.forms import FORMS
from hazards.models import Hazard, Summons
from inspections.actions.finishing import finish
from inspections.actions.signing import sign
from institutions.models import ImportDraft, InstitutionEvent
from notifications.models import Notice
from notifications.publishing import try_subscriber
from reports.appraisals import drawing_up, publishing
from reports.appraisals.terms import term
from reports.appraisals.vetoes import flags_of
from tests.factories import (
    CONFIRMED,
    AccessFactory,
    BulkLineFactory,
    BulkRunFactory,
    Cast,
    DrillFactory,
    ExportJobFactory,
    ImportWithdrawalFactory,
    LedgerImportFactory,
    LicenceFactory,
    MembershipFactory,
    PledgeFactory,
    ResponsiblePersonFactory,
    RobotWebhookFactory,
    SavedFilterFactory,
    SubscriberFactory,
    UndeliverableAddressFactory,
    draft_to_county,
    extension_asked,
    make_actor,
    make_place,
    register_hazard,
    supervised,
    transferred,
)
from tests.inspections import factories as make
from tests.inspections.walking import answer, drawing, find, open_visit, signed
from tests.pictures import jpeg
from tests.workdays.made import seed_calendar

LONG = (
    "二楼东侧疏散通道长期堆放轮椅床垫纸箱等可燃杂物安全出口指示标志损坏应急照明失效" * 6
)  # 234 without a space
LONG_LATIN = "https://xn--" + "abcdefghij0123456789" * 12
LONG_NAME = "和布克赛尔蒙古自治县布斯屯格牧场特困人员供养服务设施暨区域性养老服务综合示范中心（原第一、第二、第三敬老院合并）"
KINDS = ("fire_acceptance", "fire_test", "food", "medical", "lift", "building", "filing", "insurance")


def _name(region, name: str) -> None:
    region.name = name
    region.save()
    authority = region.authorities.get()
    authority.name = f"{name}民政局（老龄工作委员会办公室、养老服务和儿童福利处）"
    authority.save()


class World:
    """One home and its people; `hazards` has one in every status and every special case."""

    def __init__(self, fillers: int = 24):
        seed_calendar()
        place = make_place()
        _name(place.province, "新疆维吾尔自治区")
        _name(place.city, "伊犁哈萨克自治州塔城地区")
        _name(place.county, "和布克赛尔蒙古自治县")
        _name(place.township, "铁布肯乌散乡")
        self.cast = cast = Cast(
            place,
            township=place.township,
            name=LONG_NAME,
            address=LONG[:120],
            beds=1000,
            residents=980,
            risk_grade="red",
        )
        cast.county.user.name = "买买提艾力·阿卜杜热合曼·吐尔逊江·库尔班"
        cast.manager.user.name = "Abdurahmanjan-Tursunmuhammad"
        for actor in (cast.county, cast.manager):
            actor.user.save()
        # Somebody with two posts sees the post switcher.
        make_actor("safety_officer", cast.home, user=cast.manager.user)
        for n, kind in enumerate(KINDS):
            LicenceFactory(
                institution=cast.home,
                kind=kind,
                number=LONG_LATIN[:60],
                expires_on=timezone.localdate() + timedelta(days=100 * n - 300),
            )
        for n in range(4):
            PledgeFactory(
                institution=cast.home, year=timezone.localdate().year - n, signer=LONG[:30], counter_signer=LONG_LATIN[:30]
            )  # fmt: skip
            DrillFactory(
                institution=cast.home,
                held_on=timezone.localdate() - timedelta(days=200 * (n + 1)),
                is_night=True,
                participants=1000,
                problems=LONG_LATIN if n else LONG,
            )
        for n in range(4):
            ResponsiblePersonFactory(
                institution=cast.home, duty="分管消防安全和食品安全的副院长", name=cast.county.user.name, phone=f"1387081000{n}"
            )  # fmt: skip
        self._pictures = {}
        self.hazards = self._hazards()
        for n in range(fillers):
            register_hazard(cast, evidence=[], no_photo_reason="夜间检查", description=f"{n}号楼{LONG[:60]}")
        self.notice = Notice.objects.filter(recipient=cast.county.user).latest("id")
        self.evidence = self.hazards["many_photos"].evidence.first()
        self.upload = self.photos(cast.county, 1)[0]
        self._inspect()
        self._channels()
        self._accesses()
        self._run_clocks()
        self._appraise()
        InstitutionEvent.objects.create(
            institution=cast.home, by=cast.county.user, act="edited", changes={"地址": [LONG[:120], LONG_LATIN]}
        )  # fmt: skip

    def photos(self, actor, count: int) -> list:
        """Ids of `count` uploads of `actor`: one goes through the real intake, the rest are rows of its content."""
        if actor.user.pk not in self._pictures:
            picture = jpeg("gray", (800, 600), seed=len(self._pictures))
            upload = SimpleUploadedFile(f"{LONG[:60]}.jpg", picture)
            self._pictures[actor.user.pk] = receive(upload, by=actor.user)
        model = self._pictures[actor.user.pk]
        fields = ("kind", "original_sha256", "original_size", "sha256", "size", "width", "height",
                  "display_name", "name", "thumb_name", "dhash", "uploaded_by")  # fmt: skip
        copies = [StoredFile(**{name: getattr(model, name) for name in fields}) for _ in range(count)]
        return [file.pk for file in StoredFile.objects.bulk_create(copies)]

    def _found(self, **fields) -> Hazard:
        cast = self.cast
        issued = {
            "due_on": timezone.localdate() + timedelta(days=7),
            "responsible_person": cast.manager.user.name,
            "interim_measures": LONG,
        }
        facts = {
            "description": LONG,
            "location": LONG[:100],
            "basis": LONG[:200],
            "evidence": self.photos(cast.county, 1),
            "issue_with": issued,
        }
        return register_hazard(cast, **(facts | fields))

    def _submitted(self, hazard: Hazard, photos: int = 1) -> Hazard:
        cast = self.cast
        return lifecycle.submit(
            hazard, by=cast.manager, measures=LONG_LATIN, evidence=self.photos(cast.manager, photos),
            funds_spent=9999999,
        )  # fmt: skip

    def _planned(self, hazard: Hazard) -> Hazard:
        return lifecycle.plan(
            hazard, by=self.cast.manager, measures=LONG, responsible_person=self.cast.manager.user.name,
            funds=1234567, finish_on=hazard.due_on, contingency=LONG_LATIN,
        )  # fmt: skip

    def _accepted(self, hazard: Hazard) -> Hazard:
        return lifecycle.accept(hazard, by=self.cast.county, opinion=LONG, **CONFIRMED)

    def _hazards(self) -> dict[str, Hazard]:
        cast, today = self.cast, timezone.localdate()
        late = {"due_on": today - timedelta(days=100), "responsible_person": "张三"}
        made = {
            "registered": self._found(issue_with=None, description=LONG_LATIN),
            "rectifying": self._found(),
            "overdue": self._found(issue_with=late, severity="major", description=LONG_LATIN),
            "awaiting": self._submitted(self._found()),
            "verified": self._accepted(self._submitted(self._found())),
            "voided": voiding.void(self._found(), by=cast.county, reason=LONG),
        }
        closed = self._accepted(self._submitted(self._found()))
        made["closed"] = lifecycle.close(closed, by=cast.city, opinion=LONG)
        recurring = self._planned(self._found(severity="major", recurrence_of=closed))
        made["void_asked"] = voiding.request_void(recurring, by=cast.county2, reason=LONG)
        rejected = self._submitted(self._found(evidence=self.photos(cast.county, 9)), photos=9)
        rejected = lifecycle.reject(rejected, by=cast.county, reason=LONG, due_on=today)
        accepted = self._accepted(self._submitted(rejected, photos=9))
        returned = lifecycle.return_(accepted, by=cast.city, reason=LONG_LATIN, due_on=today)
        made["many_photos"] = self._submitted(returned, photos=9)
        fixed = {"measures": LONG, "evidence": self.photos(cast.county, 2), "responsible_person": "张三"}
        made["fixed"] = self._found(issue_with=None, fixed_with=fixed)
        return made | self._matters()

    def _matters(self) -> dict[str, Hazard]:
        """Hazards with an extension asked for, under supervision with a report, transferred; and records of both kinds."""
        cast, today = self.cast, timezone.localdate()
        assert cast.liaison  # and so the fire rescue of the county
        far = {"due_on": today + timedelta(days=90), "responsible_person": "张三"}
        words = {"reason": LONG, "interim_measures": LONG_LATIN}
        extended = extension_asked(cast, self._found(issue_with=far), **words)
        extended = extending.approve_extension(
            extended, by=cast.county, due_on=extended.due_on + timedelta(days=9)
        )
        extended = extension_asked(cast, extended, **words)
        self.asked = list(extended.extensions.all())
        first = supervised(self._found(severity="major", issue_with=far), cast.county, requirements=LONG)
        raised = supervised(
            first.hazard, cast.city, supervising_unit=LONG[:80], document_number=LONG_LATIN[:60], requirements=LONG_LATIN,
            is_public=True,
        )  # fmt: skip
        ordered = supervising.report_progress(
            raised.hazard,
            by=cast.manager,
            progress=LONG,
            next_steps=LONG_LATIN,
            evidence=self.photos(cast.manager, 3),
        )
        self.orders = [first, raised]
        sent_from = self._found()
        chosen = list(sent_from.evidence.all())
        letter = {"letter": LONG * 4, "document_number": LONG_LATIN[:50], "evidence": chosen}
        waiting = transferred(sent_from, cast.county, **letter)
        housing = {"department": "housing", "recipient": LONG[:80], "document_number": LONG[:60]}
        answered = transferred(waiting.hazard, cast.county, **housing)
        facts = {"outcome": "in_hand", "receipt_number": LONG_LATIN[:60], "answer": LONG}
        passed_on = transferring.record_answer(answered.hazard, by=cast.county, transfer=answered, **facts)
        self.letters = [waiting, answered]
        texts = {"title": LONG[:100], "text": LONG * 4}
        draft, told = draft_to_county(cast, Summons, **texts), draft_to_county(cast, **texts)
        told = summoning.issue(told, by=cast.city, document_number=LONG[:60], **texts)
        held = summoning.issue(
            draft_to_county(cast, Summons, **texts), by=cast.city, document_number=LONG_LATIN[:60],
            meets_at=timezone.now(), meets_where=LONG[:100], **texts,
        )  # fmt: skip
        held = summoning.minute(held, by=cast.city, held_on=today, attendees=LONG, minutes=LONG_LATIN)
        self.records = [draft, told, held, draft_to_county(cast)]
        return {"extension_asked": extended, "supervised": ordered, "transferred": passed_on}

    def _inspect(self):
        """Checklists, a campaign with a team, plans, an open visit and a finished one, all in long words."""
        cast, county, today = self.cast, self.cast.county.authority, timezone.localdate()
        words = {"text": LONG[:200], "guidance": LONG_LATIN[:200], "phrases": [LONG[:100], LONG_LATIN[:100]],
                 "interim": LONG, "upgrade_when": LONG[:200]}  # fmt: skip
        items = {f"items__{name}": value for name, value in words.items()}
        kinds = [cast.home.kind]
        self.checklist = make.ChecklistFactory(name=LONG[:60], kinds=kinds, items=6, published=True, **items)
        self.draft_list = make.ChecklistFactory(
            name=LONG[:60], kinds=kinds, scope=county.region, items=3, **items
        )
        self.campaign = make.CampaignFactory(
            authority=county, name=LONG[:60], note=LONG_LATIN, created_by=cast.county.user
        )
        self.campaign.regions.add(county.region)
        self.team = make.InspectionTeamFactory(
            authority=county, campaign=self.campaign, name=LONG[:40], leader=cast.county.user
        )
        self.team.members.add(cast.county2.user)
        self.team.institutions.add(cast.home)
        make.VisitPlanFactory(institution=cast.home)
        make.VisitFactory(institution=cast.home, planned=True, planned_on=today, created_by=cast.county.user)
        self.visits, self.findings = [], []
        for is_finished in (False, True):
            visit = open_visit(
                cast, kind="joint", checklist=self.checklist, campaigns=[self.campaign], other_participants=LONG[:200]
            )  # fmt: skip
            first, *others = self.checklist.items.all()
            answer(visit, cast.county, {first.pk: "no"} | {item.pk: "yes" for item in others})
            facts = {"description": LONG, "location": LONG_LATIN[:100], "found": self.photos(cast.county, 3)}
            came_back = {"department": "market_regulation", "recurrence_of": self.hazards["closed"]}
            self.findings.append(find(visit, cast.county, first, **facts | came_back))
            again = {"handling": "same", "same_as": self.hazards["rectifying"]}
            find(visit, cast.county, **facts | again | {"found": self.photos(cast.county, 2)})
            if is_finished:
                for actor in (cast.county, cast.county2):
                    sign(
                        visit, by=actor, uid=uuid.uuid4(), role="inspector", image=drawing(), user=actor.user
                    )
                visit = finish(signed(visit, cast.county, name=cast.manager.user.name), by=cast.county)
            self.visits.append(visit)

    def _appraise(self):
        """A published table of the city with a veto, and the province's draft of the same year with one proposed."""
        cast, last_year = self.cast, str(timezone.localdate().year - 1)
        table = drawing_up.start(by=cast.city, period=last_year)
        words = {"reason": LONG, "happened": LONG_LATIN, "seen": set(), "is_confirmed": True}
        drawing_up.decide(table, by=cast.city, region=cast.place.county, kind="other", **words)
        for flag in flags_of(table, cast.city, [cast.place.county], term(last_year), timezone.localdate()):
            if flag.evidence:
                seen = {entry["hazard"] for entry in flag.evidence}
                said = {"reason": LONG, "seen": seen, "is_confirmed": True}
                drawing_up.decide(table, by=cast.city, region=flag.region, kind=flag.kind, **said)
        number = LONG[:60]
        self.appraisals = [
            publishing.publish(table, by=cast.city, document_number=number),
            drawing_up.start(by=cast.province, period=last_year),
        ]

    def draft(self, actor) -> list[dict]:
        """A sheet of this actor's, one row of which can't be imported."""
        expires = timezone.now() + timedelta(hours=1)
        cells = [
            {"name": LONG_NAME, "beds": "1200"},
            {"name": LONG_LATIN[:80], "kind": "养老机构"},
            {"kind": LONG},
        ]
        rows = [{"number": n, "cells": row, "errors": []} for n, row in enumerate(cells, start=2)]
        made = ImportDraft.objects.create(
            user=actor.user, filename=f"{LONG[:100]}.xlsx", rows=rows, content=b"", expires_at=expires
        )
        return [{"pk": made.pk}]

    def _channels(self):
        """Group robots, one at work and one that failed, and addresses that reach nobody."""
        authority, name = self.cast.place.county.authorities.get(department="civil_affairs"), LONG_NAME[:40]
        failed = {
            "failed_at": timezone.now(),
            "last_error": f"HTTP 200 errcode 310000: sign not match {LONG_LATIN}",
        }
        self.robots = [
            RobotWebhookFactory(authority=authority, name=name),
            RobotWebhookFactory(authority=authority, kind="dingtalk", name=name, **failed),
        ]
        for actor in (self.cast.manager, self.cast.county):
            actor.user.email = f"{LONG_LATIN[12:60]}@example.com"
            actor.user.save()
            self.address = UndeliverableAddressFactory(user=actor.user)

    def _accesses(self):
        """Access by other systems: one that waits, one at work whose address failed, one revoked."""
        cast, now = self.cast, timezone.now()
        authority, user = cast.county.authority, cast.county.user
        facts = {
            "authority": authority,
            "name": LONG_NAME[:40],
            "operator": LONG_NAME[:60],
            "purpose": LONG[:200],
        }
        listening = SubscriberFactory(
            authority=authority,
            vouched_as=cast.county.membership,
            url=LONG_LATIN,
            failed_at=now,
            last_error=LONG_LATIN,
        )
        try_subscriber(listening)
        listening.deliveries.update(dead_at=now, is_undeliverable=True, last_error=f"HTTP 500 {LONG_LATIN}")
        at_work = {
            "token": new_token(), "issued_as": cast.county.membership, "push_url": LONG_LATIN, "subscriber": listening,
        }  # fmt: skip
        self.accesses = [
            AccessFactory(**facts),
            AccessFactory(**facts, **at_work, last_used_at=now),
            AccessFactory(**facts, revoked_at=now, revoked_by=user),
        ]

    def _run_clocks(self):
        """A matter that is late and one that escalates tomorrow, with acts that wait to be issued."""
        load_ladders()
        today, home = timezone.localdate(), self.cast.home
        facts = {"institution_id": home.pk, "url": f"/institutions/{home.pk}/", "title": LONG[:200]}
        self.matter = 10**9 + home.pk  # no row's id: real matters have clocks of their own
        running.start(
            kind="feedback", subject_id=self.matter, ladder_key="feedback", due_on=today,
            started_on=today - timedelta(days=9), **facts,
        )  # fmt: skip
        late = running.start(
            kind="supervision", subject_id=self.matter, ladder_key="hazard_major", is_major=True,
            due_on=today - timedelta(days=11), started_on=today - timedelta(days=12), **facts,
        )  # fmt: skip
        sweep()
        self.act_drafts = {kind: late.drafts.get(kind=kind) for kind in ("supervise", "circular")}

    def objects(self, takes: str, actor) -> list[dict]:
        """URL arguments for what a URL takes (see tests/access/policy.py): several where the page differs much."""
        home, member = self.cast.home, self.cast.manager
        found = {
            "": [{}],
            "hazard": [{"pk": hazard.pk} for hazard in self.hazards.values()],
            "institution": [{"pk": home.pk}],
            "institution_year": [{"pk": home.pk, "year": timezone.localdate().year}],
            "drill": [{"pk": home.pk, "drill_pk": home.drills.first().pk}],
            "institution_pk": [{"institution_pk": home.pk}],
            "photo": [{"pk": self.evidence.pk, "variant": "thumb"}],
            "upload": [{"file_id": self.upload}],
            "notice": [{"pk": self.notice.pk}],
            "robot": [{"pk": robot.pk} for robot in self.robots],
            "address": [{"pk": self.address.pk}],
            "access": [{"pk": access.pk} for access in self.accesses],
            "member": [{"pk": member.user.pk}],
            "membership": [{"pk": member.membership.pk}],
            "checklist": [{"pk": self.checklist.pk}],
            "checklist_being_edited": [{"pk": self.draft_list.pk}],
            "checklist_item": [{"pk": self.draft_list.pk, "item_pk": self.draft_list.items.first().pk}],
            "campaign": [{"pk": self.campaign.pk}],
            "team": [{"pk": self.team.pk}],
            "visit": [{"uid": visit.uid} for visit in self.visits],
            "finding": [{"uid": f.visit.uid, "finding_uid": f.uid} for f in self.findings],
            "order": [{"pk": order.pk} for order in self.orders],
            "extension": [{"pk": request.pk} for request in self.asked],
            "letter": [{"pk": letter.pk} for letter in self.letters],
            "sent_evidence": [{"pk": self.letters[0].attachments.get().pk, "variant": "thumb"}],
            "appraisal": [{"pk": made.pk} for made in self.appraisals],
            "record": [{"kind": record.kind.value, "pk": record.pk} for record in self.records],
            "clock": [{"kind": "feedback", "subject_id": self.matter}],
            "act_draft": [{"pk": self.act_drafts["supervise"].pk}],
            "city_draft": [{"pk": self.act_drafts["circular"].pk}],
            "sent_photo": [{"uid": self.visits[0].uid, "photo_uid": uuid.uuid4()}],
            "sent_signature": [{"uid": self.visits[0].uid, "signature_uid": uuid.uuid4()}],
            "finding_photo": [{"pk": self.findings[0].photos.first().pk, "variant": "thumb"}],
        }
        own = {
            "draft": self.draft,
            "export": self.exports,
            "import": self.imports,
            "withdrawal": self.withdrawals,
            "filter": self.filters,
            "bulk": self.bulks,
        }
        return own[takes](actor) if takes in own else found[takes]

    def exports(self, actor) -> list[dict]:
        """This actor's exports: waiting, being made, made, failed, cancelled."""
        asked = {"asked_as": actor.membership, "words": LONG[:400], "layout": "major"}
        now = timezone.now()
        states = [
            {}, {"rows_total": 100_000, "rows_done": 12_345}, {"cancelled_at": now},
            {"failed_at": now, "failure": LONG[:200]},
        ]  # fmt: skip
        if actor.may_view_hazards:
            states.append({"made": "x"})
        return [{"pk": ExportJobFactory(**asked, **state).pk} for state in states]

    def imports(self, actor) -> list[dict]:
        """This actor's ledgers: to be matched, being judged, judged with errors, being written, done, failed, cancelled."""
        long = {"filename": f"{LONG[:100]}.csv", "asked_as": actor.membership}
        counts = {"good": 1, "issued": 2, "past": 3, "here": 4, "wrong": 5}
        states = [
            {"stage": "matching"}, {"stage": "checking", "attempts": 1, "rows_done": 12_345, "rows_total": 20_000},
            {"counts": counts, "words": [["状态", LONG[:30], "", 5], ["状态", LONG[:30], "整改中", 1]]},
            {"stage": "importing", "takes": "all"}, {"stage": "failed", "failure": LONG[:200]}, {"stage": "cancelled"},
            {"stage": "done", "takes": "good", "counts": counts | {"written": {"good": 1, "issued": 2, "past": 3}}},
        ]  # fmt: skip
        return [{"pk": LedgerImportFactory(**long, **state).pk} for state in states]

    def withdrawals(self, actor) -> list[dict]:
        """Imports of this actor's asked back: being taken back, done, refused, failed; and one to decide. None of a house."""
        if actor.authority is None:
            return []
        boss, now = MembershipFactory(authority=actor.authority), timezone.now()
        decided = {"decided_by": boss.user, "decided_as": boss, "decided_at": now, "opinion": LONG[:200]}
        own = {"of__asked_as": actor.membership, "of__filename": f"{LONG[:100]}.csv", "reason": LONG[:200]}
        states = [
            {}, decided | {"stage": "at_work", "rows_total": 20_000, "rows_done": 12_345},
            decided | {"stage": "done", "counts": {"hazards": 12_345, "past": 6_789, "stay": 1}},
            decided | {"stage": "refused"}, decided | {"stage": "failed", "failure": LONG[:200]},
        ]  # fmt: skip
        made = [ImportWithdrawalFactory(**own, **state) for state in states]
        made.append(ImportWithdrawalFactory(of__asked_as=boss, reason=LONG[:200], decider=actor.authority))
        return [{"pk": one.pk} for one in made]

    def filters(self, actor) -> list[dict]:
        """One this actor kept and shares."""
        kept = SavedFilterFactory(
            kept_as=actor.membership, name=LONG[:30], query={"q": LONG[:60]}, shared_with=actor.authority
        )
        return [{"pk": kept.pk}]

    def bulks(self, actor) -> list[dict]:
        """A bulk act of this actor's with a row of each result, and one that waits."""
        run = BulkRunFactory(made_as=actor.membership, made_by=actor.user)
        hazards = list(self.hazards.values())
        for hazard, outcome in zip(hazards, ("done", "refused", "changed", ""), strict=False):
            BulkLineFactory(run=run, hazard=hazard, outcome=outcome, words=LONG if outcome != "done" else "")
        return [{"pk": run.pk}]

    def acts(self, actor) -> list[dict]:
        """URL arguments of one page for every act this actor can do to some hazard."""
        found = {}
        for hazard in self.hazards.values():
            if Hazard.objects.visible_to(actor).filter(pk=hazard.pk).exists():
                for action in workflow.actions_for(actor, hazard):
                    if action in FORMS:
                        found.setdefault(action, {"pk": hazard.pk, "action": action.value})
        return list(found.values())
