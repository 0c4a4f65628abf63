"""Decimals that travel as strings: a JSON number has been through somebody's float."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from regalpos.shapes.problems import wrong


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
