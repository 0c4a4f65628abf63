"""How large a request may be, and what JSON may hold: looked at before anybody is asked for.

Floats never come to life here: a number with a point is a Decimal from its first moment.
"""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext_lazy as _
from ninja.parser import Parser

from regalpos.answers import API, refuse
from regalpos.errors import Refusal

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]

DEEPEST = 20  # levels of nesting; the deepest body of the API has 5
LONGEST = 30  # digits before or after the point; a longer number only wants to be computed with
_FORM_ROOM = 64 * 1024  # beside an upload, for the form around it


class NotJson(Refusal):
    """The body cannot be read as JSON that the shop's tables could hold."""

    code = "not_json"
    status = 400
    message = _("The body is not JSON that can be read here.")


class TooLarge(Refusal):
    """The body is larger than anything that is asked for here."""

    code = "too_large"
    status = 413
    message = _("That is too much at once. Nothing has been saved.")


class WrongType(Refusal):
    """The body comes as something other than JSON."""

    code = "wrong_type"
    status = 415
    message = _("The body has to come as application/json.")


class BodyLimit:
    """ASGI: no body beyond the limit reaches Django, whether its length was announced or not."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        limit = largest(headers.get(b"content-type", b"").decode("latin1"))
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            await _send_too_large(send)
            return
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > limit:
                raise _Overrun
            return message

        try:
            await self.app(scope, counted, send)
        except _Overrun:
            # Django reads the whole body before it answers, so nothing was sent yet.
            await _send_too_large(send)


class ApiBodies(MiddlewareMixin):
    """Middleware: the API's first questions. Too large, not JSON, not readable: 413, 415, 400.

    They come before who is asking, so that a garbled request never looks like a wrong
    password. What was read is kept for the operation (`JsonParser`).
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if request.path.startswith(API):
            try:
                _read(request)
            except Refusal as refusal:
                return refuse(request, refusal)
        return None


class JsonParser(Parser):
    """ninja's parser: what `ApiBodies` has read, or will not have."""

    def parse_body(self, request: HttpRequest) -> Any:
        if not hasattr(request, "json"):
            _read(request)
        if not hasattr(request, "json"):
            raise WrongType
        return request.json


def largest(content_type: str) -> int:
    """Bytes that a body of this type may have."""
    if content_type.startswith("multipart/form-data"):
        return settings.UPLOAD_MAX_MB * 1024 * 1024 + _FORM_ROOM
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0


def read_json(body: bytes) -> Any:
    """What the body says, numbers exact. Raises NotJson.

    Refused: twice the same key, NaN, nesting without end, and text that PostgreSQL cannot
    hold (NUL, halves of characters).
    """
    try:
        value = json.loads(
            body, parse_float=_exact, parse_constant=_refuse, object_pairs_hook=_once
        )
        _check(value)
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    return value


def _read(request: HttpRequest) -> None:
    announced = request.headers.get("Content-Length") or "0"
    if not announced.isdigit() or int(announced) > largest(request.content_type or ""):
        raise TooLarge
    if request.content_type == "multipart/form-data" or not request.body:
        return
    if request.content_type != "application/json":
        raise WrongType
    request.json = read_json(request.body)  # type: ignore[attr-defined]


def _check(value: Any) -> None:
    """Walk it level by level; the first thing that cannot be kept ends it."""
    level = [value]
    for _depth in range(DEEPEST):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                _check_text(one)
            elif isinstance(one, dict):
                below.extend(one)
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        if not below:
            return
        level = below
    raise ValueError("too deep")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("NUL in text")
    if not text.isascii():
        text.encode()  # raises for half a surrogate pair


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _exact(digits: str) -> Decimal:
    number = Decimal(digits)
    if abs(number.adjusted()) > LONGEST:
        raise ValueError("not an amount of anything")
    return number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


class _Overrun(Exception):
    """More came than was allowed."""


async def _send_too_large(send: Send) -> None:
    """The answer before there is a request: the same shape as the API's refusals."""
    error = {"code": TooLarge.code, "message": str(TooLarge.message)}
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": TooLarge.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
