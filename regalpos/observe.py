"""What operators may see of a running shop: one JSON line per event, tied by request id.

No line holds a secret or a personal fact. Paths are logged as their routes, without
query strings, because a search may be somebody's name and a reset link is a key. JSON
keeps every line one line, whatever was sent to us.
"""

import re
import sys
import time
import traceback
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from regalpos import ids

type Event = MutableMapping[str, Any]

REQUEST_ID = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
SECRET = re.compile(
    r"passw|secret|token|cookie|authoriz|session|csrf|\bpin\b|_pin|api_?key|card|email|phone", re.I
)

log = structlog.get_logger(__name__)


class RequestLog(MiddlewareMixin):
    """Every request has an id and a client address, and leaves one line when it is answered."""

    def process_request(self, request: HttpRequest) -> None:
        request.asked_at = time.perf_counter()  # type: ignore[attr-defined]
        request_id = request_id_of(request.headers.get(REQUEST_ID))
        request.request_id = request_id  # type: ignore[attr-defined]
        request.client_address = client_address(request)  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        took = time.perf_counter() - request.asked_at  # type: ignore[attr-defined]
        log.info("answered", **_facts(request, response), ms=round(took * 1000, 1))
        structlog.contextvars.unbind_contextvars("request_id")
        response.headers[REQUEST_ID] = request.request_id  # type: ignore[attr-defined]
        return response


def request_id_of(sent: str | None) -> str:
    """The id a proxy of ours has given, if it is well-formed; else a new one.

    A stranger's id is not taken over: it could be made to collide with another's.
    """
    if settings.TRUSTED_PROXIES and sent and WELL_FORMED.fullmatch(sent):
        return sent
    return ids.new().hex


def client_address(request: HttpRequest) -> str:
    """The address of whoever really asked: counted from our end of the proxies' list.

    What stands further left in X-Forwarded-For was written by the client.
    """
    direct = str(request.META.get("REMOTE_ADDR") or "")
    if not settings.TRUSTED_PROXIES:
        return direct
    said = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if len(said) < settings.TRUSTED_PROXIES:
        return direct
    return said[-settings.TRUSTED_PROXIES] or direct


def _facts(request: HttpRequest, response: HttpResponseBase) -> dict[str, object]:
    match = request.resolver_match
    facts: dict[str, object] = {
        "method": request.method,
        "route": f"/{match.route}" if match else "unknown",
        "status": response.status_code,
    }
    if actor := getattr(request, "actor", None):
        facts["actor"] = str(actor.user_id)
    return facts


def configure_logging(level: str) -> dict[str, Any]:
    """Django's LOGGING: our lines and everybody else's, in one form, on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_secrets,
        with_trace,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level},
            # RequestLog has said it already, and better.
            "django.request": {"level": "ERROR"},
            "django.channels.server": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
        },
    }


def without_secrets(_logger: object, _method: str, event: Event) -> Event:
    """What is named like a secret or like a person's own is replaced, wherever it comes from."""
    for key in event:
        if _is_secret(key):
            event[key] = "***"
    return event


@lru_cache(512)
def _is_secret(key: str) -> bool:
    """Names of facts are written in the code: there are few, and each line has a dozen."""
    return key != "event" and SECRET.search(key) is not None


def with_trace(_logger: object, _method: str, event: Event) -> Event:
    """Where it went wrong, as frames; of each error only the first line of its message.

    What PostgreSQL adds on further lines (DETAIL: the values of the row) is the shop's own.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = [_summary(one) for one in _chain(error)]
        event["trace"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return event


def _chain(error: BaseException) -> list[BaseException]:
    """The error and its causes, outermost first; at most five."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and len(chain) < 5:
        chain.append(following)
        following = following.__cause__
    return chain


def _summary(error: BaseException) -> str:
    words = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {words[0][:300]}"
