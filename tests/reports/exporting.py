"""Exports in tests: asked for as a person does, made by a maker, read back as another program reads them."""

import csv
import io
import uuid

import openpyxl

from reports.exports.making import make_all
from reports.models import ExportJob
from tests.factories import as_client


def ask(actor, *, layout="ledger", format="xlsx", key=None, **query):
    """The answer to the form."""
    form = {"layout": layout, "format": format, "key": key or uuid.uuid4()}
    return as_client(actor).post("/exports/new/", form, query_params=query)


def asked_job(actor, **asked) -> ExportJob:
    """An export that waits."""
    response = ask(actor, **asked)
    assert response.status_code == 302, response.content.decode()
    return ExportJob.objects.get(pk=response["Location"].split("/")[2])


def made_job(actor, **asked) -> ExportJob:
    """An export whose file is there."""
    job = asked_job(actor, **asked)
    make_all()
    job.refresh_from_db()
    assert job.is_there, job.failure
    return job


def content(actor, job: ExportJob) -> bytes:
    """The file as the person gets it."""
    response = as_client(actor).get(f"/exports/{job.pk}/file/")
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def sheet(actor, job: ExportJob):
    """The one sheet of an Excel file."""
    return openpyxl.load_workbook(io.BytesIO(content(actor, job))).active


def table(actor, job: ExportJob) -> list[dict]:
    """The rows by their headings; without the title and the line on who took it out."""
    if job.format == "csv":
        lines = list(csv.reader(io.StringIO(content(actor, job).decode("utf-8-sig"))))[:-1]
    else:
        lines = [list(row) for row in sheet(actor, job).iter_rows(min_row=3, values_only=True)]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
