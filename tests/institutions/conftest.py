"""Browsers logged in as an actor, and sheets to import."""

import io

import pytest
from django.test import Client
from openpyxl import Workbook

from institutions.sheet import COLUMNS


@pytest.fixture
def browse():
    """A function: actor → a client logged in as that person."""

    def as_actor(actor) -> Client:
        client = Client()
        client.force_login(actor.user)
        return client

    return as_actor


@pytest.fixture
def make_sheet():
    """A function: rows (dicts by header) → the bytes of an .xlsx with the template's headers."""

    def make(*rows: dict, headers: list[str] | None = None) -> bytes:
        headers = headers or [column.header for column in COLUMNS]
        book = Workbook()
        book.active.append(headers)
        for row in rows:
            book.active.append([row.get(header) for header in headers])
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    return make
