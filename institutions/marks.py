"""The hit, marked: which characters of a shown text answer what was typed. Text goes out escaped, always."""

from collections.abc import Iterable

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from institutions.models import Reading
from institutions.search import Word, folded, words_of

# Reference data that only a migration changes: read once by each process, character by character (at most 4 MB).
_known: dict[str, list[str]] = {}


def _readings_of(letters: set[str]) -> dict[str, list[str]]:
    if unknown := [letter for letter in letters if letter not in _known]:
        _known.update({letter: [] for letter in unknown})
        _known.update(Reading.objects.filter(letter__in=unknown).values_list("letter", "syllables"))
    return _known


class Marker:
    """Marks the hits of one search in any number of texts.

    `texts` are those that will be shown: for letters typed, the readings of their characters are needed, which costs
    one statement for those no search has met before.
    """

    def __init__(self, typed: str, texts: Iterable[str]):
        self.words: list[Word] = words_of(typed)
        self.readings: dict[str, list[str]] = {}
        if any(run.isalpha() and run.isascii() for word in self.words for run in word.runs):
            self.readings = _readings_of(set().union(*texts))

    def mark(self, text: str, *, is_name: bool = False) -> SafeString:
        """`text` escaped, with <mark> around what was typed; by initials in names only."""
        hit = [False] * len(text)
        for word in self.words:
            for run in word.runs:
                for start, end in self._hits(text, run, is_name):
                    hit[start:end] = [True] * (end - start)
        return format_html_join("", "{}", ((piece,) for piece in _pieces(text, hit)))

    def _hits(self, text: str, run: str, is_name: bool) -> Iterable[tuple[int, int]]:
        shown = [folded(letter) for letter in text]
        for start in range(len(text)):
            if not (run.isascii() and _stands_within(shown, start)) and (end := _said(shown, start, run)):
                yield start, end
            if run.isalpha() and run.isascii():
                if end := self._read(text, start, run):
                    yield start, end
                elif is_name and len(run) > 1 and self._begins(text, start, run):
                    yield start, start + len(run)

    def _read(self, text: str, start: int, rest: str) -> int:
        """Where the characters end that are read as `rest`, from `start` on; 0 when they are not."""
        for syllable in self.readings.get(text[start], ()) if start < len(text) else ():
            if syllable.startswith(rest):
                return start + 1
            if rest.startswith(syllable) and (end := self._read(text, start + 1, rest[len(syllable) :])):
                return end
        return 0

    def _begins(self, text: str, start: int, initials: str) -> bool:
        """Whether the characters from `start` on are read with these first letters."""
        letters = text[start : start + len(initials)]
        return len(letters) == len(initials) and all(
            any(syllable[0] == initial for syllable in self.readings.get(letter, ()))
            for letter, initial in zip(letters, initials, strict=True)
        )


def _stands_within(shown: list[str], start: int) -> bool:
    """Whether a word in letters and digits began before `start`: a search finds its beginning only."""
    return start > 0 and shown[start - 1].isascii() and shown[start - 1].isalnum()


def _said(shown: list[str], start: int, run: str) -> int:
    """Where `run` ends when it stands at `start`, 0 otherwise; one letter shown may be several folded (№, ㎡)."""
    said = ""
    for position in range(start, len(shown)):
        said += shown[position]
        if said.startswith(run):
            return position + 1
        if not run.startswith(said):
            break
    return 0


def _pieces(text: str, hit: list[bool]) -> Iterable[str]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or hit[end] != hit[start]:
            piece = text[start:end]
            yield format_html_join("", "<mark>{}</mark>", [(piece,)]) if hit[start] else piece
            start = end
