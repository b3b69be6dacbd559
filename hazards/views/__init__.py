from .act import act
from .evidence import photo
from .pages import detail, of_institution, workbench
from .policy import closing_policy
from .register import choose_institution, register

__all__ = [
    "act",
    "choose_institution",
    "closing_policy",
    "detail",
    "of_institution",
    "photo",
    "register",
    "workbench",
]
