"""Three counties whose every text carries a canary, with numbers of rows that give a leaked total away.

`own` is where the actors sit; `sibling` is in the same city, `foreign` in another city. Each county has its own
prime number of open hazards (3, 5, 7), so that a total over more than one's scope is recognisable.
"""

import uuid
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from api.tokens import new_token
from clocks import running
from clocks.actions.ladders import load_ladders
from clocks.sweep import sweep
from files.intake import receive
from hazards.actions import lifecycle, summoning
from institutions.enums import Role
from institutions.models import ImportDraft, User
from notifications.models import Notice
from reports.models import ImportedRow, PastHazard
from tests.factories import (
    AccessFactory,
    AppraisalFactory,
    AppraisalRowFactory,
    BulkLineFactory,
    BulkRunFactory,
    Cast,
    DrillFactory,
    ExportJobFactory,
    ImportWithdrawalFactory,
    LedgerImportFactory,
    LicenceFactory,
    PledgeFactory,
    RobotWebhookFactory,
    SavedFilterFactory,
    SubscriberFactory,
    UndeliverableAddressFactory,
    draft_to_county,
    extension_withdrawn,
    make_actor,
    make_place,
    register_hazard,
    supervised,
    transferred,
)
from tests.inspections import factories as inspecting
from tests.pictures import jpeg
from tests.workdays.made import seed_calendar

PRIMES = {"own": 3, "sibling": 5, "foreign": 7}
ROLES = {
    "province_official": "province",
    "city_official": "city",
    "county_official": "county",
    "township_patrol": "township",
    "manager": "home",
    "safety_officer": "home",
    "liaison": "fire_rescue",
    "auditor": "county",
    "system_admin": "county",
    "security_admin": "county",
}


class County:
    """One county's objects: institution, hazard awaiting verification, evidence, notice, upload, import, member."""

    def __init__(self, key: str, place, canary: str):
        self.key, self.place, self.canary = key, place, canary
        for region in (place.county, place.township):
            region.name = f"{canary}县"
            region.save()
            authority = region.authorities.get(department="civil_affairs")
            authority.name = f"{canary}民政局"
            authority.save()
        cast = Cast(
            place, township=place.township, name=f"{canary}养老院", address=f"{canary}路 1 号", credit_code=""
        )
        self.cast, self.home = cast, cast.home
        LicenceFactory(institution=self.home, number=f"{canary}证")
        self.pledge = PledgeFactory(
            institution=self.home, signer=f"{canary}院长", counter_signer=f"{canary}局长"
        )
        self.drill = DrillFactory(institution=self.home, problems=f"{canary}发现的问题")
        for actor in (cast.county, cast.county2, cast.manager, cast.safety):
            actor.user.name = f"{canary}人"
            actor.user.save()
        texts = {"description": f"{canary}隐患", "location": f"{canary}部位", "basis": f"{canary}依据"}
        due = timezone.localdate() + timedelta(days=7)
        issued = {"due_on": due, "responsible_person": f"{canary}责任", "interim_measures": f"{canary}措施"}
        for n in range(PRIMES[key]):
            by, photo = cast.county, self._photo(cast.county, n)
            self.hazard = register_hazard(cast, evidence=[photo], issue_with=issued, **texts)
            self.found_by = by
        self.hazard = lifecycle.submit(
            self.hazard, by=cast.manager, measures=f"{canary}整改", evidence=[self._photo(cast.manager, 90)]
        )
        self.evidence = self.hazard.evidence.order_by("id").last()
        self.upload = self._photo(cast.county, 91)
        self.notice = Notice.objects.filter(recipient=cast.county.user).latest("id")
        self.draft = ImportDraft.objects.create(
            user=cast.county.user, filename=f"{canary}.xlsx", **import_draft_fields(canary)
        )
        self.member = cast.manager
        self.robot = RobotWebhookFactory(authority=place.county.authorities.get(), name=f"{canary}群")
        self.address = UndeliverableAddressFactory(user=cast.safety.user, address=f"{canary}@example.com")
        User.objects.filter(pk=cast.safety.user.pk).update(email=self.address.address)
        self._order()
        query = {"q": canary}
        self.export = ExportJobFactory(
            asked_as=cast.county.membership, query=query, words=canary, made=canary
        )
        self.brought = LedgerImportFactory(
            asked_as=cast.county.membership, filename=f"{canary}.csv", content=canary
        )
        ImportedRow.objects.create(of=self.brought, hazard=self.hazard, row=2)
        PastHazard.objects.create(
            uid=uuid.uuid4(), of=self.brought, institution=self.home, row=3, description=f"{canary}隐患",
            location=f"{canary}部位", domain="fire", severity="general", found_on=timezone.localdate(),
            standing="closed", cells={"备注": f"{canary}人"}, brought_by=cast.county.authority,
        )  # fmt: skip
        self.withdrawal = ImportWithdrawalFactory(
            of=self.brought, reason=f"{canary}原因", decider=cast.county.authority
        )
        self.kept = SavedFilterFactory(
            kept_as=cast.county.membership,
            name=f"{canary}条件",
            query=query,
            shared_with=cast.county.authority,
        )
        self._open()
        self.bulk = BulkRunFactory(made_as=cast.county.membership, made_by=cast.county.user)
        BulkLineFactory(run=self.bulk, hazard=self.hazard, outcome="refused", words=canary)
        self._inspect()
        self._run_clocks()
        self._appraise()

    def _appraise(self):
        """A published table of one line, of what lies below the county."""
        evidence = [{"hazard": self.hazard.pk, "number": "", "institution": self.home.name,
                     "description": self.hazard.description, "fact": ""}]  # fmt: skip
        veto = {"label": "瞒报", "reason": f"{self.canary}理由", "by": "", "on": "", "evidence": evidence}
        self.appraisal = AppraisalFactory(region=self.place.county, note=f"{self.canary}说明")
        AppraisalRowFactory(appraisal=self.appraisal, region=self.place.township, rank=None, vetoes=[veto])
        self.appraisal.state, self.appraisal.document_number = "published", f"{self.canary}考1号"
        self.appraisal.published_at, self.appraisal.published_by = timezone.now(), self.cast.county.user
        self.appraisal.method = f"{self.canary}办法"
        self.appraisal.save()

    def _open(self):
        """A system that reads the county's data and is told of changes; `token` opens it."""
        canary, cast, self.token = self.canary, self.cast, new_token()
        self.access = AccessFactory(
            authority=cast.county.authority, name=f"{canary}系统", operator=f"{canary}单位", purpose=f"{canary}用途",
            token=self.token, issued_as=cast.county.membership,
            subscriber=SubscriberFactory(authority=cast.county.authority, vouched_as=cast.county.membership),
        )  # fmt: skip

    def _order(self):
        """An order over the hazard, a letter with one photo, an issued 通报 of the city to the county."""
        canary, cast = self.canary, self.cast
        words = {"requirements": f"{canary}要求", "document_number": f"{canary}督〔2026〕1号"}
        self.order = supervised(self.hazard, cast.county, supervising_unit=f"{canary}安委会", **words)
        chosen = list(self.hazard.evidence.filter(stage="found"))
        cast.liaison.user.name = f"{canary}人"
        cast.liaison.user.save()
        self.letter = transferred(
            self.hazard, cast.county, letter=f"{canary}函", document_number=f"{canary}移1号", evidence=chosen
        )
        self.sent_evidence = self.letter.attachments.get()
        self.hazard.refresh_from_db()
        draft = draft_to_county(cast, title=f"{canary}通报", text=f"{canary}事由和要求说明")
        self.record = summoning.issue(
            draft, by=cast.city, document_number=f"{canary}通1号", title=draft.title, text=draft.text
        )

        asked = {"reason": f"{canary}理由", "interim_measures": f"{canary}防控", "opinion": f"{canary}意见"}
        self.extension = extension_withdrawn(self.hazard, cast.manager, **asked)

    def _inspect(self):
        """A checklist of the county's own and a draft of one, a campaign with a team, an open visit, a finding, a kit."""
        canary, county = self.canary, self.place.county
        words = {"text": f"{canary}检查项", "guidance": f"{canary}方式", "phrases": [f"{canary}描述"]}
        items = {f"items__{name}": value for name, value in words.items()}
        self.checklist = inspecting.ChecklistFactory(
            scope=county, name=f"{canary}检查表", items=1, published=True, **items
        )
        self.draft_list = inspecting.ChecklistFactory(scope=county, name=f"{canary}草稿", items=1, **items)
        authority = county.authorities.get(department="civil_affairs")
        self.campaign = inspecting.CampaignFactory(
            authority=authority, name=f"{canary}行动", note=f"{canary}说明", created_by=self.cast.county.user
        )
        self.campaign.regions.add(county)
        self.team = inspecting.InspectionTeamFactory(
            authority=authority, campaign=self.campaign, name=f"{canary}组", leader=self.cast.county.user
        )
        self.team.members.add(self.cast.county2.user)
        self.team.institutions.add(self.home)
        self.visit = inspecting.VisitFactory(
            institution=self.home, checklist=self.checklist, created_by=self.cast.county.user,
            content=f"{canary}内容", problems=f"{canary}问题", person_in_charge=f"{canary}负责",
        )  # fmt: skip
        self.visit.inspectors.add(self.cast.county.user, self.cast.county2.user)
        self.finding = inspecting.FindingFactory(
            visit=self.visit,
            item=self.checklist.items.get(),
            description=f"{canary}发现",
            location=f"{canary}处",
        )
        self.finding_photo = inspecting.FindingPhotoFactory(
            finding=self.finding, file_id=self._photo(self.cast.county, 92)
        )

        self.packet = inspecting.PacketFactory(institution=self.home, made_by=self.cast.county.user)

    def _run_clocks(self):
        """Something that escalates tomorrow, and an act that waits to be issued."""
        today, facts = (
            timezone.localdate(),
            {"institution_id": self.home.pk, "url": f"/institutions/{self.home.pk}/"},
        )
        self.matter = 10**9 + self.home.pk  # no row's id: real matters have clocks of their own
        self.clock = running.start(
            kind="feedback", subject_id=self.matter, ladder_key="feedback", due_on=today,
            started_on=today - timedelta(days=9), title=f"{self.canary}反馈", **facts,
        )  # fmt: skip
        late = running.start(
            kind="supervision", subject_id=self.matter, ladder_key="hazard_major", is_major=True,
            due_on=today - timedelta(days=11), started_on=today - timedelta(days=12), title=f"{self.canary}督办", **facts,
        )  # fmt: skip
        sweep(timezone.localtime().replace(hour=6))
        self.act_draft, self.city_draft = late.drafts.get(kind="supervise"), late.drafts.get(kind="circular")

    def _photo(self, actor, seed):
        name = f"{self.canary}{seed}.jpg"
        picture = jpeg("gray", (320, 240), seed=seed + 100 * len(self.key))
        return receive(SimpleUploadedFile(name, picture), by=actor.user).pk

    def objects(self) -> dict[str, dict]:
        """URL arguments of this county's objects, by the kind of object a URL takes."""
        return {
            "": {},
            "hazard": {"pk": self.hazard.pk},
            "institution": {"pk": self.home.pk},
            "institution_year": {"pk": self.home.pk, "year": self.pledge.year},
            "drill": {"pk": self.home.pk, "drill_pk": self.drill.pk},
            "institution_pk": {"institution_pk": self.home.pk},
            "photo": {"pk": self.evidence.pk, "variant": "full"},
            "upload": {"file_id": self.upload},
            "notice": {"pk": self.notice.pk},
            "draft": {"pk": self.draft.pk},
            "export": {"pk": self.export.pk},
            "import": {"pk": self.brought.pk},
            "withdrawal": {"pk": self.withdrawal.pk},
            "filter": {"pk": self.kept.pk},
            "appraisal": {"pk": self.appraisal.pk},
            "bulk": {"pk": self.bulk.pk},
            "member": {"pk": self.member.user.pk},
            "membership": {"pk": self.member.membership.pk},
            "robot": {"pk": self.robot.pk},
            "address": {"pk": self.address.pk},
            "checklist": {"pk": self.checklist.pk},
            "checklist_being_edited": {"pk": self.draft_list.pk},
            "checklist_item": {"pk": self.draft_list.pk, "item_pk": self.draft_list.items.get().pk},
            "campaign": {"pk": self.campaign.pk},
            "team": {"pk": self.team.pk},
            "visit": {"uid": self.visit.uid},
            "finding": {"uid": self.visit.uid, "finding_uid": self.finding.uid},
            "finding_photo": {"pk": self.finding_photo.pk, "variant": "full"},
            "clock": {"kind": "feedback", "subject_id": self.matter},
            "act_draft": {"pk": self.act_draft.pk},
            "city_draft": {"pk": self.city_draft.pk},
            "sent_photo": {"uid": self.visit.uid, "photo_uid": uuid.uuid4()},
            "order": {"pk": self.order.pk},
            "extension": {"pk": self.extension.pk},
            "letter": {"pk": self.letter.pk},
            "sent_evidence": {"pk": self.sent_evidence.pk, "variant": "full"},
            "record": {"kind": "circular", "pk": self.record.pk},
            "access": {"pk": self.access.pk},
            "sent_signature": {"uid": self.visit.uid, "signature_uid": uuid.uuid4()},
        }


def import_draft_fields(canary: str) -> dict:
    """The fields of a draft that has one row."""
    expires = timezone.now() + timedelta(hours=1)
    return {"rows": [{"name": f"{canary}新院"}], "content": b"", "expires_at": expires}


def make_world() -> dict[str, County]:
    """The three counties of one province, and the calendar that is everybody's."""
    seed_calendar()
    load_ladders()
    own = make_place()
    places = {"own": own, "sibling": make_place(city=own.city), "foreign": make_place(province=own.province)}
    canaries = {"own": "本地标记甲", "sibling": "邻县标记乙", "foreign": "外市标记丙"}
    return {key: County(key, place, canaries[key]) for key, place in places.items()}


def actors(world: dict[str, County]) -> dict[str, object]:
    """One new actor for each role, in the county `own` or above it."""
    county = world["own"]
    at = {
        "province": county.place.province,
        "city": county.place.city,
        "county": county.place.county,
        "township": county.place.township,
        "home": county.home,
        "fire_rescue": county.cast.liaison.authority,
    }
    return {role: make_actor(Role(role), at[where]) for role, where in ROLES.items()}


def forms(county: County) -> dict[str, str]:
    """A body that fits no form exactly but carries ids of the county, to try every POST with."""
    return {
        "key": str(uuid.uuid4()),
        "version": "1",
        "membership": str(county.member.membership.pk),
        "up_to": str(county.notice.pk),
        "institution": str(county.home.pk),
        "evidence": str(county.upload),
        "reason": "别处来的人",
        "opinion": "别处来的人",
        "measures": "别处来的人",
        "name": "别处来的人",
        "place": f"institution:{county.home.pk}",
        "role": "manager",
        "transfer": str(county.letter.pk),
        "outcome": "handled",
        "receipt_number": "别处来的号",
        "answer": "别处来的人",
        "feedback": "别处来的人写的反馈",
        "document_number": "别处来的号",
        "change": "alert",
    }
