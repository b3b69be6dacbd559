"""Who is told of which act, in which words. One row an action; everybody but the one who acted."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from operator import attrgetter, or_
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.urls import reverse

from common.prepared import Prepared
from hazards.enums import HazardAction, HazardStatus
from hazards.models import ExtensionRequest
from institutions.actor import Actor
from institutions.enums import Capability, Department, Role
from institutions.models import Membership
from notifications import outbox, reading

A = HazardAction


def roles_with(capability: Capability) -> list[Role]:
    """The roles that have a capability."""
    return [role for role in Role if capability in role.facts.capabilities]


def institution_people(hazard) -> Q:
    """Those who rectify: manager and safety officer of the institution."""
    return Q(institution_id=hazard.institution_id, role__in=roles_with(Capability.RECTIFY))


def supervisors(hazard) -> Q:
    """Officials of the supervising authority."""
    return Q(authority_id=hazard.supervising_authority_id, role__in=roles_with(Capability.VERIFY))


def _officials_of(region_id, capability: Capability) -> Q:
    """Officials with `capability` at the civil-affairs authority of a region: its id, None, or a query of one."""
    return Q(
        authority__region_id=region_id,
        authority__department=Department.CIVIL_AFFAIRS,
        role__in=roles_with(capability),
    )


def closers(hazard) -> Q:
    """Officials of the authority that closes out; nobody before acceptance."""
    return _officials_of(hazard.closing_region_id, Capability.CLOSE)


def extension_deciders(hazard) -> Q:
    """Officials of the authority that decides on the extension; nobody when none was asked for."""
    return _officials_of(hazard.extension_region_id, Capability.DECIDE_EXTENSION)


def asked_deciders(hazard) -> Q:
    """Officials of the authority that was asked last, whether or not it still has to decide."""
    asked = ExtensionRequest.objects.filter(hazard_id=hazard.pk).order_by("-id").values("region_id")[:1]
    return _officials_of(asked, Capability.DECIDE_EXTENSION)


def supervision_holders(hazard) -> Q:
    """Officials of the authority under whose order it is (挂牌督办)."""
    return _officials_of(hazard.supervised_region_id, Capability.SUPERVISE)


def whose_turn(hazard) -> Callable:
    """The audience that can do the next step: the institution, its supervising authority, who closes out or lifts an order."""
    if hazard.status == HazardStatus.RECTIFYING:
        return institution_people
    if hazard.status == HazardStatus.VERIFIED:
        return supervision_holders if hazard.supervised_region_id else closers
    return supervisors


def officer(hazard) -> Q:
    """The supervising officer (监管责任人), while they hold a post at the supervising authority."""
    return supervisors(hazard) & Q(user_id=hazard.supervising_officer_id)


def finder(hazard) -> Q:
    """Who registered it: a patrol or a superior wants to know what became of it."""
    return Q(user_id=hazard.registered_by_id)


@dataclass(frozen=True)
class Notice:
    """Audiences and the sentence they read, with the place, the deadline and the next step.

    `asks_whose_turn`: also whoever has that step, which depends on the status.
    """

    audiences: tuple[Callable, ...]
    subject: str
    asks_whose_turn: bool = False


NOTICES: dict[HazardAction, Notice] = {
    A.REGISTER: Notice((supervisors,), "新登记隐患待下发：{place}"),
    A.FIX_ON_THE_SPOT: Notice((supervisors, institution_people), "立行立改，等待验收：{place}"),
    A.ISSUE: Notice((institution_people, finder), "已下发整改，请于{due}前完成：{place}"),
    A.PLAN: Notice((supervisors,), "已填报整改方案：{place}"),
    A.SUBMIT: Notice((supervisors,), "已提交整改，等待验收：{place}"),
    A.REJECT: Notice((institution_people,), "整改被退回，请于{due}前重新整改：{place}"),
    A.ACCEPT: Notice((closers, institution_people), "验收通过，等待销号：{place}"),
    A.CLOSE: Notice((institution_people, supervisors, finder), "隐患已销号：{place}"),
    A.RETURN: Notice((institution_people, supervisors), "不予销号，请于{due}前重新整改：{place}"),
    A.REQUEST_VOID: Notice((supervisors,), "重大隐患申请作废，等待另一位同事决定：{place}"),
    A.REFUSE_VOID: Notice((supervisors,), "不同意作废：{place}"),
    A.VOID: Notice((institution_people, supervisors, finder), "隐患已作废：{place}"),
    A.REQUEST_EXTENSION: Notice((extension_deciders,), "申请延期，等待决定：{place}"),
    A.APPROVE_EXTENSION: Notice((institution_people, supervisors), "已批准延期，请于{due}前完成：{place}"),
    A.REFUSE_EXTENSION: Notice((institution_people, supervisors), "不予延期，仍须于{due}前完成：{place}"),
    A.WITHDRAW_EXTENSION: Notice((asked_deciders, supervisors), "已撤回延期申请，仍按原期限整改：{place}"),
    A.PLACE_UNDER_SUPERVISION: Notice((institution_people, supervisors), "已挂牌督办，请按要求治理：{place}"),
    A.REPORT_PROGRESS: Notice((supervision_holders, supervisors), "报告治理进展：{place}"),
    A.LIFT_SUPERVISION: Notice((institution_people, supervisors, closers), "已摘牌，等待销号：{place}"),
    A.REVOKE_SUPERVISION: Notice((institution_people, supervisors), "已撤销挂牌督办：{place}"),
    A.TRANSFER: Notice((supervisors,), "已移送其他部门：{place}"),
    A.WITHDRAW_TRANSFER: Notice((supervisors,), "已撤回移送：{place}"),
    A.ANSWER_TRANSFER: Notice((supervisors,), "移送部门已回执：{place}"),
    A.RECORD_ANSWER: Notice((supervisors,), "已录入移送部门的回执：{place}"),
    A.NUDGE: Notice((), "催办，请尽快{step}：{place}", asks_whose_turn=True),
    A.REASSIGN: Notice((officer,), "改派您为监管责任人：{place}"),
}

# An institution is not told of what it can't see: a hazard voided before it was issued.
_INSTITUTION_MAY_NOT_KNOW = {A.VOID}
_ENDS = {A.CLOSE, A.VOID}
_STEPS = {
    HazardStatus.REGISTERED: "下发整改",
    HazardStatus.RECTIFYING: "整改",
    HazardStatus.AWAITING_VERIFICATION: "验收",
    HazardStatus.VERIFIED: "销号",
}


def topic(hazard) -> str:
    """The key under which all notices of one hazard are settled."""
    return f"hazard:{hazard.pk}"


def next_step(hazard) -> str:
    """What has to be done next, as a verb; empty when nothing has."""
    if hazard.status == HazardStatus.VERIFIED and hazard.supervised_region_id:
        return "摘牌"
    return _STEPS.get(hazard.status, "")


def _day(day) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


class _Keys(NamedTuple):
    """What audiences compare of a hazard."""

    pk: int
    institution_id: int
    supervising_authority_id: int
    closing_region_id: int | None
    extension_region_id: int | None
    supervised_region_id: int | None
    registered_by_id: int
    supervising_officer_id: int | None


_keys_of = attrgetter(*_Keys._fields)


@cache
def _members(audiences: tuple[Callable, ...]) -> Prepared:
    """The active users in any of these audiences but one, by that one's id and the keys of a hazard."""

    def made(own, pk, institution, authority, closing, extension, supervised, finder, officer) -> QuerySet:
        keys = _Keys(pk, institution, authority, closing, extension, supervised, finder, officer)
        who = reduce(or_, (audience(keys) for audience in audiences))
        rows = Membership.objects.active().filter(who).exclude(user_id=own)
        return rows.order_by().values_list("user_id")

    return Prepared(made)


def recipients(hazard, action: HazardAction, *, by: Actor) -> list[int]:
    """Ids of the active users concerned, each once, without the one who acted."""
    audiences = NOTICES[action].audiences
    if NOTICES[action].asks_whose_turn:
        audiences = (*audiences, whose_turn(hazard))
    if action in _INSTITUTION_MAY_NOT_KNOW and not (hazard.issued_at or hazard.is_self_reported):
        audiences = tuple(audience for audience in audiences if audience is not institution_people)
    rows = _members(audiences).rows(by.user.pk, *_keys_of(hazard))
    return sorted({user_id for (user_id,) in rows})


def tell(hazard, event, *, by: Actor) -> int:
    """Tell those concerned, in the transaction of the act; the end of a hazard settles what was said before."""
    action = HazardAction(event.action)
    body = f"{hazard.number} {hazard.description}"
    if event.comment:
        body += f"\n意见：{event.comment}"
    if action in _ENDS:
        outbox.settle(topic(hazard))
    if event.seq > 1:  # before the first nobody was told anything
        reading.mark_topic_read(by.user, topic(hazard))
    return outbox.notify(
        recipients=recipients(hazard, action, by=by),
        subject=NOTICES[action].subject.format(
            place=hazard.institution.name, due=_day(hazard.due_on), step=next_step(hazard)
        ),
        body=f"{body}\n办理：{by.user.name}（{by.place_name}）",
        url=reverse("hazards:detail", args=[hazard.pk]),
        topic=topic(hazard),
        at=event.at,
        dedupe_key=f"{topic(hazard)}:{event.seq}",
    )


def tell_officer_of_run(hazard, run: str, *, by: Actor, reason: str) -> int:
    """Tell the new officer of hazards handed over by the dozen, once a run however many they are."""
    members = Membership.objects.active().filter(officer(hazard)).exclude(user_id=by.user.pk)
    return outbox.notify(
        recipients=sorted(set(members.values_list("user_id", flat=True))),
        subject="改派您为监管责任人：一批隐患",
        body=f"原因：{reason}\n办理：{by.user.name}（{by.place_name}）",
        url=f"{reverse('reports:ledger')}?officer=mine",
        topic=f"bulk:{run}",
        dedupe_key=f"bulk:{run}",
    )


def tell_former_officer(hazard, user_id: int, *, by: Actor, reason: str) -> int:
    """Tell whoever was the supervising officer (监管责任人) until now; nobody who left the authority."""
    was = Membership.objects.active().filter(supervisors(hazard), user_id=user_id).exclude(user_id=by.user.pk)
    return outbox.notify(
        recipients=sorted(set(was.values_list("user_id", flat=True))),
        subject=f"您不再是监管责任人：{hazard.institution.name}",
        body=f"{hazard.number} {hazard.description}\n现由{hazard.supervising_officer.name}负责\n原因：{reason}\n"
        f"办理：{by.user.name}（{by.place_name}）",
        url=reverse("hazards:detail", args=[hazard.pk]),
        topic=topic(hazard),
        dedupe_key=f"{topic(hazard)}:{hazard.version}",
    )


def tell_liaisons(transfer, subject: str, *, url: str) -> int:
    """Tell the liaisons of the authority a transfer went to, in words that say nothing else of the hazard."""
    if transfer.authority_id is None:
        return 0  # on paper
    who = Q(authority_id=transfer.authority_id, role__in=roles_with(Capability.ANSWER_TRANSFER))
    members = Membership.objects.active().filter(who)
    subject = subject.format(place=transfer.hazard.institution.name, due=_day(transfer.due_on))
    return outbox.notify(
        recipients=sorted(set(members.values_list("user_id", flat=True))),
        subject=subject,
        body=f"{transfer.document_number}\n移送单位：{transfer.from_authority.name}",
        url=url,
        topic=f"transfer:{transfer.pk}",
        dedupe_key=f"transfer:{transfer.pk}:{transfer.state}",
    )
