"""What several models of this app share."""

from django.conf import settings
from django.db import models
from django.db.models import Q


def user(verbose: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, **options
    )


def pair(model: str, name: str) -> models.CheckConstraint:
    """`name_at` and `name_by` are set together or not at all."""
    return models.CheckConstraint(
        name=f"{model}_{name}_pair",
        condition=Q(**{f"{name}_at": None, f"{name}_by": None})
        | Q(**{f"{name}_at__isnull": False, f"{name}_by__isnull": False}),
    )


def known(model: str, name: str, choices) -> models.CheckConstraint:
    """The column holds one of the enum's values."""
    return models.CheckConstraint(
        name=f"{model}_{name}_known", condition=Q(**{f"{name}__in": choices.values})
    )
