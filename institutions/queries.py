"""What the pages of institutions and members show, in a fixed number of statements."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Prefetch, Q

from institutions.actor import Actor
from institutions.models import Institution, InstitutionEvent, Licence, Membership, Region
from institutions.permissions import posts_in_region, users_in_region

EXPIRES_SOON_DAYS = 30
CHOICES_SHOWN = 30


@dataclass(frozen=True)
class LicenceState:
    """A licence with what its expiry means on a day: words and the tone of their tag."""

    licence: Licence
    words: str
    tone: str


def licence_state(licence: Licence, today: date) -> LicenceState:
    """已过期 after the last day, 30 天内到期 up to thirty days before it, 有效 otherwise; 长期有效 without a date."""
    until = licence.expires_on
    if until is None:
        return LicenceState(licence, "长期有效", "grey")
    if until < today:
        return LicenceState(licence, f"已过期 {(today - until).days} 天", "red")
    if until <= today + timedelta(days=EXPIRES_SOON_DAYS):
        return LicenceState(licence, f"{EXPIRES_SOON_DAYS} 天内到期", "amber")
    return LicenceState(licence, "有效", "green")


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
    """Context of a page that asks which institution: a short list of those in use, narrowed by a few characters."""
    wanted = typed.strip().replace("\0", "")[:40]
    found = Institution.objects.visible_to(actor).in_use().select_related("county")
    if wanted:
        found = found.filter(name__icontains=wanted)
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
