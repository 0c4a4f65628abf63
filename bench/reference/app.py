"""The application: two routes, a pool for each process, refusals told the contract's way."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse

from bench.reference.access import Asker, same_origin
from bench.reference.cart import Scan, add_to_cart
from bench.reference.checkout import check_out
from bench.reference.config import config
from bench.reference.database import Session, make_engine, make_sessions
from bench.reference.pages import show_cart, show_miss
from bench.reference.refusals import Refused
from sales.forms import SaleSent


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connections are opened as they are needed, and closed at the end."""
    engine = make_engine(config().url, config().pool)
    app.state.sessions = make_sessions(engine)
    try:
        yield
    finally:
        await engine.dispose()


def make_app() -> FastAPI:
    """What uvicorn serves."""
    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.put("/api/v1/sales/{sale_id}")(put_sale)
    app.post("/till/{cart_id}/lines/", dependencies=[Depends(same_origin)])(post_line)
    app.exception_handler(Refused)(tell)
    return app


async def put_sale(sale_id: UUID, body: SaleSent, person: Asker, session: Session) -> Response:
    """One id is one sale, however often it is sent."""
    answer = await check_out(session, sale_id=sale_id, body=body.body(), person=person)
    content = answer.content if answer.status < 300 else {"error": answer.content}
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return _json(content, answer.status, headers)


async def post_line(
    cart_id: UUID, scan: Annotated[Scan, Form()], person: Asker, session: Session
) -> HTMLResponse:
    """One scan, tap or typed code more; the cart as it then stands, or why not."""
    try:
        cart = await add_to_cart(session, cart_id=cart_id, scan=scan, person=person)
    except Refused as refusal:
        return HTMLResponse(show_miss(refusal, scan.code), status_code=refusal.status)
    return HTMLResponse(show_cart(cart))


async def tell(_request: Request, refusal: Exception) -> Response:
    """A refusal that leaves the id free."""
    assert isinstance(refusal, Refused)  # noqa: S101  (registered for it)
    return _json({"error": refusal.content()}, refusal.status)


def _json(
    content: Mapping[str, Any], status: int, headers: dict[str, str] | None = None
) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
