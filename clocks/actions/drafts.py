"""待签发: a person of the named authority issues an act the machine drafted, or drops it with a reason."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from clocks import words
from clocks.enums import ClockKind, RungKind
from clocks.models import Draft
from clocks.people import HOUSE, OFFICIALS
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Membership
from notifications import outbox


def may_decide(actor: Actor, draft: Draft) -> bool:
    """Officials of the authority the draft was made for."""
    return (
        actor.can(Capability.VERIFY)
        and actor.authority is not None
        and actor.authority.pk == draft.authority_id
    )


def proposed_text(draft: Draft) -> str:
    """The wording a draft begins with; whoever issues it may change every word."""
    clock, reminder = draft.clock, draft.reminder
    due = f"{reminder.due_on.year}年{reminder.due_on.month}月{reminder.due_on.day}日"
    name, late = clock.place.name, words.standing(reminder.due_on, timezone.localdate())
    owed = f"{name}“{clock.title}”（{ClockKind(clock.kind).label}）期限为{due}，现已{late}，{ClockKind(clock.kind).undone}。"
    asked = {
        RungKind.SUPERVISE: f"请{name}立即整改，并于收到之日起 5 个工作日内书面报告整改情况。",
        RungKind.CIRCULAR: f"现予通报。请{clock.office.name}督促落实，各单位引以为戒。",
        RungKind.SUMMON: "现就此约谈有关负责人，请本人按通知时间到场，不得委托他人；约谈后 5 个工作日内书面反馈。",
        RungKind.PLACARD: "建议挂牌督办，明确治理期限、督办单位和责任人，期间落实防控措施。",
    }
    return owed + asked[RungKind(draft.kind)]


@transaction.atomic
def issue(draft: Draft, *, by: Actor, text: str, number: str = "") -> Draft:
    """Issue it: the institution and its supervising authority are told, or the authority that owes the matter.

    Raises PermissionDenied for who may not, ValidationError when it was decided or has lapsed meanwhile.
    """
    draft = _lock(draft, by)
    draft.text, draft.number = text, number
    draft.issued_at, draft.issued_by = timezone.now(), by.user
    draft.save(update_fields=["text", "number", "issued_at", "issued_by"])
    house = Q(institution=draft.clock.institution_id, institution__isnull=False, role__in=HOUSE)
    officials = Q(authority=draft.clock.office, role__in=OFFICIALS)
    told = Membership.objects.active().filter(house | officials)
    outbox.notify(
        recipients=sorted({m.user_id for m in told} - {by.user.pk}),
        subject=f"{draft.get_kind_display()}：{draft.clock.place.name}",
        body=f"{text}\n签发：{draft.authority.name}" + (f"　{number}" if number else ""),
        url=reverse("clocks:draft", args=[draft.pk]),
        topic=draft.clock.topic,
        dedupe_key=f"act:{draft.pk}",
    )
    return draft


@transaction.atomic
def drop(draft: Draft, *, by: Actor, reason: str) -> Draft:
    """Decide not to issue it, with a reason. Raises as `issue` does."""
    draft = _lock(draft, by)
    draft.reason, draft.dropped_at, draft.dropped_by = reason, timezone.now(), by.user
    draft.save(update_fields=["reason", "dropped_at", "dropped_by"])
    return draft


def issued_elsewhere(drafts, *, by: Actor, number: str, text: str) -> int:
    """Those of a queryset that still wait were issued in a form of their own, which tells people; how many."""
    return drafts.waiting().update(issued_at=timezone.now(), issued_by=by.user, number=number, text=text)


def dropped_elsewhere(drafts, *, by: Actor, reason: str) -> int:
    """Those of a queryset that still wait were dropped in a form of their own; how many."""
    return drafts.waiting().update(dropped_at=timezone.now(), dropped_by=by.user, reason=reason)


def _lock(draft: Draft, by: Actor) -> Draft:
    row = (
        Draft.objects.select_for_update(no_key=True, of=("self",))
        .select_related("clock__institution__authority", "clock__authority", "authority", "reminder")
        .get(pk=draft.pk)
    )
    if not may_decide(by, row):
        raise PermissionDenied(f"这份文书由{row.authority.name}决定是否签发。")
    if not row.is_waiting:
        raise ValidationError("这份文书已经办理，或事项已经了结，不用再签发。")
    return row
