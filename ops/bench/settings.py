"""The product's settings with the bench's bare pages beside the product's, and files under their own names."""

from config.settings import *  # noqa: F403  (all of them, and what differs below)
from config.settings import STORAGES

ROOT_URLCONF = "ops.bench.urls"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
