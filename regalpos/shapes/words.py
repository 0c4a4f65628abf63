"""Lines of text that people and programs send: one form, no control characters, no card numbers."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from regalpos.shapes.problems import wrong

# Signs that change how the text around them is read; receipts and reports must not be turned.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Runs of digits as people write card numbers: in groups, with spaces or dashes between.
_DIGIT_GROUPS = re.compile(r"[0-9]+(?:[ -][0-9]+)*")


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
