"""One form, one effect: the same form by the same person again gets the same answer and changes nothing.

All raise common.http.Conflict when the key is known but the form said something else then.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from common.http import Conflict
from common.prepared import insert_if_new
from hazards.models import FormReceipt
from institutions.models import User


def answered(key: uuid.UUID | None, digest: str, user: User) -> str:
    """Where this form led before; empty when it is new."""
    receipt = FormReceipt.objects.filter(user=user, key=key).first() if key else None
    return _answer(receipt, digest) if receipt else ""


def _answer(receipt: FormReceipt, digest: str) -> str:
    if receipt.location and receipt.digest != digest:
        # Back in the browser after a success: the page is the old one, what is typed into it is new.
        raise Conflict(
            "这份表单刚才已经提交成功。您这次填写的内容与上次不同，没有再提交；如果是另一件事，请重新打开页面填写。",
            back_url=receipt.location,
        )
    return receipt.location


def forget_old(days: int = 30) -> int:
    """Delete receipts that nobody will ask for again; how many."""
    return FormReceipt.objects.filter(created_at__lt=timezone.now() - timedelta(days=days)).delete()[0]


@transaction.atomic
def once(key: uuid.UUID, digest: str, user: User, act: Callable[[], str]) -> str:
    """Run `act` (which returns a location) unless this form was dealt with; return the location.

    Of several at the same moment one acts; the others wait for its commit and get its answer. If it fails, the
    next one acts.
    """
    receipt = FormReceipt(user=user, key=key, digest=digest)
    if not insert_if_new(receipt):
        receipt = FormReceipt.objects.select_for_update().get(user=user, key=key)
        if location := _answer(receipt, digest):
            return location
    receipt.location = act()
    receipt.save(update_fields=["location"])
    return receipt.location
