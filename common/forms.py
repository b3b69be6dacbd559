"""How forms become HTML: the house's templates first, Django's own for the rest."""

from functools import cached_property

from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import TemplateDoesNotExist
from django.template.loader import get_template


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

    def get_template(self, template_name):
        own_name = template_name.removeprefix("django/")
        try:
            return get_template(own_name)
        except TemplateDoesNotExist:
            return self._django.get_template(template_name)
