"""What a program sent, as plain values: strict JSON, of a size and depth that a till ever needs.

Python's own reader is kinder than the standard: it takes NaN, the last of two equal keys, half
characters, and any depth until the stack ends. Two readers that differ on what a body says is how
a checked sale and a posted sale come to differ, so all of that is refused here.
"""

import json
from decimal import Decimal
from typing import NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.translation import gettext_lazy as _

from regalpos.errors import Refusal

LARGEST = 1024 * 1024  # bytes
DEEPEST = 16
LONGEST_NUMBER = 20  # signs; what is longer was meant as text


class NotJson(Refusal):
    """The body is not JSON, or not JSON that has one meaning. `reason` says where it breaks."""

    code = "not_json"
    status = 400
    message = _("The body is not JSON: %(reason)s")


class TooLarge(Refusal):
    """More than a request may bring. `limit` is in bytes."""

    code = "too_large"
    status = 413
    message = _("The body is larger than %(limit)s bytes.")


class WrongType(Refusal):
    """Only JSON is read here."""

    code = "wrong_type"
    status = 415
    message = _("Send JSON, with Content-Type: application/json.")


def read_body(request: HttpRequest) -> object:
    """The body as str, int, Decimal, bool, None, list and dict.

    Raises TooLarge, WrongType or NotJson. Costs no database.
    """
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise TooLarge(limit=LARGEST)
        body = request.body
    except (RequestDataTooBig, RawPostDataException):
        raise TooLarge(limit=LARGEST) from None
    except (UnreadablePostError, ValueError):
        raise NotJson(reason=_("it broke off.")) from None
    if request.content_type != "application/json":
        raise WrongType
    return load(body)


def load(body: bytes) -> object:
    """The one meaning of these bytes, or NotJson."""
    if len(body) > LARGEST:
        raise TooLarge(limit=LARGEST)
    if not body.strip():
        raise NotJson(reason=_("it is empty."))
    try:
        value: object = json.loads(
            body.decode(),
            parse_int=_whole,
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise NotJson(reason=_("it is not UTF-8.")) from None
    except RecursionError:
        raise NotJson(reason=_("it is nested too deep.")) from None
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise NotJson(reason=_("it breaks at line %(line)s, column %(column)s.") % where) from None
    _walk(value)
    return value


def _whole(digits: str) -> int | Decimal:
    # Thousands of digits would cost seconds to turn into an int; Python refuses them with 500.
    return int(digits) if len(digits) <= LONGEST_NUMBER else Decimal(digits)


def _no_constant(name: str) -> NoReturn:
    raise NotJson(reason=_("%(name)s is not a JSON number.") % {"name": name})


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise NotJson(reason=_("a key stands twice in one object."))
    return result


def _walk(value: object) -> None:
    """Every part is shallow enough and every string whole, without recursion of our own."""
    level: list[object] = [value]
    for _depth in range(DEEPEST):
        deeper: list[object] = []
        for part in level:
            if isinstance(part, str):
                _whole_characters(part)
            elif isinstance(part, list):
                deeper += part
            elif isinstance(part, dict):
                deeper += [*part.keys(), *part.values()]
        if not deeper:
            return
        level = deeper
    raise NotJson(reason=_("it is nested too deep."))


def _whole_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotJson(reason=_("it holds half a character (a lone surrogate).")) from None
