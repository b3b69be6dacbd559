"""Reads the data files: checklists, quick phrases, listed situations. Words, not tracebacks, when one is wrong."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path

import yaml

from hazards.enums import Domain, Severity
from inspections import rules
from inspections.enums import SituationStatus
from institutions.enums import Department, InstitutionKind

FOLDER = Path(__file__).resolve().parent / "data"
# One checklist a group, by the first letters of its items' codes.
GROUPS = {
    "NH": "养老机构、社会福利院安全检查表",
    "CW": "儿童福利机构安全检查表",
    "RS": "救助管理机构安全检查表",
    "FN": "殡葬服务机构安全检查表",
    "MR": "婚姻登记处安全检查表",
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast
_SEVERITY = {severity.label: severity.value for severity in Severity}
_DOMAIN = {domain.label: domain.value for domain in Domain}
_RECEIVERS = {
    "消防": Department.FIRE_RESCUE,
    "市场监督": Department.MARKET_REGULATION,
    "住房城乡建设": Department.HOUSING,
    "卫生健康": Department.HEALTH,
    "应急管理": Department.EMERGENCY,
}


class DataError(Exception):
    """The file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class LoadedChecklist:
    """One checklist as the file has it: fields of its items in order, and a digest over all of it."""

    code: str
    name: str
    kinds: list[str]
    source: str
    items: list[dict] = field(repr=False)

    @property
    def digest(self) -> str:
        whole = [self.code, self.name, self.kinds, self.items]
        return hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _read(path: Path):
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"读不了文件 {path}：{error}") from error


def read_checklists(checklists: Path, phrases: Path) -> list[LoadedChecklist]:
    """The groups of the checklist file with their quick phrases. Raises DataError, naming the item."""
    data, words = _read(checklists), _read(phrases)
    try:
        rows, version = data["items"], data["meta"]["version"]
        source = f"安全检查清单（{version}）"
        kind_order = [kind.value for kind in InstitutionKind]
        unknown = {row["code"] for row in rows if row["code"].split("-")[0] not in GROUPS}
        if unknown:
            raise DataError(f"不认识的检查项代码：{'、'.join(sorted(unknown))}")
        loaded = []
        for prefix, name in GROUPS.items():
            items = [_item(row, words) for row in rows if row["code"].split("-")[0] == prefix]
            kinds = sorted(set(chain.from_iterable(i["kinds"] for i in items)), key=kind_order.index)
            if items:
                loaded.append(LoadedChecklist(prefix, name, kinds, source, _by_domain(items)))
        return loaded
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"文件 {checklists} 的格式不对：{error!r}") from error


def _item(row: dict, words: dict) -> dict:
    code = row["code"]
    said = (words or {}).get(code)
    if not said or not said.get("phrases"):
        raise DataError(f"{code} 没有典型隐患描述")
    try:
        kept = [rules.basis_row(text, row["basis_status"]) for text in row["basis"]]
        return {
            "code": code,
            "kinds": [InstitutionKind(kind).value for kind in row["kinds"]],
            "domain": _DOMAIN[row["domain"]],
            "subject": said["subject"],
            "text": row["text"],
            "guidance": row["guidance"],
            "severity": _SEVERITY[row["severity"]],
            "days": int(row["days"]),
            "bases": sorted(kept, key=lambda basis: not basis["is_verified"]),
            "major_ref": row["major_ref"],
            "is_major_ref_verified": rules.is_major_ref_verified(row["major_ref"], row["basis_status"]),
            "upgrade_when": row["upgrade_when"],
            "interim": row["interim"],
            "transfer_department": _receiver(row["transfer_to"]),
            "transfer_to": row["transfer_to"],
            "phrases": list(said["phrases"]),
        }
    except (KeyError, ValueError) as error:
        raise DataError(f"{code} 不完整或有不认识的内容：{error}") from error


def _receiver(text: str) -> str:
    """The first department named that we know; the words are kept beside it."""
    known = [(text.index(word), department.value) for word, department in _RECEIVERS.items() if word in text]
    return min(known)[1] if known else ""


def _by_domain(items: list[dict]) -> list[dict]:
    """Items of one domain together, domains in the order of their first item; numbered."""
    domains = list(dict.fromkeys(item["domain"] for item in items))
    ordered = sorted(items, key=lambda item: domains.index(item["domain"]))
    return [item | {"order": number} for number, item in enumerate(ordered, 1)]


def read_situations(path: Path) -> list[dict]:
    """The listed situations as fields of MajorSituation; `region` is a code or empty. Raises DataError."""
    data = _read(path)
    try:
        rows = [_situation(standard, row) for standard in data["standards"] for row in standard["situations"]]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"文件 {path} 的格式不对：{error!r}") from error
    codes = [row["code"] for row in rows]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise DataError(f"代码重复：{'、'.join(twice)}")
    return rows


def _situation(standard: dict, row: dict) -> dict:
    code, status, clause = row["code"], SituationStatus(row["status"]), row.get("clause", "")
    if clause and status != SituationStatus.VERIFIED:
        raise DataError(f"{code}：没有核对过的情形不能写条款号")
    dates = {name: standard.get(name) for name in ("issued_on", "effective_from", "effective_to")}
    if wrong := [name for name, day in dates.items() if day is not None and not isinstance(day, date)]:
        raise DataError(f"{code}：{'、'.join(wrong)} 不是日期")
    bodies = row.get("finding_bodies", "")
    return dates | {
        "code": code,
        "standard": standard["standard"],
        "version": standard["version"],
        "clause": clause,
        "text": row["text"],
        "status": status.value,
        "needs_finding": bool(bodies),
        "finding_bodies": bodies,
        "kinds": [InstitutionKind(kind).value for kind in standard["kinds"]],
        "item_codes": list(row.get("items", [])),
        "region": str(row.get("region", standard.get("region", ""))),
    }
