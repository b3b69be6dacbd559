"""All readings of all characters, as pypinyin knows them. Only migrations and their test import this: it is large."""

import re
from collections.abc import Iterator

from pypinyin import Style, pinyin

# 〇, CJK and its extension A: what names and reports are written with.
_LETTERS = (0x3007, *range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
_SYLLABLE = re.compile(r"[a-z]*[aeiouv][a-z]*")


def readings() -> Iterator[tuple[str, list[str]]]:
    """Each character with its syllables: no tones, every reading (洞: dong, tong), ü as v and as u."""
    for code in _LETTERS:
        letter = chr(code)
        known = pinyin(letter, style=Style.NORMAL, heteronym=True, errors="ignore")
        plain = [s for s in (known[0] if known else []) if _SYLLABLE.fullmatch(s)]
        if plain:
            yield letter, sorted({*plain, *(s.replace("v", "u") for s in plain)})
