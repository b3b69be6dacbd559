"""Finds what a row of a ledger speaks of: the institution in scope, the official, the row that is already here."""

import difflib
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from hazards.models import Hazard
from hazards.notices import roles_with
from hazards.numbers import number_of, read_number
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Institution, Membership, ResponsiblePerson
from reports.imports.values import Unread, plain
from reports.models import ImportedRow, PastHazard, WithdrawnRow

_ROWS = uuid.UUID("6d1f2f34-3b57-4c7b-9d8e-0c6e3f1b7a55")  # names of rows are made under this one
_ASKED_FOR_LIKENESS = 200  # names that are looked for among all others: each takes a tenth of a second
_NAMED = 4


class Institutions:
    """The institutions in somebody's scope, by code and by name however it is written."""

    def __init__(self, by: Actor):
        rows = Institution.objects.visible_to(by).select_related("city", "county", "township")
        self.all = list(rows.order_by("pk"))
        self._by_code = {i.credit_code: i for i in self.all if i.credit_code}
        self._by_name, self._by_plain = defaultdict(list), defaultdict(list)
        for institution in self.all:
            self._by_name[institution.name].append(institution)
            self._by_plain[plain(institution.name)].append(institution)
        self._likely: dict[str, str] = {}
        self._heads = dict(
            ResponsiblePerson.objects.filter(institution__in=self.all).order_by("-id").values_list("institution", "name")
        )  # fmt: skip

    def find(self, name: str, code: str, place: str) -> Institution:
        """The one that is meant. Raises Unread, naming whom it could mean."""
        found = self._found(name, code.strip().upper(), place)
        if not found.is_active:
            raise Unread(f"“{found.name}”已停用，请先在机构档案里恢复")
        return found

    def head(self, institution: Institution) -> str:
        """Its responsible person, '' when none is recorded."""
        return self._heads.get(institution.pk, "")

    def _found(self, name: str, code: str, place: str) -> Institution:
        by_code = self._by_code.get(code) if code else None
        named = self._by_name.get(name) or self._by_plain.get(plain(name)) or []
        if by_code:
            if name and plain(by_code.name) != plain(name):
                raise Unread(f"信用代码属于“{by_code.name}”，名称却是“{name[:30]}”")
            return by_code
        if not name:
            raise Unread("没有填写机构名称")
        if len(named) > 1 and place:
            named = [i for i in named if _lies_in(i, place)] or named
        if len(named) == 1:
            return named[0]
        if named:
            where = "、".join(_place(i) for i in named[:_NAMED])
            raise Unread(
                f"辖区内有 {len(named)} 家“{name[:30]}”（{where}），请在“所在地区”写明，或填写信用代码"
            )
        raise Unread(f"辖区内没有“{name[:30]}”{self._like(name)}")

    def _like(self, name: str) -> str:
        key = plain(name)
        if key not in self._likely:
            near = [k for k in self._by_plain if len(key) > 2 and (key in k or k in key)]
            if not near and len(self._likely) < _ASKED_FOR_LIKENESS:
                near = difflib.get_close_matches(key, self._by_plain, n=_NAMED, cutoff=0.75)
            names = "、".join(self._by_plain[k][0].name for k in near[:_NAMED])
            self._likely[key] = f"，名称相近的有：{names}" if names else "，请先在机构档案里建档"
        return self._likely[key]


def _place(institution: Institution) -> str:
    return "".join(dict.fromkeys((institution.county.name, institution.township.name)))


def _lies_in(institution: Institution, place: str) -> bool:
    """Whether the deepest region its place names is the institution's."""
    regions = (institution.township, institution.county, institution.city)
    return any(region.name in place or place in region.name for region in regions[:2]) or (
        regions[2].name == place
    )


class Officials:
    """Who may issue at an authority, by name; nobody where two have the same."""

    def __init__(self, institutions: Iterable[Institution]):
        rows = Membership.objects.active().filter(
            authority__in={i.authority_id for i in institutions}, role__in=roles_with(Capability.ISSUE)
        )
        named = defaultdict(set)
        for authority, name, user in rows.values_list("authority", "user__name", "user"):
            named[authority, name].add(user)
        self._one = {key: next(iter(users)) for key, users in named.items() if len(users) == 1}

    def find(self, institution: Institution, name: str) -> int | None:
        return self._one.get((institution.authority_id, name))


@dataclass(frozen=True)
class Identity:
    """What makes two rows the same: where, when, what; the number tells copies of the same words apart."""

    institution: int
    found_on: date
    words: tuple[str, str]  # description and location, without what varies between copies
    number: str
    turn: int = 0  # how many times it was brought and taken back before

    @property
    def uid(self) -> uuid.UUID:
        """The same for the same row, whoever brings it, in whatever file."""
        said = [str(self.institution), self.found_on.isoformat(), *self.words, plain(self.number)]
        return uuid.uuid5(_ROWS, "\n".join(said + [str(self.turn)] * bool(self.turn)))


def in_turn(identities: list[Identity]) -> list[Identity]:
    """Each under the name it would have now: what was taken back comes again under the next."""
    while taken := set(
        WithdrawnRow.objects.filter(uid__in=[i.uid for i in identities]).values_list("uid", flat=True)
    ):
        identities = [replace(i, turn=i.turn + 1) if i.uid in taken else i for i in identities]
    return identities


class AlreadyHere:
    """Which of some rows are in the system: by number, by the name made of what they say, or by what they say.

    What was taken back (撤回导入) is not; what was voided by hand still is.
    """

    def __init__(self, identities: list[Identity]):
        self._uids = self._uids_of([i.uid for i in identities])
        self._by_words = defaultdict(list)
        self._by_number = {}
        institutions = {i.institution for i in identities}
        numbers = [pk for i in identities if (pk := (read_number(i.number) or (None, 0))[1]) < 2**63]
        rows = Hazard.objects.filter(institution__in=institutions, withdrawn_row=None)
        same_days = rows.filter(found_on__in={i.found_on for i in identities})
        fields = ("pk", "institution_id", "found_on", "description", "location")
        numbers_of = dict(
            ImportedRow.objects.filter(hazard__in=same_days.values("pk")).values_list("hazard", "number")
        )
        for pk, institution, found_on, description, location in same_days.values_list(*fields):
            known = (number_of(found_on, pk), plain(numbers_of.get(pk, "")))
            self._by_words[institution, found_on, plain(description), plain(location)].append(known)
        for pk, institution, found_on, description, _ in rows.filter(pk__in=numbers).values_list(*fields):
            self._by_number[number_of(found_on, pk)] = (institution, found_on, plain(description))

    @staticmethod
    def _uids_of(uids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
        past = PastHazard.objects.filter(uid__in=uids).values_list("uid", flat=True)
        here = Hazard.objects.filter(uid__in=uids).values_list("uid", "found_on", "pk")
        return dict.fromkeys(past, "历史台账") | {uid: number_of(found_on, pk) for uid, found_on, pk in here}

    def where(self, row: Identity) -> str:
        """Its number here, or 历史台账; '' when it is not here."""
        if known := self._uids.get(row.uid):
            return known
        number = row.number.strip().upper()
        if number in self._by_number:
            institution, found_on, description = self._by_number[number]
            if institution == row.institution and (found_on == row.found_on or description == row.words[0]):
                return number
        for here, brought in self._by_words.get((row.institution, row.found_on, *row.words), ()):
            # Two rows that say the same under different numbers of theirs are two hazards.
            if not (brought and row.number and brought != plain(row.number)):
                return here
        return ""
