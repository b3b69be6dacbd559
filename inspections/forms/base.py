"""What the forms of this app share."""

import uuid

from django import forms
from django.core.exceptions import ValidationError

from hazards.forms import digest_of, refuse_personal_data


class KeyedForm(forms.Form):
    """Carries a key that makes the act happen once, and the revision the person saw."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args, about: str = "", revision: int | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.about = about
        self.fields["key"].initial = uuid.uuid4
        self.fields["revision"].initial = revision

    def facts(self) -> dict:
        """Keyword arguments for the action."""
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}

    @property
    def digest(self) -> str:
        """What was sent about what: the same words on another address (`about`) are another form."""
        return digest_of(self, f"{type(self).__name__}:{self.about}")

    def typed(self) -> list[tuple[str, str]]:
        """Label and text of what the person wrote, to be kept on a conflict page."""
        return [
            (field.label, str(self.data[name]))
            for name, field in self.fields.items()
            if not field.widget.is_hidden and isinstance(field, forms.CharField) and self.data.get(name)
        ]


class LinesField(forms.CharField):
    """One entry a line; empty lines and repeated entries are dropped. Cleans to a list."""

    def __init__(self, *, line_length: int, max_lines: int, rows: int = 3, **kwargs):
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
        self.line_length, self.max_lines = line_length, max_lines

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value):
        text = super().clean(value)
        refuse_personal_data(text)
        lines = list(dict.fromkeys(" ".join(line.split()) for line in text.splitlines()))
        lines = [line for line in lines if line]
        if self.required and not lines:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(lines) > self.max_lines:
            raise ValidationError(f"最多 {self.max_lines} 行。")
        if any(len(line) > self.line_length for line in lines):
            raise ValidationError(f"每行最多 {self.line_length} 个字。")
        return lines
