"""One value, one string of bytes: what is hashed must not depend on who wrote it down.

RFC 8785 (JSON Canonicalization Scheme), without its numbers: amounts travel as strings, so a
float or a Decimal here is a mistake and is refused rather than written in one of its many ways.
"""

import hashlib
import json

# The largest whole number that every JSON reader gets back exactly (RFC 7493).
LARGEST = 2**53 - 1
DEEPEST = 64


class NotCanonical(ValueError):
    """This value has no single form: a float, bytes, half a character, a number too large."""


def canonical(value: object) -> bytes:
    """The value as canonical JSON in UTF-8. Takes str, int, bool, None, list, tuple and dict.

    Keys are in the order of their UTF-16 code units, no space is added, nothing is escaped that
    need not be. NotCanonical for anything else, for keys that are not strings, lone surrogates,
    whole numbers beyond 2^53 - 1 and values nested more than 64 deep.
    """
    text = json.dumps(_in_order(value, DEEPEST), ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("Half a character (a lone surrogate).") from error


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _in_order(value: object, depth: int) -> object:
    """The same value with every dict's keys in order, after looking at each part of it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise NotCanonical("This number is too large; write it as a string.")
        return value
    if depth == 0:
        raise NotCanonical("Nested too deep.")
    if isinstance(value, list | tuple):
        return [_in_order(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {key: _in_order(value[key], depth - 1) for key in sorted(value, key=_code_units)}
    raise NotCanonical(f"{type(value).__name__} has no canonical form; write it as a string.")


def _code_units(key: object) -> bytes:
    if not isinstance(key, str):
        raise NotCanonical("Keys are strings.")
    # Big-endian bytes sort as the code units do; half a character is refused when it is encoded.
    return key.encode("utf-16-be", "surrogatepass")
