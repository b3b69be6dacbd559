"""The form of a judgement (重大隐患判定). Used by itself or, with a prefix, inside the form of a finding."""

from datetime import date

from django import forms

from hazards.forms import text
from inspections import rules
from inspections.models import ChecklistItem, Judgement, MajorSituation
from institutions.models import Institution

CONSULTATION = "consultation"


class JudgementForm(forms.Form):
    """On what ground a finding is MAJOR.

    `institution` and `today` decide which situations can be chosen; those that failing `item` proposes come first.
    `judgement` fills in what was judged before. After is_valid(), `facts()` are the arguments of
    `inspections.actions.judging.judge`. Asks for 判定机关 and 文书号 where a competent body must have found it.
    """

    ground = forms.ChoiceField(label="判定依据", widget=forms.RadioSelect(attrs={"class": "stacked"}))
    competent_body = text(
        "判定机关", max_length=80, required=False, help_text="由主管部门或第三方判定的，写明是哪个机关、机构"
    )
    document_number = text(
        "文书号", max_length=60, required=False, help_text="检查文书、评估或鉴定报告的编号"
    )
    participants = text("会商人员", max_length=200, required=False, help_text="会商判定时填写，用顿号分开")
    opinion = text("会商意见", lines=2, max_length=500, required=False)

    def __init__(
        self,
        *args,
        institution: Institution,
        today: date,
        item: ChecklistItem | None = None,
        judgement: Judgement | None = None,
        **kwargs,
    ):
        if judgement is not None:
            kwargs["initial"] = self._initial(judgement) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.situations = {str(s.pk): s for s in MajorSituation.objects.for_institution(institution, today)}
        self.proposals = rules.proposals(item, self.situations.values(), today) if item else []
        proposed = [str(p.situation.pk) for p in self.proposals]
        rest = [key for key in self.situations if key not in proposed]
        self.fields["ground"].choices = [
            *((key, self._label(self.situations[key])) for key in [*proposed, *rest]),
            (CONSULTATION, "会商判定：标准没有列明或难以判定，会同有关部门、专家研究判定"),
        ]
        firm = [str(p.situation.pk) for p in self.proposals if p.is_firm]
        if firm and not self.is_bound:
            self.initial.setdefault("ground", firm[0])

    @staticmethod
    def _initial(judgement: Judgement) -> dict:
        ground = CONSULTATION if judgement.is_consultation else str(judgement.situation_id)
        names = ("competent_body", "document_number", "participants", "opinion")
        return {"ground": ground} | {name: getattr(judgement, name) for name in names}

    @staticmethod
    def _label(situation: MajorSituation) -> str:
        """Clause and text as they may be shown, and who must have found it."""
        by_whom = f"（须由{situation.finding_bodies}判定）" if situation.needs_finding else ""
        return f"{situation.text}{by_whom}——{rules.situation_words(situation)}"

    @property
    def firm(self) -> list[MajorSituation]:
        """The situations that make MAJOR the proposal for this item."""
        return [proposal.situation for proposal in self.proposals if proposal.is_firm]

    def clean(self):
        cleaned = super().clean()
        if "ground" not in cleaned:
            return cleaned
        self.situation = self.situations.get(cleaned["ground"])
        errors = rules.refuse_judgement(
            situation=self.situation,
            **{
                name: cleaned.get(name, "")
                for name in ("competent_body", "document_number", "participants", "opinion")
            },
        )
        for name, words in errors.items():
            if name not in self.errors:
                self.add_error(name, words)
        return cleaned

    def facts(self) -> dict:
        """Keyword arguments for judge(). Only after is_valid()."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "ground"}
        return said | {"situation": self.situation}
