"""Kinds of fields that programs and forms send, and what is wrong with one in the shop's words.

A shape is a pydantic model with `extra="forbid"`. `read()` is the only way in: it answers with
the model or with `Invalid`, which names each field that cannot be meant. Amounts and quantities
travel as strings: a JSON number has been through somebody's float.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from regalpos.errors import Invalid

MOST_PROBLEMS = 50  # Whoever sends more has a different problem.

# Signs that change how the text around them is read; receipts and reports must not be turned.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Runs of digits as people write card numbers: in groups, with spaces or dashes between.
_DIGIT_GROUPS = re.compile(r"[0-9]+(?:[ -][0-9]+)*")


class Shape(BaseModel):
    """What may be sent: these fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


# ---- numbers ------------------------------------------------------------------------------------


def wrong(words: str, field: str = "") -> PydanticCustomError:
    """What a shape's own check raises; `field` is the part of it that is wrong."""
    # pydantic fills {holes} in the words; ours have none left.
    words = words.replace("{", "(").replace("}", ")")
    return PydanticCustomError("shape", words, {"field": field})


@dataclass(frozen=True)
class Number:
    """A decimal written as a string, as numeric(digits, places) holds it.

    `whole` also takes a JSON integer, which is as exact as a string and what people write for
    pieces. Money does not: in some programs 1000 means 10.00.
    """

    digits: int
    places: int
    signed: bool = True
    whole: bool = False

    @property
    def pattern(self) -> str:
        sign = "-?" if self.signed else ""
        return rf"^{sign}[0-9]{{1,{self.digits - self.places}}}(\.[0-9]{{1,{self.places}}})?$"

    def parse(self, value: object) -> Decimal:
        """The number, exactly. One zero: no "-0", no "0.000"."""
        if isinstance(value, int) and not isinstance(value, bool) and self.whole:
            value = str(value)
        if not isinstance(value, str):
            raise wrong(_('Write it as a string, for example "12.50".'))
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise wrong(self._reason(value))
        return Decimal(value) or Decimal(0)

    def _reason(self, value: str) -> str:
        if not self.signed and value.startswith("-"):
            return _("It cannot be negative.")
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value, re.ASCII):
            facts = {"before": self.digits - self.places, "places": self.places}
            return _("At most %(before)s digits before the point and %(places)s after it.") % facts
        return _('A plain decimal number, for example "12.50".')

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # An amount that is sent back goes out as it stands in the books, zeros and all.
        as_string = core_schema.plain_serializer_function_ser_schema(_as_string)
        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=as_string,
            metadata={"pydantic_js_functions": [self._describe]},
        )

    def _describe(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        written: JsonSchemaValue = {"type": "string", "pattern": self.pattern, "examples": ["2.50"]}
        if not self.whole or handler.mode == "serialization":
            return written
        most = 10 ** (self.digits - self.places) - 1
        integer = {"type": "integer", "minimum": -most if self.signed else 0, "maximum": most}
        return {"anyOf": [written, integer], "examples": ["2.5", 3]}


def _as_string(number: Decimal) -> str:
    return format(number, "f")


Quantity = Annotated[Decimal, Number(12, 3, whole=True)]
Amount = Annotated[Decimal, Number(15, 3)]
UnsignedAmount = Annotated[Decimal, Number(15, 3, signed=False)]
UnitPrice = Annotated[Decimal, Number(15, 4, signed=False)]
Percent = Annotated[Decimal, Number(6, 3, signed=False)]


def plain(number: Decimal) -> str:
    """The number in the fewest digits: `2.500` is `2.5`, `1E+3` is `1000`."""
    return format(number.normalize(), "f") if number else "0"


# ---- words --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line of text, in one composed form, without space around it or control characters.

    What a person wrote freely may hold no card number; a code (SKU, barcode) may be any digits.
    """

    longest: int
    shortest: int = 0
    free: bool = True

    def check(self, value: str) -> str:
        """The text as it is kept."""
        text = clean_text(value)
        if len(text) < self.shortest:
            raise wrong(_("It cannot be empty."))
        if len(text) > self.longest:
            raise wrong(_("At most %(longest)s characters.") % {"longest": self.longest})
        if self.free and holds_card_number(text):
            raise wrong(_("It looks like a card number. Card numbers are not kept."))
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            self.check, handler(source), metadata={"pydantic_js_functions": [self._describe]}
        )

    def _describe(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        lengths = {"minLength": self.shortest, "maxLength": self.longest}
        return {**handler(schema), **lengths}


def clean_text(value: str) -> str:
    """The text in one composed form without space around it, or what must not stand in it."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in value) or _TURNING.search(value):
        raise wrong(_("It holds control characters."))
    return unicodedata.normalize("NFC", value).strip()


def holds_card_number(text: str) -> bool:
    """Whether 13 to 19 digits stand here, in one group or several, that end as card numbers do."""
    for run in _DIGIT_GROUPS.findall(text):
        groups = re.split("[ -]", run)
        for first in range(len(groups)):
            digits = ""
            for group in groups[first:]:
                digits += group
                if len(digits) > 19:
                    break
                if len(digits) >= 13 and _luhn(digits):
                    return True
    return False


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: from the right, every second digit doubled, their digits added."""
    doubled = (2 * int(d) if i % 2 else int(d) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


# ---- reading ------------------------------------------------------------------------------------


class Sent[M: BaseModel]:
    """A body that is JSON and not yet looked at: `read()` it once the sender may be here.

    Stands where ninja would read the model before anything else is asked, so that a stranger is
    told 401, 403 or 404 before what is wrong with the fields. The API's document shows `M`.
    """

    def __init__(self, shape: type[M], raw: object) -> None:
        self.shape = shape
        self.raw = raw

    def read(self) -> M:
        """The model, or Invalid."""
        return read(self.shape, self.raw)

    @classmethod
    def __class_getitem__(cls, shape: type[M]) -> Any:
        return Annotated[Any, _Unread(shape)]


class _Unread:
    def __init__(self, shape: type[BaseModel]) -> None:
        self.shape = shape

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda raw: Sent(self.shape, raw),
            metadata={"pydantic_js_functions": [self._describe]},
        )

    def _describe(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.shape.__pydantic_core_schema__)


def read[M: BaseModel](shape: type[M], raw: object) -> M:
    """The model that this value means, or Invalid with what is wrong by field."""
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        raise Invalid(fields=explain(error.errors(include_url=False))) from None


def id_in(raw: object, field: str) -> UUID | None:
    """The id under this field of a body that may be wrong elsewhere, if it is an id."""
    value = raw.get(field) if isinstance(raw, dict) else None
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


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


def explain(problems: list[ErrorDetails]) -> dict[str, list[str]]:
    """What is wrong, by the path of each field: `lines.0.quantity`. At most fifty."""
    fields: dict[str, list[str]] = {}
    for problem in problems[:MOST_PROBLEMS]:
        words = _WORDS.get(problem["type"])
        said = _(words) % problem.get("ctx", {}) if words else problem["msg"]
        where = (*problem["loc"], *filter(None, [problem.get("ctx", {}).get("field")]))
        fields.setdefault(_path(where), []).append(said)
    return fields


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(shown(str(part)) for part in location) or "body"


def shown(name: str) -> str:
    """A name that a stranger invented, short enough and printable, to be shown back to them."""
    return name[:60].encode("utf-8", "replace").decode()


def invalid(**fields: str | Promise) -> Invalid:
    """One Invalid for what a service or an operation finds wrong with single fields."""
    return Invalid(fields={name: [str(words)] for name, words in fields.items()})
