"""One screen, two ways to see it: a page for a visit, a partial of it for an htmx swap."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from regalpos.errors import Invalid, Refusal

# What decides between page and partial: caches must tell such answers apart.
_VARY = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")


def render_screen(
    request: HttpRequest,
    template: str,
    partial: str = "",
    context: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, or `template#partial` where htmx will swap it in.

    Boosted links and a restored history replace the whole body, so they get the page.
    Call it from async views as it is: rendering never reads the database, because the
    context holds plain lists and values.
    """
    name = f"{template}#{partial}" if partial and wants_partial(request) else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, _VARY)
    return response


def wants_partial(request: HttpRequest) -> bool:
    """Will htmx put the answer into a part of a page that already stands?"""
    headers = request.headers
    return headers.get("HX-Request") == "true" and not (
        headers.get("HX-Boosted") == "true" or headers.get("HX-History-Restore-Request") == "true"
    )


def blame(form: forms.Form, refusal: Refusal) -> None:
    """Every reason of a refusal stands next to the field it is about; the rest above them all."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    for name, words in fields.items():
        form.add_error(name if name in form.fields else None, words)
    if not fields:
        form.add_error(None, str(refusal.message))
