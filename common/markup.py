"""HTML written by Python where a template would cost more than what it says: long tables and long selects."""

from html import escape


def escaped(value) -> str:
    """`value` as text of a page or of an attribute in double quotes. What says of itself that it is HTML stays as it is.

    The rule of Django's conditional_escape, for hundreds of calls a page.
    """
    return value.__html__() if hasattr(value, "__html__") else escape(str(value))
