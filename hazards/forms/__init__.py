from .acts import FORMS
from .base import ActForm, DateInput, digest_of, refuse_personal_data, text
from .matters import AnswerTransferForm
from .policy import ClosingPolicyForm, DraftingRuleForm, ExtensionPolicyForm
from .records import RECORD_FORMS, DraftForm
from .register import RegisterForm

__all__ = [
    "FORMS",
    "RECORD_FORMS",
    "ActForm",
    "AnswerTransferForm",
    "ClosingPolicyForm",
    "DateInput",
    "DraftForm",
    "DraftingRuleForm",
    "ExtensionPolicyForm",
    "RegisterForm",
    "digest_of",
    "refuse_personal_data",
    "text",
]
