"""Accounts: made, closed, opened, given a new password. Each change ends the sessions it must and leaves a trace."""

import secrets
import string

from axes.models import AccessAttempt
from django.core.exceptions import PermissionDenied
from django.db import transaction

from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import MembershipEvent, User
from institutions.permissions import may_manage_account, require

_SIGNS = "-+=@#"
_READABLE = "".join(sorted((set(string.ascii_letters) | set(string.digits)) - set("0O1lIo")))


def new_password() -> str:
    """A random first password of 14 characters with letters of both cases, a digit and a sign; easy to read out."""
    while True:
        body = "".join(secrets.choice(_READABLE) for _ in range(13)) + secrets.choice(_SIGNS)
        if (
            any(c.islower() for c in body)
            and any(c.isupper() for c in body)
            and any(c.isdigit() for c in body)
        ):
            return body


def locked(user: User) -> User:
    """The user's row, locked until the transaction ends."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def record(user: User, *, by: User, act: str, detail: str = "") -> None:
    """Leave the trace of what happened to an account."""
    MembershipEvent.objects.create(user=user, by=by, act=act, detail=detail[:200])


def _require_account(by: Actor, user: User) -> None:
    require(by, Capability.GRANT_ROLES)
    if not may_manage_account(by, user):
        raise PermissionDenied(
            "不能办理自己的账号，也不能办理在您的辖区之外还有职务的账号，请由上级安全管理员办理。"
        )


def end_sessions(user: User) -> None:
    """Raise the epoch of a locked user: every open session ends at its next request."""
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])


@transaction.atomic
def change_own_password(user: User, *, password: str) -> User:
    """Set the password somebody chose for themself; ends all their sessions. Returns the user as saved.

    The caller keeps the present session by taking over the new epoch and hash.
    """
    user = locked(user)
    user.set_password(password)
    user.must_change_password = False
    user.session_epoch += 1
    user.save(update_fields=["password", "must_change_password", "session_epoch"])
    record(user, by=user, act="修改密码")
    return user


@transaction.atomic
def reset_password(user: User, *, by: Actor) -> str:
    """Give `user` a new first password, returned once and kept nowhere; ends their sessions and any lock-out.

    Raises PermissionDenied for oneself and for people with posts outside the actor's region.
    """
    user = locked(user)
    _require_account(by, user)
    password = new_password()
    user.set_password(password)
    user.must_change_password = True
    user.session_epoch += 1
    user.save(update_fields=["password", "must_change_password", "session_epoch"])
    AccessAttempt.objects.filter(username=user.username).delete()
    record(user, by=by.user, act="重置密码")
    return password


@transaction.atomic
def disable(user: User, *, by: Actor) -> None:
    """Close an account and end its sessions. Posts stay as they are. Nothing happens when it is closed already."""
    _set_active(user, by, is_active=False, act="停用账号")


@transaction.atomic
def enable(user: User, *, by: Actor) -> None:
    """Open a closed account again. Nothing happens when it is open."""
    _set_active(user, by, is_active=True, act="启用账号")


def _set_active(user: User, by: Actor, *, is_active: bool, act: str) -> None:
    user = locked(user)
    _require_account(by, user)
    if user.is_active == is_active:
        return
    user.is_active = is_active
    user.session_epoch += 1
    user.save(update_fields=["is_active", "session_epoch"])
    record(user, by=by.user, act=act)


@transaction.atomic
def unlock(user: User, *, by: Actor) -> None:
    """Forget the failed logins of `user`, so that they may try again at once.

    For system administrators and security administrators; raises PermissionDenied for others.
    """
    if not (by.can(Capability.MANAGE_SYSTEM) or by.can(Capability.GRANT_ROLES)):
        raise PermissionDenied
    if AccessAttempt.objects.filter(username=user.username).delete()[0]:
        record(user, by=by.user, act="解除登录锁定")


@transaction.atomic
def change_own_contacts(user: User, *, email: str, phone: str) -> None:
    """Keep where somebody says they can be reached. Nothing happens, and no trace is left, when both are as before."""
    user = locked(user)
    if (user.email, user.phone) == (email, phone):
        return
    changed = [
        words for words, old, new in (("邮箱", user.email, email), ("电话", user.phone, phone)) if old != new
    ]
    user.email, user.phone = email, phone
    user.save(update_fields=["email", "phone"])
    record(user, by=user, act="修改联系方式", detail="、".join(changed))


@transaction.atomic
def set_large_text(user: User, *, is_large: bool) -> None:
    """Keep whether `user` reads in large type (大字版)."""
    User.objects.filter(pk=user.pk).update(has_large_text=is_large)
