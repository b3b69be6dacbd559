"""What the forms of this app share."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def add_action_error(form: forms.Form, error: ValidationError) -> None:
    """Put what an action refused onto the form: beside its field where the form has it, else on top."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in by_field.items():
        form.add_error(name if name in form.fields else None, errors)


def date_input() -> forms.DateInput:
    """A native date input; browsers want and send ISO dates."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def posted(request):
    """The data to bind a form to: what was posted, however little; None for a page only looked at."""
    return request.POST if request.method == "POST" else None
