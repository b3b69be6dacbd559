"""Addresses of pages without arguments: they never change while a process runs, and a page names them dozens of times."""

from functools import cache

from django.urls import reverse

address = cache(reverse)
