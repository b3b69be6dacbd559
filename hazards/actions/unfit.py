"""What a person asked for does not fit the rules or the facts: an answer in words, beside what they typed."""


class Unfit(ValueError):
    """The message says why not, and what to do instead. Becomes a 422 with the form."""
