"""What an administrator copies must name every setting there is, and none that is gone."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READ_BY_SETTINGS = re.compile(
    r'(?:env\.\w+|required|environ\.get|\bdatabase)\(\s*"([A-Z_]+)"|"(DATABASE_\w+)" if'
)


def test_the_example_environment_names_exactly_the_settings_that_are_read():
    settings = (ROOT / "config" / "settings.py").read_text()
    read = {name for pair in READ_BY_SETTINGS.findall(settings) for name in pair if name}
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert named == read | {"DATABASE_URL"}
