"""The fixed vocabularies of notices and their delivery."""

from django.db import models


class Channel(models.TextChoices):
    """Ways out of the house. The in-app notice is a row, not a channel: it needs no delivery."""

    EMAIL = "email", "邮件"
