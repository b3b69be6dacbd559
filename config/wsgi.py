"""WSGI entry point; refuses to serve as the owner of the tables."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from common.database import ensure_runtime_role  # noqa: E402  (needs configured apps)

ensure_runtime_role()
