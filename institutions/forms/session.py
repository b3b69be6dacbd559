"""Forms of logging in and of one's own password."""

import hashlib

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import connection, transaction

_LOCK_SPACE = 0x6C6F67  # keeps these advisory locks apart from any others


def _lock_key(username: str) -> int:
    return int.from_bytes(hashlib.sha256(username.encode()).digest()[:4], "big", signed=True)


class LoginForm(AuthenticationForm):
    """Django's login form, checking one attempt per login name at a time.

    Without the lock, parallel guesses are all checked before the first failure is counted. Raises OperationalError
    when an attempt waits longer than `lock_timeout` for those before it.
    """

    password = forms.CharField(
        label="密码",
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": "登录名或密码不正确。请注意区分大小写；连续输错会暂时锁定。",
        "inactive": "账号已停用，请联系安全管理员。",
    }

    def clean(self):
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password:
            return self.cleaned_data
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, _lock_key(username)])
            self.user_cache = authenticate(self.request, username=username, password=password)
        if self.user_cache is None:  # raised outside the transaction, which keeps the counted failure
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class OwnPasswordForm(PasswordChangeForm):
    """Old password, then the new one twice; the new one must differ."""

    field_order = ["old_password", "new_password1", "new_password2"]

    def clean(self):
        cleaned = super().clean()
        new = cleaned.get("new_password1")
        if new and new == cleaned.get("old_password"):
            self.add_error("new_password1", ValidationError("新密码不能与原密码相同。"))
        return cleaned
