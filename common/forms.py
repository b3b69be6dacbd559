"""How forms become HTML: the house's templates first, Django's own for the rest."""

from functools import cached_property

from django import forms
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.safestring import mark_safe

from common.markup import escaped

_INPUTS = frozenset(
    f"django/forms/widgets/{name}.html"
    for name in ("checkbox", "date", "email", "hidden", "number", "password", "tel", "text")
)


class HouseRenderer(TemplatesSetting):
    """Renders forms with templates/forms/.

    A widget template `django/forms/x.html` is looked up as `forms/x.html` first, so a widget is restyled by
    adding a file there; what the house does not have comes from Django. Raises TemplateDoesNotExist for a
    name neither knows. A plain <input> is written here: three templates for one tag are felt where a filter has ten.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    @cached_property
    def _django(self) -> DjangoTemplates:
        return DjangoTemplates()

    @cached_property
    def _found(self) -> dict:
        return {}

    def render(self, template_name, context, request=None):
        if template_name in _INPUTS:
            return mark_safe(_input(context["widget"]))
        return super().render(template_name, context, request)

    def get_template(self, template_name):
        """Looked for once: a field in ten would otherwise ask for a file that is not there."""
        if template_name not in self._found:
            self._found[template_name] = self._look(template_name)
        return self._found[template_name]

    def _look(self, template_name):
        own_name = template_name.removeprefix("django/")
        try:
            return get_template(own_name)
        except TemplateDoesNotExist:
            return self._django.get_template(template_name)


def _attributes(attrs: dict) -> str:
    return "".join(
        f" {escaped(name)}" if value is True else f' {escaped(name)}="{escaped(value)}"'
        for name, value in attrs.items()
        if value is not False and value is not None
    )


def _input(widget: dict) -> str:
    """To the letter what Django's input.html writes."""
    value = "" if widget["value"] is None else f' value="{escaped(widget["value"])}"'
    kind, name = escaped(widget["type"]), escaped(widget["name"])
    return f'<input type="{kind}" name="{name}"{value}{_attributes(widget["attrs"])}>'


class PlainSelect(forms.Select):
    """A select without groups, written in one go: by Django's templates, one for each option and one for its
    attributes, the choices of a filter cost more than the page around them.
    """

    def render(self, name, value, attrs=None, renderer=None):
        chosen = "" if value is None else str(value)
        options = "".join(
            f'<option value="{escaped(key)}"{" selected" if str(key) == chosen else ""}>{escaped(label)}</option>'
            for key, label in self.choices
        )
        attributes = _attributes(dict(sorted({**self.attrs, "name": name, **(attrs or {})}.items())))
        return mark_safe(f"<select{attributes}>{options}</select>")
