from .acts import FORMS
from .base import ActForm, DateInput, digest_of, refuse_personal_data, text
from .policy import ClosingPolicyForm
from .register import RegisterForm

__all__ = [
    "FORMS",
    "ActForm",
    "ClosingPolicyForm",
    "DateInput",
    "RegisterForm",
    "digest_of",
    "refuse_personal_data",
    "text",
]
