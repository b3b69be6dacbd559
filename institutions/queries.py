"""What the pages of institutions and members show, in a fixed number of statements."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from institutions.actor import Actor
from institutions.enums import SafetyGap
from institutions.models import Drill, Institution, InstitutionEvent, Licence, Membership, Pledge, Region
from institutions.permissions import posts_in_region, users_in_region
from institutions.rules import half_year_after
from institutions.search import answering

EXPIRES_SOON_DAYS = 30
CHOICES_SHOWN = 30
PLEDGES_SHOWN, DRILLS_SHOWN = 4, 6  # the years somebody still asks about


@dataclass(frozen=True)
class LicenceState:
    """A licence with what its expiry means on a day: words and the tone of their tag."""

    licence: Licence
    words: str
    tone: str


def licence_state(licence: Licence, today: date) -> LicenceState:
    """已过期 after the last day, 30 天内到期 up to thirty days before it, 有效 otherwise; 长期有效 without a date."""
    return LicenceState(licence, *_expiry(licence.expires_on, today))


def _expiry(until: date | None, today: date) -> tuple[str, str]:
    if until is None:
        return "长期有效", "grey"
    if until < today:
        return f"已过期 {(today - until).days} 天", "red"
    if until <= today + timedelta(days=EXPIRES_SOON_DAYS):
        return f"{EXPIRES_SOON_DAYS} 天内到期", "amber"
    return "有效", "green"


@dataclass(frozen=True)
class PledgeState:
    """The latest pledges, newest first, each with what its expiry means; what is missing in words, or "".

    `year` is the one to be recorded or corrected next: this year, or the coming one when this year has its pledge.
    """

    rows: list[tuple[Pledge, str, str]]
    missing: str
    year: int


def pledge_state(institution: Institution, today: date) -> PledgeState:
    """Missing: none of this year, and no earlier one that is still valid."""
    pledges = list(institution.pledges.all()[:PLEDGES_SHOWN])
    has_this_year = any(p.year == today.year for p in pledges)
    is_covered = has_this_year or any(p.valid_until >= today for p in pledges)
    missing = "" if is_covered or not institution.is_active else "今年还没有签订责任书"
    rows = [(p, *_expiry(p.valid_until, today)) for p in pledges]
    return PledgeState(rows, missing, today.year + 1 if has_this_year else today.year)


@dataclass(frozen=True)
class DrillState:
    """The latest drills, newest first; what is missing in words, or ""; when the next is due (None: not in use)."""

    rows: list[Drill]
    missing: str
    due_on: date | None


def drill_state(institution: Institution, today: date) -> DrillState:
    """Missing: nothing in the last half year. The next is due as its clock says (clocks.following)."""
    drills = list(institution.drills.select_related("recorded_by")[:DRILLS_SHOWN])
    if not institution.is_active:
        return DrillState(drills, "", None)
    if not drills:
        return DrillState([], "半年内没有演练记录", institution.first_drill_due_on)
    is_long_ago = half_year_after(drills[0].held_on) < today
    return DrillState(drills, "半年内没有演练记录" if is_long_ago else "", drills[0].next_due_on)


def gap(which: SafetyGap, today: date) -> Q:
    """Houses with this gap on a day, for a filter; each is a look-up by institution in its table's unique index.

    A pledge is missing as in pledge_state, ends soon while none is valid for longer; a drill is late as its clock says.
    """
    pledges = Pledge.objects.filter(institution=OuterRef("pk"))
    valid = Q(valid_until__gte=today)
    if which == SafetyGap.NO_PLEDGE:
        return ~Exists(pledges.filter(valid | Q(year=today.year)))
    if which == SafetyGap.PLEDGE_ENDS_SOON:
        soon = today + timedelta(days=EXPIRES_SOON_DAYS)
        return Exists(pledges.filter(valid)) & ~Exists(pledges.filter(valid_until__gt=soon))
    latest = Drill.objects.filter(institution=OuterRef("pk")).order_by("-held_on", "next_due_on")
    due_on = Coalesce(Subquery(latest.values("next_due_on")[:1]), "first_drill_due_on")
    return Q(LessThan(due_on, today))


def institution_list(actor: Actor, today: date):
    """Institutions in the actor's scope with what a row shows; two statements for a page of them."""
    troubled = Licence.objects.filter(expires_on__lte=today + timedelta(days=EXPIRES_SOON_DAYS))
    return (
        Institution.objects.visible_to(actor)
        .select_related("city", "county", "township", "authority")
        .prefetch_related(Prefetch("licences", troubled.order_by("expires_on"), to_attr="troubled_licences"))
        .order_by("-is_active", "county__path", "name", "id")
    )


def choices(actor: Actor, typed: str) -> dict:
    """Context of a page that asks which institution: a short list of those in use, narrowed by what was typed."""
    wanted = typed.strip().replace("\0", "")[:40]
    found = answering(Institution.objects.visible_to(actor).in_use().select_related("county"), wanted)
    shown = list(found[: CHOICES_SHOWN + 1])
    return {
        "wanted": wanted,
        "institutions": shown[:CHOICES_SHOWN],
        "has_more": len(shown) > CHOICES_SHOWN,
    }


def institution_page(actor: Actor):
    """Institutions in the actor's scope with the places and authority their page shows."""
    return Institution.objects.visible_to(actor).select_related(
        "region", "province", "city", "county", "township", "authority__region"
    )


def recent_events(institution: Institution, count: int = 10):
    """The latest changes to an institution's record, newest first."""
    return (
        InstitutionEvent.objects.filter(institution=institution).select_related("by").order_by("-id")[:count]
    )


def member_list(actor: Actor, words: str = "", role: str = "", region: Region | None = None):
    """People with posts (now or once) in the actor's region, with those posts; two statements for a page.

    With `role` or `region` only those who hold such a post now, in that region or below.
    """
    users = users_in_region(actor)
    held = Membership.objects.filter(posts_in_region(actor), is_active=True)
    if role or region:
        wanted = held.filter(role=role) if role else held
        if region:
            path = region.path
            wanted = wanted.filter(
                Q(authority__region__path__startswith=path) | Q(institution__region__path__startswith=path)
            )
        users = users.filter(pk__in=wanted.values("user"))
    for word in words.split()[:5]:
        users = users.filter(
            Q(name__icontains=word)
            | Q(username__icontains=word)
            | Q(memberships__authority__name__icontains=word)
            | Q(memberships__institution__name__icontains=word)
        )
    posts = held.select_related("authority__region", "institution").order_by("id")
    return (
        users.distinct().order_by("-is_active", "name", "id").prefetch_related(
            Prefetch("memberships", posts, to_attr="posts_here")
        )
    )  # fmt: skip
