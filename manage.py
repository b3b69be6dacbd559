#!/usr/bin/env python
"""Entry point for management commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

# Commands that change the schema or prove it run as the owner role; everything else as the runtime role.
OWNER_COMMANDS = {"generate", "migrate", "prepare_database", "sqlmigrate", "showmigrations"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # the sentence that says what to set, without a traceback
