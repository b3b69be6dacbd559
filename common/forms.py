"""How forms become HTML: the house's templates first, Django's own for the rest."""

from functools import cached_property

from django import forms
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.forms.utils import flatatt
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.safestring import mark_safe

from common.markup import escaped


class HouseRenderer(TemplatesSetting):
    """Renders forms with templates/forms/.

    A widget template `django/forms/x.html` is looked up as `forms/x.html` first, so a widget is restyled by
    adding a file there; what the house does not have comes from Django. Raises TemplateDoesNotExist for a
    name neither knows.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    @cached_property
    def _django(self) -> DjangoTemplates:
        return DjangoTemplates()

    @cached_property
    def _found(self) -> dict:
        return {}

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
        attributes = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return mark_safe(f"<select{attributes}>{options}</select>")
