"""Constraints that tables of several apps have alike."""

from django.db.models import CheckConstraint, Q


def pair(model: str, name: str) -> CheckConstraint:
    """`name_at` and `name_by` are set together or not at all."""
    return CheckConstraint(
        name=f"{model}_{name}_pair",
        condition=Q(**{f"{name}_at": None, f"{name}_by": None})
        | Q(**{f"{name}_at__isnull": False, f"{name}_by__isnull": False}),
    )


def known(model: str, name: str, choices) -> CheckConstraint:
    """The column holds one of the enum's values."""
    return CheckConstraint(name=f"{model}_{name}_known", condition=Q(**{f"{name}__in": choices.values}))
