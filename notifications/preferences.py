"""How people want to be told: what they chose, what holds without a choice, and addresses that reach nobody."""

from collections.abc import Iterable
from datetime import time

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Now

from institutions.actions import accounts
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import User
from institutions.permissions import require, users_in_region
from notifications.enums import Channel
from notifications.models import NotificationPreference, UndeliverableAddress
from notifications.rules import LONGEST_QUIET, QuietHours, Wishes, length_of, mobile_number, parse_quiet_hours


def default_wishes() -> Wishes:
    """What holds for whoever has chosen nothing, and for group chats: every channel, the house's quiet hours."""
    return Wishes(frozenset(Channel), parse_quiet_hours(settings.QUIET_HOURS))


def wishes_of(preference: NotificationPreference) -> Wishes:
    """What a person chose, as the rules take it."""
    wanted = {Channel.EMAIL: preference.wants_email, Channel.SMS: preference.wants_sms}
    quiet = None
    if preference.quiet_since is not None:
        quiet = QuietHours(preference.quiet_since, preference.quiet_until)
    return Wishes(frozenset(channel for channel, is_wanted in wanted.items() if is_wanted), quiet)


NOWHERE: tuple[Wishes, dict[Channel, str]] = (Wishes(frozenset(), None), {})


def reach_of(users: Iterable[int]) -> dict[int, tuple[Wishes, dict[Channel, str]]]:
    """What each active one of `users` (ids) wishes, and their addresses by channel; two statements.

    An address is empty when there is none, or when it reaches nobody.
    """
    people = User.objects.filter(pk__in=users, is_active=True).select_related("notification_preference")
    usual, found = default_wishes(), {}
    for user in people:
        chosen = getattr(user, "notification_preference", None)
        addresses = {Channel.EMAIL: user.email, Channel.SMS: mobile_number(user.phone)}
        found[user.pk] = (wishes_of(chosen) if chosen else usual, addresses)
    dead = UndeliverableAddress.objects.current().filter(user__in=found)
    for pk, channel in dead.values_list("user_id", "channel"):
        found[pk][1][Channel(channel)] = ""
    return found


@transaction.atomic
def choose(
    user: User, *, wants_email: bool, wants_sms: bool, quiet_since: time | None, quiet_until: time | None,
    email: str, phone: str,
) -> None:  # fmt: skip
    """Keep how `user` wants to be told from now on, and where. Messages already waiting go as they were written.

    Raises ValidationError for quiet hours that are half given or longer than 12 hours, and for an address that is
    taken away instead of changed: duty must be able to reach a person.
    """
    for field, old, new in (("email", user.email, email), ("phone", user.phone, phone)):
        if old and not new:
            raise ValidationError({field: "可以更换，不能删空：职责要求的提醒要能送到您这里。"})
    if (quiet_since is None) != (quiet_until is None):
        raise ValidationError({"quiet_until": "免打扰时段的开始和结束要一起填，都不填表示不设。"})
    if quiet_since is not None and length_of(QuietHours(quiet_since, quiet_until)) > LONGEST_QUIET:
        hours = int(LONGEST_QUIET.total_seconds() // 3600)
        raise ValidationError({"quiet_until": f"免打扰时段最长 {hours} 小时。"})
    accounts.change_own_contacts(user, email=email, phone=phone)
    fields = {
        "wants_email": wants_email,
        "wants_sms": wants_sms,
        "quiet_since": quiet_since,
        "quiet_until": quiet_until,
    }
    NotificationPreference.objects.update_or_create(user=user, defaults=fields)


def mark_undeliverable(user_id: int, channel: Channel, address: str, reason: str) -> None:
    """`address` (as it was sent to) reaches nobody: nothing more goes there until it changes or is allowed again.

    Nothing happens when it is not the person's address any more.
    """
    user = User.objects.get(pk=user_id)
    typed = user.email if channel == Channel.EMAIL else user.phone
    if address not in (typed, mobile_number(typed)):
        return
    UndeliverableAddress.objects.update_or_create(
        user=user,
        channel=channel,
        defaults={"address": typed, "reason": reason[:300], "found_at": Now()},
    )


def undeliverable_of(user: User) -> list[UndeliverableAddress]:
    """The present addresses of `user` that reach nobody, at most one a channel."""
    return list(UndeliverableAddress.objects.current().filter(user=user).order_by("channel"))


def undeliverable_in_region(actor: Actor):
    """Those of the people whose accounts lie in the actor's region, latest first."""
    people = users_in_region(actor).filter(is_active=True)
    return UndeliverableAddress.objects.current().filter(user__in=people).select_related("user")


@transaction.atomic
def allow_again(address: UndeliverableAddress, *, by: Actor) -> None:
    """Send there again from now on: a mailbox was full, a server was wrong. Leaves a trace at the account.

    Raises PermissionDenied for anybody but a system administrator of the region.
    """
    require(by, Capability.MANAGE_SYSTEM)
    if not undeliverable_in_region(by).filter(pk=address.pk).exists():
        raise PermissionDenied("只能办理自己辖区内的账号。")
    accounts.record(address.user, by=by.user, act="恢复发送", detail=address.get_channel_display())
    address.delete()
