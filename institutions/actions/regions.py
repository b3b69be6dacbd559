"""Loading regions: all of a file or nothing, and every path and place below a moved region follows."""

from dataclasses import dataclass

from django.db import transaction

from institutions.enums import RegionLevel
from institutions.models import Institution, Region
from institutions.region_csv import RegionFile, RegionRow, level_from_position
from institutions.regions import place_columns


class RowErrors(Exception):
    """A file that cannot be loaded: `errors` holds (row number, words) in order of the rows."""

    def __init__(self, errors: list[tuple[int, str]]):
        super().__init__(f"{len(errors)} 处错误")
        self.errors = sorted(set(errors))


@dataclass(frozen=True)
class Loaded:
    """How many regions a load created, changed and left as they were, and how many institutions moved with them."""

    created: int
    changed: int
    unchanged: int
    institutions_moved: int


@transaction.atomic
def load_regions(file: RegionFile) -> Loaded:
    """Make the regions of `file` exist as it says: all of them or none. Safe to repeat; regions not named stay.

    Raises RowErrors naming every wrong row.
    """
    known = {r.code: r for r in Region.objects.select_for_update(no_key=True).order_by("path")}
    parent_codes = {code: _parent_code(r) for code, r in known.items()}
    rows = {row.code: row for row in file.rows}
    parent_codes |= {row.code: row.parent_code for row in file.rows}
    errors = list(file.errors) + _tree_errors(file.rows, known, parent_codes)
    if errors:
        raise RowErrors(errors)
    created, changed, moved = 0, 0, set()
    for code in _parents_first(rows, parent_codes):
        row, parent = rows[code], known.get(rows[code].parent_code)
        level = row.level or level_from_position(code, parent and RegionLevel(parent.level))
        if parent is not None and level.rank <= RegionLevel(parent.level).rank:
            errors.append(
                (row.number, f"{level.label}区划不能放在{parent.get_level_display()}“{parent.name}”下面")
            )
            continue
        if parent is None and level != RegionLevel.PROVINCE:
            errors.append((row.number, f"{level.label}区划必须写明上级代码"))
            continue
        region = known.get(code)
        if region is None:
            known[code] = Region.objects.create(
                code=code, name=row.name, level=level, parent=parent, path=Region.path_for(code, parent),
                valid_from=row.valid_from, valid_to=row.valid_to,
            )  # fmt: skip
            created += 1
            continue
        wanted = {"name": row.name, "level": level, "parent_id": parent and parent.pk,
                  "valid_from": row.valid_from, "valid_to": row.valid_to}  # fmt: skip
        different = [name for name, value in wanted.items() if getattr(region, name) != value]
        if not different:
            continue
        changed += 1
        for name in different:
            setattr(region, name, wanted[name])
        region.save(update_fields=[name.removesuffix("_id") for name in different])
        if {"level", "parent_id"} & set(different):
            moved.add(code)
    if errors:
        raise RowErrors(errors)
    institutions = _follow(known, moved) if moved else 0
    return Loaded(created, changed, len(rows) - created - changed, institutions)


def _parent_code(region: Region) -> str:
    codes = region.ancestor_codes
    return codes[-2] if len(codes) > 1 else ""


def _tree_errors(rows: list[RegionRow], known: dict, parent_codes: dict[str, str]) -> list[tuple[int, str]]:
    errors = []
    for row in rows:
        if row.parent_code and row.parent_code not in parent_codes:
            errors.append((row.number, f"上级代码 {row.parent_code[:20]} 不存在：文件里和系统里都没有"))
            continue
        seen, code = {row.code}, row.parent_code
        while code and code in parent_codes:
            if code == row.code:
                errors.append((row.number, "上级关系成环：沿上级往上会回到自己"))
                break
            if code in seen:
                break  # a ring above, named by its own rows
            seen.add(code)
            code = parent_codes[code]
    return errors


def _parents_first(rows: dict[str, RegionRow], parent_codes: dict[str, str]) -> list[str]:
    def depth(code: str) -> int:
        steps = 0
        while code := parent_codes.get(code, ""):
            steps += 1
        return steps

    return sorted(rows, key=lambda code: (depth(code), code))


def _follow(known: dict[str, Region], moved: set[str]) -> int:
    """Rebuild the paths below the moved regions, then the place columns of the institutions there."""
    by_pk = {r.pk: r for r in known.values()}
    for region in known.values():
        region.parent = by_pk.get(region.parent_id)
    touched = []
    for region in known.values():
        chain = _chain(region)
        if moved.isdisjoint(r.code for r in chain):
            continue
        parent = region.parent
        if parent is not None and RegionLevel(region.level).rank <= RegionLevel(parent.level).rank:
            words = f"“{region.name}”是{region.get_level_display()}，不低于上级“{parent.name}”，请在文件中一并写明"
            raise RowErrors([(0, words)])
        region.path = "/" + "".join(f"{r.code}/" for r in chain)
        touched.append(region)
    Region.objects.bulk_update(touched, ["path"], batch_size=500)
    count = 0
    for institution in Institution.objects.filter(region__in=touched).order_by("id"):
        places = place_columns(by_pk[institution.region_id])
        different = [name for name, r in places.items() if getattr(institution, f"{name}_id") != r.pk]
        if different:
            for name in different:
                setattr(institution, name, places[name])
            institution.save(update_fields=different)
            count += 1
    return count


def _chain(region: Region) -> list[Region]:
    chain = [region]
    while chain[0].parent is not None:
        chain.insert(0, chain[0].parent)
    return chain
