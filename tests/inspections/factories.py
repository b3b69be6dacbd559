"""Test objects of the inspections app: one factory a model, real rows in PostgreSQL."""

import io
import uuid
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from PIL import Image

from inspections import packet_rules
from inspections.enums import ChecklistStatus, InspectionKind, VisitStatus
from inspections.models import (
    Answer,
    Campaign,
    CampaignEvent,
    Checklist,
    ChecklistEvent,
    ChecklistItem,
    Finding,
    FindingPhoto,
    FindingPhotoView,
    InspectionTeam,
    Judgement,
    MajorSituation,
    Packet,
    Visit,
    VisitEvent,
    VisitPlan,
    VisitSignature,
)
from institutions.enums import InstitutionKind
from tests.factories import AuthorityFactory, InstitutionFactory, StoredFileFactory, UserFactory


def signature_png() -> bytes:
    """A small drawing, as the signing pad sends it."""
    out = io.BytesIO()
    Image.new("L", (120, 40), 255).save(out, "PNG")
    return out.getvalue()


class TraceFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    at = factory.LazyFunction(timezone.now)
    by = factory.SubFactory(UserFactory)
    by_name = factory.LazyAttribute(lambda o: o.by.name)


class ChecklistFactory(DjangoModelFactory):
    """A draft; `published=True` or `items=3` for more. Items are made before it is published."""

    class Meta:
        model = Checklist
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"L{n:03d}")
    name = factory.LazyAttribute(lambda o: f"检查表{o.code}")
    kinds = factory.LazyFunction(lambda: [InstitutionKind.NURSING_HOME])
    version = 1

    @factory.post_generation
    def items(self, create, extracted, **fields):
        for n in range(extracted or 0):
            ChecklistItemFactory(checklist=self, order=n + 1, **fields)

    @factory.post_generation
    def published(self, create, extracted, **fields):
        if extracted:
            self.status, self.published_at = ChecklistStatus.PUBLISHED, timezone.now()
            self.save(update_fields=["status", "published_at"])


class ChecklistItemFactory(DjangoModelFactory):
    class Meta:
        model = ChecklistItem

    checklist = factory.SubFactory(ChecklistFactory)
    code = factory.Sequence(lambda n: f"T-{n:04d}")
    order = 1
    kinds = factory.LazyAttribute(lambda o: list(o.checklist.kinds))
    domain = "fire"
    text = factory.LazyAttribute(lambda o: f"疏散通道畅通（{o.code}）")
    guidance = "逐层查看"
    days = 7
    bases = factory.LazyFunction(lambda: [{"text": "《消防法》(2021修正)第二十八条", "is_verified": True}])
    phrases = factory.LazyFunction(lambda: ["疏散通道堆放杂物"])


class ChecklistEventFactory(TraceFactory):
    class Meta:
        model = ChecklistEvent

    checklist = factory.SubFactory(ChecklistFactory)
    act = "drafted"


class MajorSituationFactory(DjangoModelFactory):
    class Meta:
        model = MajorSituation

    code = factory.Sequence(lambda n: f"S-{n:03d}")
    standard = "《养老机构重大事故隐患判定标准》"
    version = "2023"
    clause = "第四条（三）"
    text = "用易燃可燃芯材彩钢板搭建有人活动的建筑"
    status = "verified"
    kinds = factory.LazyFunction(lambda: [InstitutionKind.NURSING_HOME])


class CampaignFactory(DjangoModelFactory):
    class Meta:
        model = Campaign

    name = factory.Sequence(lambda n: f"消防安全专项行动{n}")
    kind = "special"
    level = factory.LazyAttribute(lambda o: o.authority.region.level)
    authority = factory.SubFactory(AuthorityFactory)
    starts_on = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=10))
    ends_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=90))
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)


class CampaignEventFactory(TraceFactory):
    class Meta:
        model = CampaignEvent

    campaign = factory.SubFactory(CampaignFactory)
    act = "created"


class InspectionTeamFactory(DjangoModelFactory):
    class Meta:
        model = InspectionTeam

    authority = factory.SubFactory(AuthorityFactory)
    name = factory.Sequence(lambda n: f"第{n}督导组")
    leader = factory.SubFactory(UserFactory)


class VisitFactory(DjangoModelFactory):
    """An open visit by one inspector at a new institution; `planned=True` for one still to come."""

    class Meta:
        model = Visit
        skip_postgeneration_save = True

    class Params:
        planned = factory.Trait(status=VisitStatus.PLANNED, checked_in_at=None, checked_in_by=None)

    uid = factory.LazyFunction(uuid.uuid4)
    institution = factory.SubFactory(InstitutionFactory)
    province = factory.SelfAttribute("institution.province")
    city = factory.SelfAttribute("institution.city")
    county = factory.SelfAttribute("institution.county")
    township = factory.SelfAttribute("institution.township")
    kind = InspectionKind.SCREENING
    status = VisitStatus.OPEN
    planned_on = factory.LazyFunction(timezone.localdate)
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)
    checked_in_at = factory.SelfAttribute("created_at")
    checked_in_by = factory.SelfAttribute("created_by")


def finish(visit: Visit) -> Visit:
    """The bare row finished, as the database sees it; the action does much more."""
    visit.status, visit.finished_at, visit.finished_by = (
        VisitStatus.FINISHED,
        timezone.now(),
        visit.checked_in_by,
    )
    visit.save(update_fields=["status", "finished_at", "finished_by"])
    return visit


class VisitPlanFactory(DjangoModelFactory):
    class Meta:
        model = VisitPlan

    institution = factory.SubFactory(InstitutionFactory)
    authority = factory.SelfAttribute("institution.authority")
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=30))
    kind = "yearly"


class AnswerFactory(DjangoModelFactory):
    class Meta:
        model = Answer

    visit = factory.SubFactory(VisitFactory)
    item = factory.SubFactory(ChecklistItemFactory)
    value = "yes"
    updated_by = factory.SelfAttribute("visit.checked_in_by")


class VisitSignatureFactory(DjangoModelFactory):
    class Meta:
        model = VisitSignature

    uid = factory.LazyFunction(uuid.uuid4)
    visit = factory.SubFactory(VisitFactory)
    role = "inspector"
    user = factory.SelfAttribute("visit.checked_in_by")
    name = "王建国"
    image = factory.LazyFunction(signature_png)
    signed_at = factory.LazyFunction(timezone.now)


class VisitEventFactory(TraceFactory):
    class Meta:
        model = VisitEvent

    visit = factory.SubFactory(VisitFactory)
    act = "check_in"


class FindingFactory(DjangoModelFactory):
    class Meta:
        model = Finding

    visit = factory.SubFactory(VisitFactory)
    description = "二楼疏散通道堆放杂物"
    location = "二楼东侧"
    domain = "fire"
    found_at = factory.LazyFunction(timezone.now)
    found_by = factory.SelfAttribute("visit.checked_in_by")


class FindingPhotoFactory(DjangoModelFactory):
    class Meta:
        model = FindingPhoto

    finding = factory.SubFactory(FindingFactory)
    file = factory.SubFactory(StoredFileFactory)


class FindingPhotoViewFactory(DjangoModelFactory):
    class Meta:
        model = FindingPhotoView

    photo = factory.SubFactory(FindingPhotoFactory)
    by = factory.SubFactory(UserFactory)
    variant = "full"


class JudgementFactory(DjangoModelFactory):
    class Meta:
        model = Judgement

    finding = factory.SubFactory(FindingFactory)
    situation = factory.SubFactory(MajorSituationFactory)
    standard = factory.SelfAttribute("situation.standard")
    version = factory.SelfAttribute("situation.version")
    clause = factory.SelfAttribute("situation.clause")
    text = factory.SelfAttribute("situation.text")
    decided_at = factory.LazyFunction(timezone.now)
    decided_by = factory.SelfAttribute("finding.found_by")


class PacketFactory(DjangoModelFactory):
    """A kit of the phone; `form="file"` for one file."""

    class Meta:
        model = Packet

    form = "phone"
    institution = factory.SubFactory(InstitutionFactory)
    visit_uid = factory.LazyFunction(uuid.uuid4)
    made_at = factory.LazyFunction(timezone.now)
    made_by = factory.SubFactory(UserFactory)
    use_until = factory.LazyAttribute(lambda o: o.made_at + packet_rules.USE_FOR)
    send_until = factory.LazyAttribute(lambda o: o.made_at + packet_rules.SEND_FOR)
    key = factory.LazyFunction(lambda: uuid.uuid4().bytes * 2)
    digest = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
