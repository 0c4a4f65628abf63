"""What is wrong with a field, in the shop's words, by the path of the field."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic_core import ErrorDetails, PydanticCustomError

MOST_PROBLEMS = 50  # Whoever sends more has a different problem.

# pydantic's own words are for programmers; these are the ones that senders really meet.
_WORDS = {
    "missing": gettext_noop("It is missing."),
    "extra_forbidden": gettext_noop("There is no such field."),
    "uuid_parsing": gettext_noop("It is not a UUID."),
    "uuid_type": gettext_noop("It is not a UUID."),
    "string_unicode": gettext_noop("It holds half a character (a lone surrogate)."),
    "string_type": gettext_noop("It is not text."),
    "string_too_long": gettext_noop("At most %(max_length)s characters."),
    "string_too_short": gettext_noop("It cannot be empty."),
    "list_type": gettext_noop("It is not a list."),
    "tuple_type": gettext_noop("It is not a list."),
    "too_short": gettext_noop("At least %(min_length)s."),
    "too_long": gettext_noop("At most %(max_length)s."),
    "model_type": gettext_noop("It is not an object."),
    "model_attributes_type": gettext_noop("It is not an object."),
    "bool_parsing": gettext_noop("It is neither true nor false."),
    "bool_type": gettext_noop("It is neither true nor false."),
    "int_parsing": gettext_noop("It is not a whole number."),
    "int_type": gettext_noop("It is not a whole number."),
    "greater_than_equal": gettext_noop("At least %(ge)s."),
    "less_than_equal": gettext_noop("At most %(le)s."),
}


def wrong(words: str, field: str = "") -> PydanticCustomError:
    """What a shape's own check raises; `field` is the part of it that is wrong."""
    # pydantic fills {holes} in the words; ours have none left.
    words = words.replace("{", "(").replace("}", ")")
    return PydanticCustomError("shape", words, {"field": field})


def explain(problems: list[ErrorDetails]) -> dict[str, list[str]]:
    """What is wrong, by the path of each field: `lines.0.quantity`. At most fifty."""
    fields: dict[str, list[str]] = {}
    for problem in problems[:MOST_PROBLEMS]:
        words = _WORDS.get(problem["type"])
        said = _(words) % problem.get("ctx", {}) if words else problem["msg"]
        where = (*problem["loc"], *filter(None, [problem.get("ctx", {}).get("field")]))
        fields.setdefault(_path(where), []).append(said)
    return fields


def shown(name: str) -> str:
    """A name that a stranger invented, short enough and printable, to be shown back to them."""
    return name[:60].encode("utf-8", "replace").decode()


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(shown(str(part)) for part in location) or "body"
