"""Importing a sheet: kept, judged, then taken as a whole or not at all."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from institutions import sheet
from institutions.actions import institutions
from institutions.actor import Actor
from institutions.enums import Capability, InstitutionAct
from institutions.import_plan import DUTY, Plan, make_plan
from institutions.models import ImportDraft, Institution
from institutions.permissions import require

KEPT_FOR = timedelta(hours=2)


class ImportRefused(Exception):
    """Nothing was imported; `plan` is how the rows stand now."""

    def __init__(self, message: str, plan: Plan):
        super().__init__(message)
        self.message, self.plan = message, plan


def may_import(by: Actor | None) -> None:
    """Raise PermissionDenied unless the actor may import institutions."""
    require(by, Capability.IMPORT_INSTITUTIONS)
    if by.authority is None or by.scope.column is None:
        raise PermissionDenied("机构由民政部门导入。")


@transaction.atomic
def keep_draft(content: bytes, filename: str, *, by: Actor) -> tuple[ImportDraft, list[str]]:
    """Read an uploaded sheet and keep it for the dry run; takes the place of the person's earlier drafts.

    Returns the draft and the headers of columns that are not known and will not be imported.

    Raises SheetError for a file that cannot be read, PermissionDenied for who may not import.
    """
    may_import(by)
    said = sheet.read(content)
    now = timezone.now()
    ImportDraft.objects.filter(user=by.user).delete()
    ImportDraft.objects.filter(expires_at__lt=now).delete()
    draft = ImportDraft.objects.create(
        user=by.user,
        expires_at=now + KEPT_FOR,
        filename=sheet.cell_text(filename)[:120],
        content=content,
        rows=said.rows,
    )
    return draft, said.unknown_headers


def drafts_of(by: Actor):
    """The actor's own drafts that have not expired."""
    return ImportDraft.objects.filter(user=by.user, expires_at__gte=timezone.now())


@transaction.atomic
def confirm(draft: ImportDraft, *, by: Actor, digest: str) -> Plan | None:
    """Import all rows of a draft, judged again now. Returns what was done, None when it had been done before.

    Raises ImportRefused, with nothing imported, when a row is wrong or the plan is not the one of `digest`, the one
    the person saw.
    """
    may_import(by)
    draft = drafts_of(by).select_for_update().filter(pk=draft.pk).first()
    if draft is None:
        return None
    plan = make_plan(draft.rows, by=by)
    if plan.errors:
        raise ImportRefused("表里还有错误，没有导入任何一行。", plan)
    if plan.digest != digest:
        raise ImportRefused("您核对之后数据又有变化，没有导入任何一行。请再核对一遍。", plan)
    for row in plan.rows:
        try:
            _take(row, by)
        except (ValidationError, PermissionDenied) as error:
            row.errors = getattr(error, "messages", None) or [str(error)]
            raise ImportRefused("有一行不能导入，整份表格都没有导入。", plan) from error
    draft.delete()
    return plan


def _take(row, by: Actor) -> None:
    institution = row.institution
    if row.outcome == "same":
        return
    if institution is None:
        institution = institutions.create(by=by, act=InstitutionAct.IMPORTED, **row.fields)
    elif row.fields:
        institution = institutions.edit(institution, by=by, act=InstitutionAct.IMPORTED, **row.fields)
    if row.changes_person:
        _take_person(institution, row.person, by)


def _take_person(institution: Institution, said: dict, by: Actor) -> None:
    known = institution.responsible_persons.filter(duty=DUTY).order_by("id").first()
    person = {
        "id": known and known.pk,
        "duty": DUTY,
        "name": said.get("person") or known.name,
        "phone": said.get("phone") or (known.phone if known else ""),
    }
    institutions.save_persons(institution, by=by, persons=[person])
