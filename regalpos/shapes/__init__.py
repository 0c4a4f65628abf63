"""Kinds of fields that programs and forms send, and what is wrong with one in the shop's words.

A shape is a pydantic model with `extra="forbid"`. `read()` is the only way in: it answers with
the model or with `Invalid`, which names each field that cannot be meant.
"""

from regalpos.shapes.numbers import (
    Amount,
    Number,
    Percent,
    Quantity,
    UnitPrice,
    UnsignedAmount,
    plain,
)
from regalpos.shapes.problems import explain, shown, wrong
from regalpos.shapes.reading import Sent, Shape, id_in, read
from regalpos.shapes.words import Line, clean_text, holds_card_number

__all__ = [
    "Amount",
    "Line",
    "Number",
    "Percent",
    "Quantity",
    "Sent",
    "Shape",
    "UnitPrice",
    "UnsignedAmount",
    "clean_text",
    "explain",
    "holds_card_number",
    "id_in",
    "plain",
    "read",
    "shown",
    "wrong",
]
