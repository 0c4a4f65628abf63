"""The API for programs: its frame, the order of its questions, the one shape in which it says no.

Bearer tokens only, never cookies, so no page elsewhere can make a browser act here (and
CSRF has nothing to guard). Each app brings its routers; their prefixes are listed at the end.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, cast

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.operation import Operation
from pydantic_core import ErrorDetails

from inventory import api as inventory
from people import api as people
from people.access import NotSignedIn
from people.api import Bearer
from people.permissions import Permission
from regalpos.answers import BadRequest, Fault, refuse
from regalpos.bodies import JsonParser, NotJson, TooLarge
from regalpos.errors import Invalid, NotAllowed, NotHere, Refusal
from regalpos.shapes import explain, shown
from regalpos.version import VERSION
from sales import api as sales

log = structlog.get_logger(__name__)


class TooOften(Refusal):
    """More tries than are allowed in this time."""

    code = "too_often"
    status = 429
    message = _("Too many at once. Wait a moment, then try again.")


def refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
    """A refusal says its own code, status and facts."""
    response = refuse(request, error)
    if wait := getattr(error, "retry_after", None) or error.facts.get("retry_after"):
        response.headers["Retry-After"] = str(wait)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """422, and under each field's own name what is wrong with it."""
    fields: dict[str, list[str]] = defaultdict(list)
    for problem in error.errors:
        # ("body", "payload", "lines", 0, "quantity") is `lines.0.quantity` to whoever sent it.
        place = list(problem["loc"])
        skipped = 2 if place[0] in {"body", "form"} and len(place) > 2 else 1
        problem["loc"] = tuple(place[skipped:])
        for name, words in explain([cast(ErrorDetails, problem)]).items():
            fields[name] += words
    return refusal(request, Invalid(fields=dict(fields)))


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """ninja's own refusals, in our shape."""
    if isinstance(error.__cause__, Refusal):  # what JsonParser said, wrapped by ninja
        return refusal(request, error.__cause__)
    if isinstance(error, Throttled):
        response = refusal(request, TooOften())
        response.headers["Retry-After"] = str(error.wait or 1)
        return response
    if isinstance(error, AuthenticationError):
        return refusal(request, NotSignedIn())
    known: dict[int, type[Refusal]] = {403: NotAllowed, 404: NotHere, 429: TooOften}
    return refusal(request, known.get(error.status_code, BadRequest)())


def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """Unknown, or another store's."""
    return refusal(request, NotHere())


def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """Known, and not for this token."""
    return refusal(request, NotAllowed())


def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Larger than Django reads."""
    return refusal(request, TooLarge())


def unstorable(request: HttpRequest, error: DataError) -> HttpResponse:
    """A value that no column can hold has slipped past its schema."""
    log.warning("unstorable_value", exc_info=error)
    return refusal(request, Invalid())


def fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """Ours. The log has the trace; the caller has the id to name it by, and nothing else."""
    log.error("api_fault", exc_info=error)
    return refusal(request, Fault())


def framed(namespace: str, **more: Any) -> NinjaAPI:
    """An API without operations that reads and refuses as this shop does."""
    frame = NinjaAPI(
        title="RegalPOS",
        version=VERSION,
        description=str(_("The till, the shelves and the books of a shop, for programs.")),
        urls_namespace=namespace,
        docs_url=None,  # both stand at the root, see urls.py
        openapi_url=None,
        parser=JsonParser(),
        **more,
    )
    handlers: dict[type[Exception], Any] = {
        Refusal: refusal,
        ValidationError: invalid,
        HttpError: http_error,
        Http404: not_found,
        PermissionDenied: forbidden,
        RequestDataTooBig: too_large,
        DataError: unstorable,
        Exception: fault,
    }
    for kind, handler in handlers.items():
        frame.add_exception_handler(kind, handler)
    return frame


api = framed("api", auth=Bearer())


# ---- the order of questions ---------------------------------------------------------------------


type Run = Callable[..., Awaitable[HttpResponse]]


def in_order(run: Run) -> Run:
    """Around an operation: is it JSON, who are you, may you; and only then what is in it.

    ninja would look at every field before the operation, and so before its `requires()`. An
    operation without a stamp is refused when the site starts.
    """
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    permission: Permission | None = operation.view_func.permission  # type: ignore[attr-defined]
    needs_body = any(
        model.__ninja_param_source__ == "body"
        and any(field.is_required() for field in model.model_fields.values())
        for model in operation.models
    )
    filters = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }

    async def asked(request: HttpRequest, **path: Any) -> HttpResponse:
        try:
            if needs_body and not hasattr(request, "json"):
                raise NotJson
            if permission is not None:
                await _let_in(request, permission)
            if unknown := request.GET.keys() - filters:
                raise Invalid(
                    fields={shown(name): [str(_("There is no such filter."))] for name in unknown}
                )
        except Refusal as error:
            return refusal(request, error)
        return await run(request, **path)

    return asked


async def _let_in(request: HttpRequest, permission: Permission) -> None:
    """The bearer's actor is pinned to the request. No cookie is looked at here."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and await Bearer().authenticate(request, token.strip())
    if not known:
        raise NotSignedIn
    if not known.may(permission):
        raise NotAllowed
    request.actor = known  # type: ignore[attr-defined]


api.add_decorator(in_order, mode="view")


# ---- the document -------------------------------------------------------------------------------


def openapi(request: HttpRequest) -> HttpResponse:
    """The schema, for programs that write programs."""
    return JsonResponse(_schema())


@cache
def _schema() -> dict[str, Any]:
    schema = api.get_openapi_schema()
    # These name the query of a list, which is written out where it is used.
    for name in [name for name in schema["components"]["schemas"] if name.endswith("Filters")]:
        del schema["components"]["schemas"][name]
    return schema


def docs(request: HttpRequest) -> HttpResponse:
    """The same for people: every operation, to read and to try."""
    settings: dict[str, Any] = {"url": "/openapi.json", "layout": "BaseLayout", "deepLinking": True}
    return render(request, "docs.html", {"settings": settings})


# ---- what there is ------------------------------------------------------------------------------

api.add_router("auth/", people.signing_in.router)
api.add_router("stores", people.stores.router)
api.add_router("products", inventory.products.router)
api.add_router("stock/", inventory.stock.router)
api.add_router("registers", sales.registers.router)
api.add_router("shifts", sales.shifts.router)
api.add_router("quotes", sales.quotes.router)
api.add_router("sales/", sales.sales.router)
