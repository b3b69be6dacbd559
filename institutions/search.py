"""Search: what somebody typed, as questions PostgreSQL answers from its own columns (docs/adr/0024).

The columns are made by triggers and unknown to Django, so no row carries them about and nothing writes them.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from django.db.models import BooleanField, F, Func, Q, Value

from institutions.models import Region
from institutions.pinyin import ways_to_read

WORDS_USED = 5
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff"
_RUN = re.compile(rf"[{HAN}]+|[a-z0-9]+")


def folded(text: str) -> str:
    """`text` as it is compared: full width as half, capitals as small; the same as search_folded() in PostgreSQL."""
    return unicodedata.normalize("NFKC", text).lower()


@dataclass(frozen=True)
class Word:
    """One word somebody typed, folded. Everything in it must be found: 3号楼 is 3 and 号楼."""

    text: str

    @cached_property
    def runs(self) -> list[str]:
        """What stands together of one kind: characters, or letters and digits."""
        return _RUN.findall(self.text)

    @property
    def exact(self) -> list[str]:
        """Runs of characters so long that their pairs alone could come from different places."""
        return [run for run in self.runs if len(run) > 2 and not run.isascii()]

    def query(self, *, is_name: bool = False) -> str:
        """A tsquery over search columns; empty when there is nothing to look for. Initials are those of names only."""
        return " & ".join(
            _letters_query(run, is_name) if run.isascii() else _characters_query(run) for run in self.runs
        )


def words_of(text: str) -> list[Word]:
    """The words of what somebody typed; more than WORDS_USED are not looked for."""
    return [Word(word) for word in folded(text).split()[:WORDS_USED]]


def _together(lexemes: list[str], ending: str = "") -> str:
    """All of them; `ending` goes behind the last. Lexemes are of letters, digits and characters: nothing to escape."""
    *first, last = [f"'{lexeme}'" for lexeme in lexemes]
    return f"({' & '.join([*first, last + ending])})"


def _characters_query(run: str) -> str:
    """Every pair of characters; a single one as the beginning of any pair."""
    if len(run) == 1:
        return f"'{run}':*"
    return _together([run[i : i + 2] for i in range(len(run) - 1)])


def _letters_query(run: str, is_name: bool) -> str:
    """A run of letters as it stands, as pinyin in every way it can be read, and as the first letters of a name."""
    options = [f"'{run}':*"]
    if run.isalpha():
        for syllables in ways_to_read(run):
            pairs = [f"~{a}{b}" for a, b in pairwise(syllables)]
            options.append(_together(pairs or [f"~{run}"], ":*"))
        if is_name and len(run) > 1:
            options.append(_together([f"^{run[i : i + 3]}" for i in range(max(1, len(run) - 2))]))
    return f"({' | '.join(options)})"


class Finds(Func):
    """Whether this row's search column answers a tsquery."""

    output_field = BooleanField()

    def __init__(self, query: str, **extra):
        super().__init__(F("pk"), Value(query), **extra)

    def __repr__(self):
        return f"Finds({self.source_expressions[1]})"

    def as_sql(self, compiler, connection, **extra):
        key, query = self.source_expressions
        sql, parameters = compiler.compile(query)
        return f'{compiler.quote_name_unless_alias(key.alias)}."search" @@ {sql}::tsquery', parameters


class Says(Func):
    """Whether a text, folded, has some characters in it."""

    output_field = BooleanField()

    def as_sql(self, compiler, connection, **extra):
        text, wanted = (compiler.compile(expression) for expression in self.source_expressions)
        return f"(strpos(search_folded({text[0]}), {wanted[0]}) > 0)", [*text[1], *wanted[1]]


def finds(word: Word, *fields: str, is_name: bool = False) -> Q:
    """Condition: a row's own words answer `word`; long runs of characters must stand in one of `fields`."""
    query = word.query(is_name=is_name)
    if not query:
        return Q(pk__in=[])
    condition = Q(Finds(query))
    for run in word.exact:
        anywhere = Q()
        for field in fields:
            anywhere |= Q(Says(F(field), Value(run)))
        condition &= anywhere
    return condition


def institutions_saying(word: Word) -> Q:
    """Condition on institutions: their name, address or code, or the place they lie in, answers `word`."""
    places = Region.objects.filter(finds(word, "name", is_name=True)).order_by().values("pk")
    here = Q()
    for level in ("township", "county", "city", "province"):
        here |= Q(**{f"{level}__in": places})
    return finds(word, "name", "address", is_name=True) | here


def answering(institutions, typed: str):
    """Those of `institutions` (in scope) that answer every word typed: by name, pinyin, initials, address, code or place."""
    for word in words_of(typed):
        institutions = institutions.filter(institutions_saying(word))
    return institutions
