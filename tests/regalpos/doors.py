"""A site map for tests of the ground: doors that answer, refuse and break on demand."""

from collections.abc import AsyncIterator, Callable

from django.contrib.auth.decorators import login_required
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import ensure_csrf_cookie
from ninja import Schema
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from regalpos import health
from regalpos.api import docs, framed
from regalpos.errors import Busy, Invalid, NotHere, Refusal
from regalpos.screens import render_screen


class OutOfStock(Refusal):
    code = "out_of_stock"
    message = "Only %(on_hand)s left here."


REFUSALS: dict[str, Callable[[], Refusal]] = {
    "out-of-stock": lambda: OutOfStock(on_hand=2),
    "invalid": lambda: Invalid(fields={"name": ["Needed."]}),
    "not-here": NotHere,
    "busy": lambda: Busy(retry_after=7),
}


async def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>milk</p>" * 100)


async def rows(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(200):
            yield f"{number},milk,1.10\n"

    return StreamingHttpResponse(lines(), content_type="text/csv")


async def screen(request: HttpRequest) -> HttpResponse:
    return render_screen(request, "regalpos_tests/shelf.html", "row", {"name": "milk"})


async def picture(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(b"png", content_type="image/png")
    response.headers["Cache-Control"] = "max-age=60, private"
    return response


async def refused(request: HttpRequest, name: str) -> HttpResponse:
    raise REFUSALS[name]()


async def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the drawer is stuck")


@ensure_csrf_cookie
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("saved")


class OpenSesame(HttpBearer):
    async def authenticate(self, request: HttpRequest, token: str) -> str | None:
        return token if token == "sesame" else None


class LineIn(Schema):
    product: str
    quantity: int


class SaleIn(Schema):
    lines: list[LineIn]


api = framed("probe")


@api.post("/sales", auth=OpenSesame())
async def sell(request: HttpRequest, payload: SaleIn) -> dict[str, int]:
    return {"lines": len(payload.lines)}


@api.get("/refused/{name}")
async def api_refused(request: HttpRequest, name: str) -> None:
    raise REFUSALS[name]()


@api.get("/products")
async def products(request: HttpRequest, limit: int = 50) -> dict[str, int]:
    return {"limit": limit}


@api.get("/broken/{how}")
async def api_broken(request: HttpRequest, how: str) -> None:
    raise {
        "404": Http404(),
        "401": AuthenticationError(),
        "data": DataError("value out of range"),
        "any": RuntimeError("secret 4111111111111111"),
    }[how]


urlpatterns = [
    path("page", page),
    path("rows", rows),
    path("screen", screen),
    path("picture", picture),
    path("refused/<name>", refused),
    path("broken", broken),
    path("form", form),
    path("mine", login_required(form)),
    path("accounts/login/", form, name="account_login"),
    path("docs", docs),
    path("health", health.alive),
    path("health/db", health.database),
    path("health/ready", health.ready),
    path("api/v1/", api.urls),
]

handler400 = "regalpos.answers.bad_request"
handler403 = "regalpos.answers.forbidden"
handler404 = "regalpos.answers.not_found"
handler500 = "regalpos.answers.fault"
