"""What several models of this app share."""

from django.conf import settings
from django.db import models


def user(verbose: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose, **options
    )
