"""Who is told of which act, in which words. One row an action; everybody but the one who acted."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from hazards.enums import HazardAction
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


def closers(hazard) -> Q:
    """Officials of the authority that closes out; nobody before acceptance."""
    return Q(
        authority__region_id=hazard.closing_region_id,
        authority__department=Department.CIVIL_AFFAIRS,
        role__in=roles_with(Capability.CLOSE),
    )


def finder(hazard) -> Q:
    """Who registered it: a patrol or a superior wants to know what became of it."""
    return Q(user_id=hazard.registered_by_id)


@dataclass(frozen=True)
class Notice:
    """Audiences and the sentence they read; `{h}` is the hazard."""

    audiences: tuple[Callable, ...]
    subject: str


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
}

# An institution is not told of what it can't see: a hazard voided before it was issued.
_INSTITUTION_MAY_NOT_KNOW = {A.VOID}
_ENDS = {A.CLOSE, A.VOID}


def topic(hazard) -> str:
    """The key under which all notices of one hazard are settled."""
    return f"hazard:{hazard.pk}"


def recipients(hazard, action: HazardAction, *, by: Actor) -> list[int]:
    """Ids of the active users concerned, each once, without the one who acted."""
    who = Q(pk__in=[])
    for audience in NOTICES[action].audiences:
        is_hidden = audience is institution_people and action in _INSTITUTION_MAY_NOT_KNOW and not (
            hazard.issued_at or hazard.is_self_reported
        )  # fmt: skip
        if not is_hidden:
            who |= audience(hazard)
    members = Membership.objects.active().filter(who).exclude(user_id=by.user.pk)
    return sorted(set(members.values_list("user_id", flat=True)))


def tell(hazard, event, *, by: Actor) -> int:
    """Tell those concerned, in the transaction of the act; the end of a hazard settles what was said before."""
    action = HazardAction(event.action)
    due = f"{hazard.due_on.year}年{hazard.due_on.month}月{hazard.due_on.day}日" if hazard.due_on else ""
    body = f"{hazard.number} {hazard.description}"
    if event.comment:
        body += f"\n意见：{event.comment}"
    if action in _ENDS:
        outbox.settle(topic(hazard))
    reading.mark_topic_read(by.user, topic(hazard))
    return outbox.notify(
        recipients=recipients(hazard, action, by=by),
        subject=NOTICES[action].subject.format(place=hazard.institution.name, due=due),
        body=f"{body}\n办理：{by.user.name}（{by.place_name}）",
        url=reverse("hazards:detail", args=[hazard.pk]),
        topic=topic(hazard),
        at=event.at,
        dedupe_key=f"{topic(hazard)}:{event.seq}",
    )
