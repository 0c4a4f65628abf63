"""Codes on labels: what they are, what to look them up by, and what a scale wrote into them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

LONGEST = 64
GTIN_LENGTHS = (8, 12, 13, 14)


def check_digit(body: str) -> str:
    """The digit that ends a GTIN whose other digits are these (GS1, modulo 10)."""
    if not body.isascii() or not body.isdigit():
        raise ValueError("A GTIN is made of digits.")
    # From the right, whatever the length: 3, 1, 3, 1 ...
    weighted = sum(int(digit) * (1 if i % 2 else 3) for i, digit in enumerate(reversed(body)))
    return str(-weighted % 10)


def is_gtin(code: str) -> bool:
    """Whether this is an EAN-8, UPC-A, EAN-13 or GTIN-14 with the right check digit."""
    return (
        len(code) in GTIN_LENGTHS
        and code.isascii()
        and code.isdigit()
        and check_digit(code[:-1]) == code[-1]
    )


def lookup_key(code: str) -> str:
    """What this code is found by: a GTIN at its full 14 digits, any other code as it stands.

    So the UPC-A on a can and the EAN-13 that a scanner makes of it are one code.
    """
    return code.zfill(14) if is_gtin(code) else code


def clean_scan(raw: str) -> str:
    """What a scanner sent, as text that can be shown and looked up: at most 64 signs.

    Control, direction and other unseen signs are dropped, and space around the code.
    """
    # The first few hundred hold any label; a pasted novel is not walked to its end.
    seen = (sign for sign in raw[: 8 * LONGEST] if unicodedata.category(sign)[0] != "C")
    return "".join(seen).strip()[:LONGEST].rstrip()


@dataclass(frozen=True)
class WeighedLabel:
    """What a scale's label says: which item, and either how many kilograms or what it costs.

    `reference` is the item's number on the scale, zeros in front included: a barcode of the
    product. `price_minor` counts the store currency's smallest units.
    """

    reference: str
    quantity: Decimal | None = None
    price_minor: int | None = None


_SHAPE = re.compile(r"(2[0-9X]*)(P+)([0-9X]*)(W+|V+)([0-9X]*)C")


def is_pattern(pattern: str) -> bool:
    """Whether a store may write this down: `21PPPPPWWWWWC`, `22PPPPPVVVVVC`, `28PPPPXVVVVVC`.

    Thirteen signs (twelve for scales that print UPC-A) that begin with 2, GS1's prefix for a
    shop's own use: one run of P (item), one of W (grams) or V (price in smallest units), X for a
    digit that nobody reads, other digits as they stand, and the check digit C at the end.
    """
    return _reader(pattern) is not None


def weighed(code: str, patterns: Iterable[str]) -> WeighedLabel | None:
    """What a scale wrote into this code, by the first of the store's patterns that fits.

    None if none does: the code is then a code like any other. So is a label with a wrong check
    digit, and one that weighs or costs nothing. Patterns that are none are passed over.
    """
    if not is_gtin(code):
        return None
    # A scanner may send a UPC-A as an EAN-13 with a zero in front.
    codes = (code, code[1:]) if len(code) == 13 and code[0] == "0" else (code,)
    for pattern in patterns:
        reader = _reader(pattern)
        for match in filter(None, map(reader.fullmatch, codes) if reader else ()):
            return _label(match)
    return None


@cache
def _reader(pattern: str) -> re.Pattern[str] | None:
    """The pattern as a regular expression with the groups P and W or V; None for no pattern."""
    shape = _SHAPE.fullmatch(pattern)
    if shape is None or len(pattern) not in (12, 13):
        return None
    prefix, item, between, value, after = (part.replace("X", "[0-9]") for part in shape.groups())
    return re.compile(
        f"{prefix}(?P<P>[0-9]{{{len(item)}}}){between}"
        f"(?P<{value[0]}>[0-9]{{{len(value)}}}){after}[0-9]"
    )


def _label(match: re.Match[str]) -> WeighedLabel | None:
    found = match.groupdict()
    if grams := int(found.get("W", 0)):
        return WeighedLabel(found["P"], quantity=Decimal(grams).scaleb(-3))
    if units := int(found.get("V", 0)):
        return WeighedLabel(found["P"], price_minor=units)
    return None
