"""What a basis may be shown as, and which listed situations a failed item proposes. Touches no database.

Only what was read in the source is law: everything else is shown by its title alone, as a reference to be checked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hazards.enums import Severity
from inspections.enums import SituationStatus

REFERENCE = "参考，依据待核"

_DOUBT = re.compile(r"待核|推定|类推|未查到|须经")
_SEEN = "已核到该情形"
_NUMERAL = "一二三四五六七八九十百零〇\\d"
_ARTICLE = re.compile(rf"第[{_NUMERAL}]+[条章节款项]|[{_NUMERAL}]+、（|(?<=[》\w])\s*\d+(?:\.\d+)+$")
_REMARK = re.compile(r"（[^（）]*(?:待核|推定|类推|已核|须经)[^（）]*）")


@dataclass(frozen=True)
class Basis:
    """One basis as it may be shown: `is_law` with its article, else the document's title as a reference."""

    text: str
    is_law: bool

    def __str__(self):
        return self.words

    @property
    def words(self) -> str:
        return self.text if self.is_law else f"{self.text}（{REFERENCE}）"


def has_doubt(text: str) -> bool:
    """Whether the words themselves say that they were not checked (项号待核, 推定, 类推)."""
    return _DOUBT.search(text) is not None


def names_article(text: str) -> bool:
    """Whether an article, chapter or numbered section is cited."""
    return _ARTICLE.search(text) is not None


def document_only(text: str) -> str:
    """The document without article numbers and remarks: 《消防法》(2021修正)第十六条（二） → 《消防法》(2021修正)."""
    text = _REMARK.sub("", text)
    if article := _ARTICLE.search(text):
        text = text[: article.start()]
    return text.strip(" 、，；")


def basis_row(text: str, status: str) -> dict:
    """A basis of the data file as it is kept: verified when its article was read in the source.

    A document cited without a number in a verified item is cited for its topic alone, and is a reference.
    """
    is_verified = status == "verified" and names_article(text) and not has_doubt(text)
    return {"text": text, "is_verified": is_verified}


def bases(item) -> list[Basis]:
    """The bases of an item as they may be shown, laws first; each document once."""
    laws = [
        Basis(row["text"], True) for row in item.bases if row["is_verified"] and not has_doubt(row["text"])
    ]
    shown = {document_only(law.text) for law in laws}
    references = []
    for row in item.bases:
        title = document_only(row["text"])
        if title and title not in shown and Basis(row["text"], True) not in laws:
            shown.add(title)
            references.append(Basis(title, False))
    return laws + references


def law_of(item) -> str:
    """The verified bases in one line, as a hazard or a notice quotes them; empty when there is none."""
    return "；".join(basis.text for basis in bases(item) if basis.is_law)


def is_major_ref_verified(ref: str, status: str) -> bool:
    """Whether the reference to a judgement standard in the data file was read: the clause, or the situation itself."""
    return bool(ref) and status == "verified" and (_SEEN in ref or not has_doubt(ref))


def is_confirmed_major(item) -> bool:
    """Printed with ★: failing it is a listed situation of a judgement standard, read in the source."""
    return item.severity == Severity.MAJOR and item.is_major_ref_verified


def situation_words(situation) -> Basis:
    """Standard and clause of a listed situation (or of a judgement's copy), as they may be shown."""
    status = getattr(situation, "situation_status", None) or situation.status
    name = f"{situation.standard}（{situation.version}）"
    if status == SituationStatus.VERIFIED:
        return Basis(f"{name}{situation.clause}", True)
    return Basis(name, False)


# --- 重大隐患判定 ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposal:
    """A listed situation for a failed item; a firm one makes MAJOR the default, another only asks for a thought."""

    situation: object
    is_firm: bool


def proposals(item, situations: Iterable, today: date) -> list[Proposal]:
    """The situations in force on `today` that failing `item` may be, firm ones first.

    Firm: the situation was read in its source and the item itself is MAJOR by default. One that is merely inferred
    never proposes MAJOR by itself.
    """
    found = [
        Proposal(
            situation,
            is_firm=situation.status != SituationStatus.INFERRED and item.severity == Severity.MAJOR,
        )
        for situation in situations
        if item.code in situation.item_codes and is_in_force(situation, today)
    ]
    return sorted(found, key=lambda p: (not p.is_firm, p.situation.code))


def is_in_force(situation, today: date) -> bool:
    """Whether the standard's dates allow judging by it on `today`; a date that is not known does not forbid it."""
    starts, ends = situation.effective_from, situation.effective_to
    return (starts is None or starts <= today) and (ends is None or today <= ends)


def default_severity(item, situations: Iterable, today: date) -> Severity:
    """What a finding of `item` starts with: MAJOR when a firm situation waits for nobody else's finding.

    Where a competent body must decide, GENERAL until 判定机关 and 文书号 are known.
    """
    firm = [p.situation for p in proposals(item, situations, today) if p.is_firm]
    return Severity.MAJOR if any(not s.needs_finding for s in firm) else Severity.GENERAL


def refuse_judgement(
    *, situation, competent_body: str, document_number: str, participants: str, opinion: str
) -> dict[str, str]:
    """Why MAJOR can't be accepted on this ground, by field; empty when it can."""
    errors = {}
    if situation is None:
        if len(re.split(r"[、，,;；\s]+", participants.strip("、，,;； "))) < 2:
            errors["participants"] = "会商判定请写明至少两名参加人员，用顿号分开。"
        if len(opinion.strip()) < 5:
            errors["opinion"] = "请写明会商意见，至少 5 个字。"
        return errors
    if situation.needs_finding:
        if not competent_body.strip():
            errors["competent_body"] = f"这一情形须由{situation.finding_bodies}判定，请填写判定机关。"
        if not document_number.strip():
            errors["document_number"] = "请填写判定文书的文号；没有文书的，先按一般隐患登记并提请判定。"
    return errors
