"""Records of institutions: made and changed under the eyes of their authority, each change kept with old and new."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction

from institutions.actor import Actor
from institutions.enums import Capability, Department, InstitutionAct, LicenceKind
from institutions.models import Authority, Institution, InstitutionEvent, Licence, Region, ResponsiblePerson
from institutions.permissions import may_edit, require
from institutions.regions import place_columns, supervising_authorities

# What the institution itself keeps up to date, and what only its authority decides.
OWN_FIELDS = ("address", "beds", "residents", "disabled_residents", "staff", "night_staff")
FIELDS = (
    "name", "kind", "operation", "credit_code", "region", "authority", *OWN_FIELDS, "risk_grade", "is_active",
)  # fmt: skip

_TAKEN = {
    "institution_name_once_per_county": ("name", "本县已有同名机构，请核对是否重复建档。"),
    "institution_credit_code_once": ("credit_code", "这个统一社会信用代码已属于另一家机构。"),
    "institution_disabled_within_residents": ("disabled_residents", "失能失智人数不能多于入住人数。"),
}


@transaction.atomic
def create(*, by: Actor, act: InstitutionAct = InstitutionAct.CREATED, **fields) -> Institution:
    """A new institution within the actor's region. `fields` are of FIELDS.

    Raises PermissionDenied for who may not or a place outside the region, ValidationError (by field) otherwise.
    """
    require(by, Capability.EDIT_INSTITUTION)
    if by.institution or by.authority.department != Department.CIVIL_AFFAIRS:
        raise PermissionDenied("新建机构由主管民政部门办理。")
    institution = Institution()
    _assign(institution, by, fields)
    _save(institution)
    values = {label: ["", new] for label, new in words_of(institution, fields).items() if new}
    InstitutionEvent.objects.create(institution=institution, by=by.user, act=act, changes=values)
    return institution


@transaction.atomic
def edit(
    institution: Institution, *, by: Actor, act: InstitutionAct = InstitutionAct.EDITED, **fields
) -> Institution:
    """Change `fields` of an institution; nothing is recorded when nothing differs.

    Raises PermissionDenied for who may not change it or one of the fields, ValidationError (by field) for values
    that cannot be.
    """
    institution = lock(institution, by)
    if by.institution and (others := set(fields) - set(OWN_FIELDS)):
        names = "、".join(Institution._meta.get_field(name).verbose_name for name in sorted(others))
        raise PermissionDenied(f"{names}由主管民政部门维护。")
    before = words_of(institution, fields)
    changed = [name for name, value in fields.items() if getattr(institution, name) != value]
    if not changed:
        return institution
    _assign(institution, by, {name: fields[name] for name in changed})
    places = ["province", "city", "county", "township"] if "region" in changed else []
    _save(institution, update_fields=changed + places)
    after = words_of(institution, fields)
    changes = {label: [before[label], after[label]] for label in before if before[label] != after[label]}
    InstitutionEvent.objects.create(institution=institution, by=by.user, act=act, changes=changes)
    return institution


@transaction.atomic
def save_licences(institution: Institution, *, by: Actor, licences: list[dict]) -> None:
    """Make the licences of an institution exactly `licences` (each: kind, number, expires_on).

    Raises PermissionDenied for who may not, ValidationError when a kind is named twice.
    """
    institution = lock(institution, by)
    wanted = {row["kind"]: row for row in licences}
    if len(wanted) != len(licences):
        raise ValidationError("同一种证照只能填写一次。")
    held = {licence.kind: licence for licence in institution.licences.all()}
    changes = {}
    for kind in LicenceKind:
        old, new = held.get(kind), wanted.get(kind)
        before, after = _licence_words(old), _licence_words(Licence(**new) if new else None)
        if before == after:
            continue
        changes[kind.label] = [before, after]
        if new is None:
            old.delete()
        else:
            Licence.objects.update_or_create(institution=institution, kind=kind, defaults=new)
    record(institution, by, InstitutionAct.LICENCES, changes)


@transaction.atomic
def save_persons(
    institution: Institution, *, by: Actor, persons: list[dict], removed: Collection[int] = ()
) -> None:
    """Change or add responsible persons (each: id or None, duty, name, phone), take away those of `removed` ids.

    Who is not mentioned stays; an id that is not of this institution counts as None. Raises PermissionDenied for
    who may not.
    """
    institution = lock(institution, by)
    held = {person.pk: person for person in institution.responsible_persons.all()}
    before = [_person_words(person) for person in held.values()]
    for row in persons:
        person = held.get(row.get("id")) or ResponsiblePerson(institution=institution)
        person.duty, person.name, person.phone = row["duty"], row["name"], row["phone"]
        if person.pk:
            person.save(update_fields=["duty", "name", "phone"])
        else:
            person.save()
    institution.responsible_persons.filter(pk__in=set(removed) & set(held)).delete()
    after = [_person_words(person) for person in institution.responsible_persons.all()]
    changes = {"责任人": ["；".join(before), "；".join(after)]} if before != after else {}
    record(institution, by, InstitutionAct.PERSONS, changes)


def lock(institution: Institution, by: Actor) -> Institution:
    """The institution's row, locked until the transaction ends. Raises PermissionDenied unless `by` may edit it."""
    row = (
        Institution.objects.select_for_update(no_key=True, of=("self",))
        .select_related("authority__region", "region")
        .get(pk=institution.pk)
    )
    in_scope = Institution.objects.visible_to(by).filter(pk=row.pk).exists()
    if not (in_scope and may_edit(by, row)):
        raise PermissionDenied("只有主管民政部门（或其上级）和机构负责人可以维护这家机构的信息。")
    return row


def _assign(institution: Institution, by: Actor, fields: dict) -> None:
    for name, value in fields.items():
        if name not in FIELDS:
            raise TypeError(f"not a field of an institution's record: {name}")
        setattr(institution, name, value)
    if {"region", "authority"} & set(fields):
        _check_place(by, institution.region, institution.authority)
        for name, region in place_columns(institution.region).items():
            setattr(institution, name, region)


def _check_place(by: Actor, region: Region, authority: Authority) -> None:
    own = by.authority.region.path
    if not region.path.startswith(own):
        raise PermissionDenied("只能在自己的辖区内建档。")
    if not authority.region.path.startswith(own):
        raise PermissionDenied("主管部门不能是上级或辖区外的部门，请由其自行办理。")
    if not supervising_authorities(region).filter(pk=authority.pk).exists():
        raise ValidationError({"authority": f"“{authority.name}”不管辖“{region.name}”。"})


def _save(institution: Institution, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            institution.save(update_fields=update_fields)
    except IntegrityError as error:
        name = error.__cause__.diag.constraint_name
        if name not in _TAKEN:
            raise
        field, words = _TAKEN[name]
        raise ValidationError({field: words}) from error


def record(institution: Institution, by: Actor, act: InstitutionAct, changes: dict) -> None:
    """Leave the trace of a change; nothing when nothing changed."""
    if changes:
        InstitutionEvent.objects.create(institution=institution, by=by.user, act=act, changes=changes)


def words_of(row: models.Model, names) -> dict[str, str]:
    """Label of each field → its value as a person reads it."""
    words = {}
    for name in names:
        field = row._meta.get_field(name)
        if isinstance(field, models.BooleanField):
            value = "是" if getattr(row, name) else "否"
        elif field.choices:
            value = getattr(row, f"get_{name}_display")()
        else:
            value = getattr(row, name)
        words[field.verbose_name] = str(value)
    return words


def _licence_words(licence: Licence | None) -> str:
    if licence is None:
        return ""
    until = f"有效期至 {licence.expires_on}" if licence.expires_on else "长期有效"
    return f"{licence.number}，{until}" if licence.number else until


def _person_words(person: ResponsiblePerson) -> str:
    """Duty and name; of the phone only the end, because the trace is read by more people than the record."""
    return f"{person.duty} {person.name}" + (f"（尾号 {person.phone[-4:]}）" if person.phone else "")
