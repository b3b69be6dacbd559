"""One form, one effect: the same key by the same person again gets the same answer and changes nothing."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from hazards.models import FormReceipt
from institutions.models import User


def answered(key: uuid.UUID | None, user: User) -> str:
    """Where the form with this key led before; empty when it is new."""
    return FormReceipt.objects.filter(user=user, key=key).values_list("location", flat=True).first() or ""


def forget_old(days: int = 30) -> int:
    """Delete receipts that nobody will ask for again; how many."""
    return FormReceipt.objects.filter(created_at__lt=timezone.now() - timedelta(days=days)).delete()[0]


@transaction.atomic
def once(key: uuid.UUID, user: User, act: Callable[[], str]) -> str:
    """Run `act` (which returns a location) unless a form with this key was dealt with; return the location.

    Of several at the same moment one acts; the others wait for its commit and get its answer. If it fails, the
    next one acts.
    """
    FormReceipt.objects.bulk_create([FormReceipt(user=user, key=key)], ignore_conflicts=True)
    receipt = FormReceipt.objects.select_for_update().get(user=user, key=key)
    if receipt.location:
        return receipt.location
    receipt.location = act()
    receipt.save(update_fields=["location"])
    return receipt.location
