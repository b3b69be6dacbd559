from .acts import FORMS
from .base import ActForm
from .policy import ClosingPolicyForm
from .register import RegisterForm

__all__ = ["FORMS", "ActForm", "ClosingPolicyForm", "RegisterForm"]
