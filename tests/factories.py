"""Test objects: one factory a model, real rows in PostgreSQL."""

import uuid
from datetime import date, timedelta
from functools import cached_property

import factory
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from factory.django import DjangoModelFactory

from api.accesses import end_of_day
from api.enums import Scope
from api.models import Access
from api.tokens import SHOWN, digest_of, new_token
from files.models import StoredFile
from hazards.actions import drafting, extending, lifecycle, supervising, transferring, voiding
from hazards.actions.register import register
from hazards.enums import HazardStatus
from hazards.models import BulkLine, BulkRun, Circular, ExtensionRequest, Hazard, SupervisionOrder, Transfer
from institutions.actor import Actor
from institutions.enums import Department, InstitutionKind, RegionLevel, Role
from institutions.models import (
    Authority,
    Drill,
    Institution,
    Licence,
    Membership,
    Pledge,
    Region,
    ResponsiblePerson,
    User,
)
from institutions.rules import half_year_after
from notifications.models import NotificationPreference, RobotWebhook, Subscriber, UndeliverableAddress
from reports.models import (
    Appraisal,
    AppraisalItem,
    AppraisalRow,
    ExportJob,
    ImportFile,
    ImportWithdrawal,
    LedgerImport,
    SavedFilter,
    VetoRule,
)

PASSWORD = "Ceshi-2026-mima"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"9{n:05d}")
    name = factory.LazyAttribute(lambda o: f"区划{o.code}")
    level = RegionLevel.PROVINCE
    parent = None
    path = factory.LazyAttribute(lambda o: Region.path_for(o.code, o.parent))


class AuthorityFactory(DjangoModelFactory):
    class Meta:
        model = Authority
        django_get_or_create = ("region", "department")

    region = factory.SubFactory(RegionFactory)
    department = "civil_affairs"
    name = factory.LazyAttribute(lambda o: f"{o.region.name}民政局")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"人员{n}")
    must_change_password = False
    password = factory.django.Password(PASSWORD)


class InstitutionFactory(DjangoModelFactory):
    """An institution in `region` (a county by default), supervised by the county's authority."""

    class Meta:
        model = Institution

    class Params:
        place = None

    name = factory.Sequence(lambda n: f"测试养老院{n}")
    kind = InstitutionKind.NURSING_HOME
    region = factory.SelfAttribute("county")
    county = factory.LazyFunction(lambda: make_place().county)
    city = factory.LazyAttribute(lambda o: o.county.parent)
    province = factory.LazyAttribute(lambda o: o.city.parent)
    township = factory.SelfAttribute("county")
    authority = factory.LazyAttribute(lambda o: AuthorityFactory(region=o.county))


class LicenceFactory(DjangoModelFactory):
    class Meta:
        model = Licence

    institution = factory.SubFactory(InstitutionFactory)
    kind = "food"


class PledgeFactory(DjangoModelFactory):
    """Signed on New Year's Day of `year`, valid to its end."""

    class Meta:
        model = Pledge

    institution = factory.SubFactory(InstitutionFactory)
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    signed_on = factory.LazyAttribute(lambda o: date(o.year, 1, 1))
    valid_until = factory.LazyAttribute(lambda o: date(o.year, 12, 31))
    signer = "张三"
    counter_signer = "李四"


class DrillFactory(DjangoModelFactory):
    """A fire drill of today."""

    class Meta:
        model = Drill

    institution = factory.SubFactory(InstitutionFactory)
    held_on = factory.LazyFunction(timezone.localdate)
    kind = "fire"
    participants = 35
    next_due_on = factory.LazyAttribute(lambda o: half_year_after(o.held_on))


class ResponsiblePersonFactory(DjangoModelFactory):
    class Meta:
        model = ResponsiblePerson

    institution = factory.SubFactory(InstitutionFactory)
    duty = "院长"
    name = "张三"


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.COUNTY_OFFICIAL
    authority = None
    institution = None


class RobotWebhookFactory(DjangoModelFactory):
    """A 企业微信 robot of a county's authority; `url` may point to a stand-in."""

    class Meta:
        model = RobotWebhook

    authority = factory.LazyFunction(lambda: AuthorityFactory(region=make_place().county))
    kind = "wecom"
    name = factory.Sequence(lambda n: f"安全生产群{n}")
    url = factory.Sequence(lambda n: f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=key-of-tests-{n}")


class UndeliverableAddressFactory(DjangoModelFactory):
    """An address of `user` that reaches nobody."""

    class Meta:
        model = UndeliverableAddress

    user = factory.SubFactory(UserFactory, email=factory.Sequence(lambda n: f"gone{n}@example.com"))
    channel = "email"
    address = factory.SelfAttribute("user.email")
    reason = "550 5.1.1 no such user"


class NotificationPreferenceFactory(DjangoModelFactory):
    class Meta:
        model = NotificationPreference

    user = factory.SubFactory(UserFactory)


class SubscriberFactory(DjangoModelFactory):
    """An address of another system; vouched for by an official of the authority."""

    class Meta:
        model = Subscriber

    authority = factory.LazyFunction(lambda: AuthorityFactory(region=make_place().county))
    url = "https://hub.example.gov.cn/yinhuan"
    key_id = factory.Sequence(lambda n: f"key{n}")
    vouched_as = factory.LazyAttribute(lambda o: official_of(o.authority))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=90))


class AccessFactory(DjangoModelFactory):
    """Access by another system, asked for; with a `token` issued as well."""

    class Meta:
        model = Access

    authority = factory.LazyFunction(lambda: AuthorityFactory(region=make_place().county))
    name = factory.Sequence(lambda n: f"数据中台{n}")
    operator = "大数据局"
    purpose = "汇入数据中台"
    scopes = factory.LazyFunction(lambda: list(Scope.values))
    expires_at = factory.LazyFunction(lambda: end_of_day(timezone.localdate() + timedelta(days=90)))
    requested_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model, *args, token="", issued_as=None, **fields):
        if token:
            fields |= {
                "digest": digest_of(token), "prefix": token[:SHOWN], "issued_at": timezone.now(),
                "issued_as": issued_as or official_of(fields["authority"]), "issue_count": 1,
            }  # fmt: skip
        return super()._create(model, *args, **fields)


def official_of(authority: Authority) -> Membership:
    """A new official's post at an authority of civil affairs."""
    return MembershipFactory(role=f"{authority.region.level}_official", authority=authority)


def token_for(region: Region, *scopes: Scope, **fields) -> str:
    """A token that reads what the civil-affairs authority of a region sees; every scope unless some are named."""
    token = new_token()
    chosen = {"scopes": list(scopes)} if scopes else {}
    AccessFactory(authority=AuthorityFactory(region=region), token=token, **chosen, **fields)
    return token


class Place:
    """One branch of the region tree with its authorities: province → city → county → township."""

    def __init__(self, province, city, county, township):
        self.province, self.city, self.county, self.township = province, city, county, township

    def institution(self, **fields) -> Institution:
        return InstitutionFactory(county=self.county, **fields)


def make_place(province=None, city=None) -> Place:
    """A new county (with its township) in `city`, or in a new city in `province`, or in a new province."""
    province = province or (city.parent if city else RegionFactory())
    city = city or RegionFactory(parent=province, level=RegionLevel.CITY)
    county = RegionFactory(parent=city, level=RegionLevel.COUNTY)
    township = RegionFactory(parent=county, level=RegionLevel.TOWNSHIP)
    for region in (province, city, county, township):
        AuthorityFactory(region=region)
    return Place(province, city, county, township)


def make_actor(role: Role, at: Region | Authority | Institution, user: User | None = None) -> Actor:
    """An actor holding `role` at a region's civil-affairs authority, an authority, or an institution."""
    if isinstance(at, Region):
        at = AuthorityFactory(region=at)
    where = {"institution": at} if isinstance(at, Institution) else {"authority": at}
    membership = MembershipFactory(role=role, user=user or UserFactory(), **where)
    return Actor(membership.user, membership)


class StoredFileFactory(DjangoModelFactory):
    """A row only, for tests that never look at the picture."""

    class Meta:
        model = StoredFile

    kind = "image"
    original_sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    original_size = 1000
    sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    size = 900
    width, height = 640, 480
    display_name = "照片.jpg"
    name = factory.LazyAttribute(lambda o: f"{o.sha256[:2]}/{o.sha256}.jpg")
    thumb_name = factory.LazyAttribute(lambda o: f"{o.sha256[:2]}/{o.sha256}-t.jpg")
    uploaded_by = factory.SubFactory(UserFactory)


class ExportJobFactory(DjangoModelFactory):
    """An export that waits; `made="text"` one whose file says that, for the scope of its post."""

    class Meta:
        model = ExportJob

    asked_as = factory.SubFactory(MembershipFactory, authority=factory.SubFactory(AuthorityFactory))
    asked_by = factory.SelfAttribute("asked_as.user")
    layout = "ledger"
    format = "csv"
    query = factory.LazyFunction(dict)
    words = "全部"

    @classmethod
    def _create(cls, model, *args, made="", **fields):
        job = super()._create(model, *args, **fields)
        if made:
            scope = Actor(job.asked_by, job.asked_as).scope
            job.name = default_storage.save(f"exports/{job.pk}-1.csv", ContentFile(made.encode()))
            job.made_at, job.size, job.rows_done = timezone.now(), len(made.encode()), 1
            job.scope_column, job.scope_value = scope.column, scope.value
            job.save()
        return job


class LedgerImportFactory(DjangoModelFactory):
    """A ledger of one wrong row, judged and waiting for its owner; `content` is a CSV."""

    class Meta:
        model = LedgerImport

    asked_as = factory.SubFactory(MembershipFactory, authority=factory.SubFactory(AuthorityFactory))
    asked_by = factory.SelfAttribute("asked_as.user")
    filename = "台账.csv"
    kind = "csv"
    digest = "0" * 64
    layout = factory.LazyFunction(
        lambda: {"sheet": 0, "heading_row": 1, "headings": {"0": "机构名称"}, "samples": {"0": ["某院"]}}
    )
    columns = factory.LazyFunction(lambda: {"0": "institution"})
    stage = "checked"
    rows_total = 1
    counts = factory.LazyFunction(lambda: {"good": 0, "issued": 0, "past": 0, "here": 0, "wrong": 1})

    @classmethod
    def _create(cls, model, *args, content="机构名称\n某院\n", **fields):
        request = super()._create(model, *args, **fields)
        marked = f"机构名称,错误\n{content}".encode()
        ImportFile.objects.create(
            of=request, content=content.encode(), errors={"2": ["没有填写存在问题"]}, marked=marked
        )
        return request


class ImportWithdrawalFactory(DjangoModelFactory):
    """An import that was asked back by who brought it and waits for the authority right there."""

    class Meta:
        model = ImportWithdrawal

    of = factory.SubFactory(LedgerImportFactory, stage="done", takes="all")
    asked_by = factory.SelfAttribute("of.asked_by")
    asked_as = factory.SelfAttribute("of.asked_as")
    decider = factory.SelfAttribute("of.asked_as.authority")
    reason = "选错了文件"


class SavedFilterFactory(DjangoModelFactory):
    class Meta:
        model = SavedFilter

    kept_as = factory.SubFactory(MembershipFactory, authority=factory.SubFactory(AuthorityFactory))
    name = factory.Sequence(lambda n: f"条件{n}")
    query = factory.LazyFunction(lambda: {"state": "open"})


class AppraisalFactory(DjangoModelFactory):
    """A draft of a province for last year, with one indicator of the whole weight and one 一票否决."""

    class Meta:
        model = Appraisal
        skip_postgeneration_save = True

    region = factory.SubFactory(RegionFactory)
    period = factory.LazyFunction(lambda: str(timezone.localdate().year - 1))
    version = 1
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)
    items = factory.RelatedFactory("tests.factories.AppraisalItemFactory", "appraisal")
    rules = factory.RelatedFactory("tests.factories.VetoRuleFactory", "appraisal")


class AppraisalItemFactory(DjangoModelFactory):
    class Meta:
        model = AppraisalItem

    appraisal = factory.SubFactory(AppraisalFactory, items=None)
    indicator = "closure"
    weight, full_mark, zero_mark, least = 100, 95, 60, 1


class VetoRuleFactory(DjangoModelFactory):
    class Meta:
        model = VetoRule

    appraisal = factory.SubFactory(AppraisalFactory, rules=None)
    kind, days = "major_late", 30


class AppraisalRowFactory(DjangoModelFactory):
    """The only line of a draft's table, with 9 of 10 for each of its indicators."""

    class Meta:
        model = AppraisalRow

    appraisal = factory.SubFactory(AppraisalFactory)
    region = factory.SubFactory(RegionFactory)
    position, weight, total, rank = 1, 100, 90, 1
    name = factory.SelfAttribute("region.name")

    @classmethod
    def _create(cls, model, *args, **fields):
        row = super()._create(model, *args, **fields)
        for item in row.appraisal.items.all():
            row.marks.create(item=item, part=9, whole=10, marks=90)
        return row


class BulkRunFactory(DjangoModelFactory):
    """A bulk 下发 that was begun."""

    class Meta:
        model = BulkRun

    action = "issue"
    made_as = factory.SubFactory(MembershipFactory, authority=factory.SubFactory(AuthorityFactory))
    made_by = factory.SelfAttribute("made_as.user")
    digest = "x"


class BulkLineFactory(DjangoModelFactory):
    """One row of it that waits; `outcome` ends it."""

    class Meta:
        model = BulkLine

    run = factory.SubFactory(BulkRunFactory)
    hazard = factory.LazyFunction(lambda: register_hazard(Cast()))
    version = 1
    ended_at = factory.LazyAttribute(lambda o: timezone.now() if getattr(o, "outcome", "") else None)


class Cast:
    """The people of one story: two officials of the county, two of the city, the home and its two people."""

    def __init__(self, place: Place | None = None, **institution):
        self.place = place or make_place()
        self.home = self.place.institution(**institution)
        ResponsiblePersonFactory(institution=self.home)
        self.county, self.county2 = (make_actor(Role.COUNTY_OFFICIAL, self.place.county) for _ in range(2))
        self.city, self.city2 = (make_actor(Role.CITY_OFFICIAL, self.place.city) for _ in range(2))
        self.province = make_actor(Role.PROVINCE_OFFICIAL, self.place.province)
        self.township = make_actor(Role.TOWNSHIP_PATROL, self.place.township)
        self.manager = make_actor(Role.MANAGER, self.home)
        self.safety = make_actor(Role.SAFETY_OFFICER, self.home)
        self.auditor = make_actor(Role.AUDITOR, self.place.province)
        self.system_admin = make_actor(Role.SYSTEM_ADMIN, self.place.province)
        self.security_admin = make_actor(Role.SECURITY_ADMIN, self.place.province)

    @cached_property
    def liaison(self) -> Actor:
        """Of the county's fire rescue, made when asked for."""
        return make_liaison(self.place.county)


def make_liaison(region: Region, department: str = "fire_rescue") -> Actor:
    """A liaison of another department of a region, with its authority."""
    name = f"{region.name}{Department(department).label}部门"
    at = AuthorityFactory(region=region, department=department, name=name)
    return make_actor(Role.LIAISON, at)


def photos_of(actor: Actor, count: int = 1) -> list:
    """Ids of uploads that `actor` may use."""
    return [file.pk for file in StoredFileFactory.create_batch(count, uploaded_by=actor.user)]


def register_hazard(cast: Cast, by: Actor | None = None, **fields) -> Hazard:
    """A hazard at the cast's home through the real action; issued at once unless `issue_with=None`."""
    by = by or cast.county
    facts = {
        "institution": cast.home,
        "description": "疏散通道堆放杂物",
        "location": "二楼东侧",
        "domain": "fire",
        "severity": "general",
        "source": "screening",
        "found_on": timezone.localdate(),
        "uid": uuid.uuid4(),
        "evidence": photos_of(by),
        "issue_with": {
            "due_on": timezone.localdate() + timedelta(days=7),
            "responsible_person": "张三",
        },
    }
    return register(by=by, **(facts | fields))


def hazard_in(cast: Cast, status: str, **fields) -> Hazard:
    """A hazard brought to `status` by the real actions of the cast."""
    if status == HazardStatus.REGISTERED:
        return register_hazard(cast, issue_with=None, **fields)
    hazard = register_hazard(cast, **fields)
    if status == HazardStatus.VOIDED:
        return voiding.void(hazard, by=cast.county, reason="现场核实属于误报")
    if status == HazardStatus.RECTIFYING:
        return hazard
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    if status == HazardStatus.AWAITING_VERIFICATION:
        return hazard
    hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    if status == HazardStatus.VERIFIED:
        return hazard
    return lifecycle.close(hazard, by=cast.city, opinion="同意")


def long_hazard(cast: Cast, days: int = 60, **fields) -> Hazard:
    """A hazard being rectified whose deadline is far enough away to ask for an extension."""
    due_on = timezone.localdate() + timedelta(days=days)
    return register_hazard(cast, issue_with={"due_on": due_on, "responsible_person": "张三"}, **fields)


def extension_asked(cast: Cast, hazard: Hazard, days: int = 20, **facts) -> Hazard:
    """An extension asked for by the manager, `days` later than the deadline."""
    wish = {
        "reason": "设备到货推迟",
        "interim_measures": "停用该楼层，专人值守",
        "proposed_due_on": hazard.due_on + timedelta(days=days),
    }
    return extending.request_extension(hazard, by=cast.manager, **(wish | facts))


def extension_withdrawn(hazard: Hazard, by: Actor, **facts) -> ExtensionRequest:
    """A request of long ago that was taken back, as a row alone: fits a hazard of any status."""
    now = timezone.now()
    row = {
        "case": "general",
        "round": 1,
        "reason": "设备到货推迟",
        "interim_measures": "停用该楼层，专人值守",
        "old_due_on": hazard.due_on,
        "proposed_due_on": hazard.due_on + timedelta(days=20),
        "decide_by": hazard.due_on,
        "region": hazard.county,
        "requested_at": now,
        "requested_by": by.user,
        "outcome": "withdrawn",
        "opinion": "可以按期完成",
        "decided_at": now,
        "decided_by": by.user,
    }
    return ExtensionRequest.objects.create(hazard=hazard, **(row | facts))


def supervised(hazard: Hazard, by: Actor, **facts) -> SupervisionOrder:
    """The order placed over the hazard by this official."""
    today = timezone.localdate()
    order = {
        "supervising_unit": by.place_name,
        "document_number": f"民安督〔2026〕{uuid.uuid4().hex[:6]}号",
        "requirements": "限期治理完毕",
        "due_on": today + timedelta(days=60),
        "plan_due_on": today + timedelta(days=15),
    }
    hazard = supervising.place_under_supervision(hazard, by=by, **(order | facts))
    return hazard.supervisions.get(state="open")


def transferred(hazard: Hazard, by: Actor, **facts) -> Transfer:
    """The hazard handed to the fire rescue, answer due in 15 days."""
    letter = {
        "department": "fire_rescue",
        "recipient": "消防救援大队",
        "document_number": f"民移〔2026〕{uuid.uuid4().hex[:6]}号",
        "letter": "消防设施须由贵单位依法处理。",
        "due_on": timezone.localdate() + timedelta(days=15),
    }
    hazard = transferring.transfer(hazard, by=by, **(letter | facts))
    return hazard.transfers.latest("id")


def draft_to_county(cast: Cast, kind: type = Circular, **facts):
    """A 通报 or 约谈 drafted by the city to the county."""
    words = {"title": "关于整改不力的通报", "text": "多条隐患逾期未改，请查明原因。"} | facts
    return drafting.draft_by_hand(by=cast.city, kind=kind, addressee=cast.county.authority, **words)


CONFIRMED = {"is_cause_found": True, "is_rectified": True, "is_satisfactory": True}


def log_in(client: Client, actor: Actor) -> Client:
    """A test client logged in as the actor's user, acting in the actor's post."""
    client.force_login(actor.user, backend="institutions.backends.PersonBackend")
    session = client.session
    session["membership"] = actor.membership.pk
    session.save()
    return client


def as_client(actor: Actor) -> Client:
    """A fresh client logged in as `actor`."""
    return log_in(Client(), actor)
