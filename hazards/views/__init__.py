from .act import act
from .evidence import photo
from .orders import extension_print, extensions, order, order_print, orders
from .pages import detail, of_institution, workbench
from .policy import closing_policy, drafting_rules, extension_policy
from .public import public_orders
from .records import draft, look_for_drafts, record, record_act, records, take_up
from .register import choose_institution, register
from .transfers import answer_transfer, transfer, transfer_photo, transfer_print, transfers

__all__ = [
    "act",
    "answer_transfer",
    "choose_institution",
    "closing_policy",
    "detail",
    "draft",
    "drafting_rules",
    "extension_policy",
    "extension_print",
    "extensions",
    "look_for_drafts",
    "of_institution",
    "order",
    "order_print",
    "orders",
    "photo",
    "public_orders",
    "record",
    "record_act",
    "records",
    "register",
    "take_up",
    "transfer",
    "transfer_photo",
    "transfer_print",
    "transfers",
    "workbench",
]
