"""Search over hazards: by number, by their own words, by the institution and the place they are at."""

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, TextField, Value
from django.db.models.sql.where import AND, WhereNode

from hazards.numbers import read_number
from institutions.actor import Actor
from institutions.models import Institution, User
from institutions.search import Word, finds, institutions_saying, words_of

# More than these are not named one by one: then the word is common, and rows in order meet it soon.
NAMED_HAZARDS = 1000
NAMED_INSTITUTIONS = 200
_FIELDS = ("description", "location")


class _Saying(Func):
    """Ids of hazards, of any scope, whose own words answer `word`: at most one more than are named."""

    function = "hazards_saying"
    template = "%(function)s(%(expressions)s)"
    output_field = ArrayField(BigIntegerField())

    def __init__(self, word: Word):
        super().__init__(
            Func(Value(word.query()), template="%(expressions)s::tsquery"),
            Func(Value(word.exact, output_field=ArrayField(TextField())), template="%(expressions)s::text[]"),
            Value(NAMED_HAZARDS + 1),
        )


class Named(Func):
    """Condition: this hazard is one of at most NAMED_HAZARDS `ids`.

    PostgreSQL is told that they are few, not which: weighing hundreds of keys takes it longer than fetching their rows.
    """

    template = "%(expressions)s"
    arg_joiner = " = "
    output_field = BooleanField()

    def __init__(self, ids: list[int]):
        listed = Value(ids, output_field=ArrayField(BigIntegerField()))
        super().__init__(
            F("pk"), Func(listed, template="ANY(ARRAY(SELECT unnest(%(expressions)s::bigint[])))")
        )


def is_few(hazards) -> bool:
    """Whether a queryset is known to hold no more than NAMED_HAZARDS rows, because they were named."""
    return _names(hazards.query.where)


def _names(condition) -> bool:
    if isinstance(condition, WhereNode):
        is_all = condition.connector == AND and not condition.negated
        return is_all and any(_names(child) for child in condition.children)
    return isinstance(getattr(condition, "lhs", condition), Named)


def hazards_saying(text: str, actor: Actor) -> Q:
    """Condition on hazards in the actor's scope: the number `text` is, else every word of it.

    A word may stand in what was found, where, in the name, address or code of the institution, or in the name or code
    of its place. One statement, none for a whole number: how common each word is decides how it is asked for.
    """
    year, pk = read_number(text) or (None, None)
    if year:
        return Q(pk=pk, found_on__year=year)
    words = words_of(text)
    condition = Q() if words else Q(pk__in=[])
    for word, (hazards, institutions) in zip(words, _met(words, actor), strict=True):
        condition &= _condition(word, actor, hazards, institutions)
    return condition | Q(pk=pk) if pk else condition


def _met(words: list[Word], actor: Actor) -> list[tuple[list[int], list[int]]]:
    """For each word the hazards and the institutions it meets, each one more than is named at most."""
    asked = {}
    for i, word in enumerate(words):
        if word.runs:
            asked[f"hazards{i}"] = _Saying(word)
            asked[f"institutions{i}"] = ArraySubquery(_institutions(word, actor)[: NAMED_INSTITUTIONS + 1])
    row = User.objects.filter(pk=actor.user.pk).values(**asked).get() if asked else {}
    return [(row.get(f"hazards{i}", []), row.get(f"institutions{i}", [])) for i in range(len(words))]


def _institutions(word: Word, actor: Actor):
    return Institution.objects.visible_to(actor).filter(institutions_saying(word)).order_by().values("pk")


def _condition(word: Word, actor: Actor, hazards: list[int], institutions: list[int]) -> Q:
    own = Q(Named(hazards)) if len(hazards) <= NAMED_HAZARDS else finds(word, *_FIELDS)
    if not institutions:
        return own
    if len(institutions) <= NAMED_INSTITUTIONS:
        return own | Q(institution__in=institutions)
    return own | Q(institution__in=_institutions(word, actor))
