"""What a request gets that cannot have what it asked for, by who asks.

A program gets `{"error": {...}}`. An htmx swap is left as it stands and hears the reason
in an event. A person gets a page that says what happened, what was kept, and the way on.
"""

import json
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.template.loader import select_template
from django.utils.deprecation import MiddlewareMixin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from regalpos.errors import Busy, Invalid, NotAllowed, NotHere, Refusal

log = structlog.get_logger(__name__)

API = "/api/"


class BadRequest(Refusal):
    """The request itself makes no sense; asking again the same way will not help."""

    code = "bad_request"
    status = 400
    message = _("That request cannot be read. Nothing has changed.")


class WrongMethod(Refusal):
    """The thing is there, but this cannot be done to it."""

    code = "method_not_allowed"
    status = 405
    message = _("That cannot be done to this. Nothing has changed.")


class GrownOld(NotAllowed):
    """The page stood open over a new sign-in, so its forms carry an old mark (CSRF)."""

    code = "csrf"
    message = _("This page has grown old. Load it again to go on. Nothing has changed.")


class Fault(Refusal):
    """Something of ours broke. The log has it, under the request's id."""

    code = "fault"
    status = 500
    message = _("Something here broke. What was saved before is kept; it is safe to try again.")


class Answers(MiddlewareMixin):
    """Refusals become answers, expired sign-ins reach htmx, and nothing dynamic is stored."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.status_code == 405 and request.path.startswith(API):
            allowed = response.headers.get("Allow", "")
            response = refuse(request, WrongMethod())
            response.headers["Allow"] = allowed
        if request.headers.get("HX-Request") and _leads_to_sign_in(response):
            response = _sign_in_again(request)
        # A page of the shop is true for one person and one moment.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A refusal that the view had no better place for; a value that no column can hold."""
        if isinstance(error, DataError):
            log.warning("unstorable_value", exc_info=error)
            error = BadRequest()
        return refuse(request, error) if isinstance(error, Refusal) else None


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal, in the form that whoever asked can use."""
    if request.path.startswith(API):
        response: HttpResponse = JsonResponse(
            envelope(request, refusal), status=refusal.status, encoder=DjangoJSONEncoder
        )
    elif request.headers.get("HX-Request"):
        response = _said_to_htmx(refusal)
    else:
        response = page(request, refusal)
    if isinstance(refusal, Busy):
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def envelope(request: HttpRequest, refusal: Refusal) -> dict[str, object]:
    """The body of every refusal of the API. Facts stand beside the code, fields in their own."""
    error: dict[str, object] = {**refusal.facts, "code": refusal.code, "message": refusal.message}
    if isinstance(refusal, Invalid) and refusal.fields:
        error["fields"] = refusal.fields
    error["request_id"] = getattr(request, "request_id", "")
    return {"error": error}


def page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A whole page for a person, from `403_csrf.html`, `403.html` or else `refused.html`.

    If even that breaks, a page without style or language still says what happened.
    """
    context = {"refusal": refusal, "request_id": getattr(request, "request_id", "")}
    try:
        names = [f"{refusal.status}_{refusal.code}.html", f"{refusal.status}.html", "refused.html"]
        template = select_template(names)
        return HttpResponse(template.render(context, request), status=refusal.status)
    except Exception:
        log.exception("refusal_page_broke", code=refusal.code)
        words = format_html("<!doctype html><title>RegalPOS</title><p>{}</p>", refusal.message)
        return HttpResponse(words, status=refusal.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return refuse(request, BadRequest())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return refuse(request, NotAllowed())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return refuse(request, NotHere())


def fault(request: HttpRequest) -> HttpResponse:
    """Django's handler500. Django has logged the error already."""
    return refuse(request, Fault())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    log.info("csrf_refused", reason=reason)
    return refuse(request, GrownOld())


def _said_to_htmx(refusal: Refusal) -> HttpResponse:
    """An error page inside a page helps nobody: what stands is kept, and the reason is said.

    Of most failures htmx tells our scripts by their status. 409 and 422 it takes for
    answers, so these bring an event of their own.
    """
    words = format_html('<p id="{}-failure">{}</p>', refusal.code, refusal.message)
    response = HttpResponse(words, status=refusal.status)
    response.headers["HX-Reswap"] = "none"
    if refusal.status in {409, 422}:
        said = {"refused": {"code": refusal.code, "message": refusal.message}}
        response.headers["HX-Trigger"] = json.dumps(said)
    return response


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    if response.status_code != 302:
        return False
    return urlsplit(response.headers["Location"]).path == resolve_url(settings.LOGIN_URL)


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    """htmx would follow a redirect and swap the sign-in page into a part of this one.

    It is sent there with the whole window instead, and back to where it was afterwards.
    """
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = urlencode({"next": f"{here.path or '/'}{'?' if here.query else ''}{here.query}"})
    address = f"{resolve_url(settings.LOGIN_URL)}?{back}"
    return HttpResponse(status=401, headers={"HX-Redirect": address})
