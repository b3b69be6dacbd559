"""Imports in tests: a ledger as somebody keeps it, brought as a person does, judged and written by a worker."""

import csv
import io

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from reports.imports.working import work_all
from reports.models import LedgerImport
from tests.factories import as_client

HEADINGS = [
    "序号",
    "单位名称",
    "隐患描述",
    "隐患部位",
    "隐患类别",
    "隐患等级",
    "检查日期",
    "整改时限",
    "责任人",
    "是否整改",
]
CHOICES = {"domain": "duty", "severity": "general", "source": "screening", "said_done": "past"}


def book(*rows, headings=HEADINGS, title="2026 年安全隐患台账") -> bytes:
    """An Excel sheet with a merged title above its headings."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(headings))
    sheet.append(headings)
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def line(
    home,
    text="疏散通道堆放杂物",
    found="2026.3.5",
    *,
    due="2026-3-20",
    person="张三",
    done="否",
    where="二楼",
):
    """One row under HEADINGS."""
    return [
        1,
        home if isinstance(home, str) else home.name,
        text,
        where,
        "消防",
        "一般隐患",
        found,
        due,
        person,
        done,
    ]


def upload(actor, content: bytes, name="台账.xlsx"):
    """The answer to the form."""
    return as_client(actor).post("/imports/", {"file": SimpleUploadedFile(name, content)})


def brought(actor, content: bytes, name="台账.xlsx") -> LedgerImport:
    """An import whose columns are guessed."""
    response = upload(actor, content, name)
    assert response.status_code == 302, response.content.decode()
    return LedgerImport.objects.get(pk=response["Location"].split("/")[2])


def match(actor, job: LedgerImport, **said):
    """The answer to the form of columns, as guessed but for what is `said`."""
    columns = {f"c{column}": job.columns.get(column) or "-" for column in job.layout["headings"]}
    return as_client(actor).post(f"/imports/{job.pk}/columns/", columns | CHOICES | said)


def checked(actor, content: bytes, name="台账.xlsx", **said) -> LedgerImport:
    """An import whose rows are judged."""
    job = brought(actor, content, name)
    response = match(actor, job, **said)
    assert response.status_code == 302, response.content.decode()
    work_all()
    job.refresh_from_db()
    assert job.stage == "checked", (job.stage, job.failure)
    return job


def confirm(actor, job: LedgerImport, takes="all"):
    return as_client(actor).post(f"/imports/{job.pk}/confirm/", {"takes": takes})


def imported(actor, content: bytes, name="台账.xlsx", *, takes="all", **said) -> LedgerImport:
    """An import that is done."""
    job = checked(actor, content, name, **said)
    response = confirm(actor, job, takes)
    assert response.status_code == 302, response.content.decode()
    work_all()
    job.refresh_from_db()
    assert job.stage == "done", (job.stage, job.failure)
    return job


def errors(job: LedgerImport) -> dict[int, list[str]]:
    return {int(row): words for row, words in job.file.errors.items()}


def marked(actor, job: LedgerImport):
    """The person's own file as handed back: its sheet, or the lines of its CSV."""
    content = as_client(actor).get(f"/imports/{job.pk}/marked/").content
    if job.kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return openpyxl.load_workbook(io.BytesIO(content)).active
