"""The password policy beside Django's own validators."""

import re

from django.core.exceptions import ValidationError

_KINDS = (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]")


class ThreeKindsValidator:
    """At least three of: small letters, capitals, digits, signs (等级保护三级 practice; the length is a setting)."""

    def validate(self, password, user=None):
        if sum(bool(re.search(kind, password)) for kind in _KINDS) < 3:
            raise ValidationError(self.get_help_text(), code="too_few_kinds")

    def get_help_text(self):
        return "密码须包含大写字母、小写字母、数字、符号中的至少三种。"
