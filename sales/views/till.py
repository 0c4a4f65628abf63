"""The POS screen: what goes into the cart, and what is found for it.

Every change is one POST with a step id that the page made, and answers with the cart as it then
stands. A refusal answers with the row that says so in the cart, beside the raw code.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from people.access import Request, requires
from people.permissions import Permission
from regalpos import ids, lanes
from regalpos.barcodes import clean_scan
from regalpos.errors import Busy, Invalid, NotHere, Refusal
from regalpos.screens import render_screen
from sales.models import Cart
from sales.services.cart import add_to_cart, remove_line, set_quantity, undo_step
from sales.services.cart_gate import CartElsewhere, DrawerOfAnother
from sales.services.cart_items import read_count
from sales.services.cart_states import open_cart, park_cart, recall_cart
from sales.services.cart_view import CartView, view_cart
from sales.services.till_view import (
    TillScreen,
    find_tiles,
    read_parked,
    read_screen,
    read_tiles_of,
)
from sales.views.figures import Sold, due_of, read_sold


@requires(Permission.SELL)
@require_GET
async def cart(request: Request, cart_id: UUID) -> HttpResponse:
    """The POS screen of one cart; what is sold or given up leads on to the next."""
    return await show_cart(request, cart_id, view="sell")


async def show_cart(request: Request, cart_id: UUID, *, view: str) -> HttpResponse:
    """The page of one cart, selling or paying."""
    actor, tab = request.actor, request.GET.get("tab", "")
    sale_id = uuid_of(request.GET.get("sold", ""))

    def unit() -> tuple[TillScreen, Sold | None]:
        screen = read_screen(cart_id=cart_id, actor=actor, tab=tab)
        return screen, read_sold(sale_id, actor) if sale_id else None

    try:
        screen, sold = await lanes.run(unit, actor)
    except (CartElsewhere, DrawerOfAnother) as refusal:
        return render_screen(
            request, "sales/elsewhere.html", context={"refusal": refusal}, status=refusal.status
        )
    state = screen.cart.state
    if state == Cart.State.SOLD:
        return await to_cart(request, screen.register.pk, sold=screen.cart.attempt)
    if state != Cart.State.OPEN:
        return HttpResponseRedirect(reverse("sales:till"))
    if screen.cart.lines:
        sold = None
    context = {
        "screen": screen,
        "sold": sold,
        "view": "sold" if sold else view if screen.cart.ready else "sell",
        **cart_context(screen.cart),
    }
    return render_screen(request, "sales/till.html", context=context)


# ---- what is in the cart ------------------------------------------------------------------------


@requires(Permission.SELL)
@require_http_methods(["GET", "POST"])
async def lines(request: Request, cart_id: UUID) -> HttpResponse:
    """GET: the cart as it is. POST: one scan, tap or typed code more."""
    actor = request.actor
    if request.method == "GET":
        found = await lanes.run(partial(view_cart, cart_id=cart_id, actor=actor), actor)
        return show(request, found)
    sent = request.POST

    def unit() -> CartView:
        return add_to_cart(
            step_id=step_id_of(sent.get("id", "")),
            cart_id=cart_id,
            actor=actor,
            count=read_count(sent.get("quantity", "1")),
            code=sent.get("code", ""),
            product_id=uuid_of(sent.get("product", "")),
            scanned=sent.get("scanned") == "yes",
        )

    return await _step(request, unit, raw=sent.get("code", ""))


@requires(Permission.SELL)
@require_http_methods(["POST", "DELETE"])
async def line(request: Request, cart_id: UUID, number: int) -> HttpResponse:
    """POST: the line counts what was sent, or so many more. DELETE: it is gone."""
    actor = request.actor
    sent = request.POST if request.method == "POST" else request.GET
    step = partial(step_id_of, sent.get("id", ""))
    facts = {"cart_id": cart_id, "number": number, "actor": actor}

    def unit() -> CartView:
        if request.method == "DELETE":
            return remove_line(step_id=step(), **facts)  # type: ignore[arg-type]
        change, count = sent.get("change", ""), sent.get("quantity", "")
        return set_quantity(
            step_id=step(),
            change=read_count(change) if change else None,
            count=None if change else read_count(count),
            **facts,  # type: ignore[arg-type]
        )

    return await _step(request, unit)


@requires(Permission.SELL)
@require_POST
async def steps(request: Request, cart_id: UUID) -> HttpResponse:
    """The last change of the cart is taken back."""
    actor, sent = request.actor, request.POST.get("id", "")

    def unit() -> CartView:
        return undo_step(step_id=step_id_of(sent), cart_id=cart_id, actor=actor)

    return await _step(request, unit)


# ---- finding ------------------------------------------------------------------------------------


@requires(Permission.SELL)
@require_GET
async def found(request: Request, cart_id: UUID) -> HttpResponse:
    """What somebody means who types this."""
    text = clean_scan(request.GET.get("text", ""))
    unit = partial(find_tiles, cart_id=cart_id, text=text, actor=request.actor)
    store, tiles = await lanes.run(unit, request.actor)
    context = {"text": text, "hits": tiles, "currency": store.currency}
    return render_screen(request, "sales/till.html#found", context=context)


@requires(Permission.SELL)
@require_GET
async def tiles(request: Request, cart_id: UUID) -> HttpResponse:
    """One tab's tiles, with what is left of each."""
    tab = request.GET.get("tab", "")
    unit = partial(read_tiles_of, cart_id=cart_id, tab=tab, actor=request.actor)
    store, shown = await lanes.run(unit, request.actor)
    context = {"tiles": shown, "tab": tab, "currency": store.currency, "cart_id": cart_id}
    return render_screen(request, "sales/till.html#tiles", context=context)


# ---- parking ------------------------------------------------------------------------------------


@requires(Permission.SELL)
@require_http_methods(["GET", "POST"])
async def parked(request: Request, cart_id: UUID) -> HttpResponse:
    """GET: the sales that wait. POST: this one waits, and the next one is here."""
    actor = request.actor
    if request.method == "GET":
        rows = await lanes.run(partial(read_parked, cart_id=cart_id, actor=actor), actor)
        context = {"parked": rows, "cart_id": cart_id}
        return render_screen(request, "sales/till.html#parked", context=context)
    sent = request.POST

    def unit() -> CartView:
        step_id = step_id_of(sent.get("id", ""))
        waiting = park_cart(
            step_id=step_id, cart_id=cart_id, actor=actor, name=sent.get("name", "")
        )
        fresh = open_cart(cart_id=ids.new(), register_id=waiting.register_id, actor=actor)
        return view_cart(cart_id=fresh, actor=actor)

    return await _step(request, unit)


@requires(Permission.SELL)
@require_POST
async def recalled(request: Request, cart_id: UUID) -> HttpResponse:
    """The parked sale that was sent is open here, in place of this empty one."""
    actor, sent = request.actor, request.POST

    def unit() -> CartView:
        here = view_cart(cart_id=cart_id, actor=actor)
        waiting = uuid_of(sent.get("cart", ""))
        if waiting is None:
            raise NotHere
        return recall_cart(
            step_id=step_id_of(sent.get("id", "")),
            cart_id=waiting,
            register_id=here.register_id,
            actor=actor,
        )

    return await _step(request, unit)


# ---- answers ------------------------------------------------------------------------------------


def cart_context(cart: CartView) -> dict[str, Any]:
    """What `_cart.html` reads."""
    return {"cart": cart, "due": due_of(cart)}


def show(request: Request, cart: CartView, status: int = 200) -> HttpResponse:
    """The cart as a fragment."""
    return render_screen(request, "sales/_cart.html", context=cart_context(cart), status=status)


def step_id_of(text: str) -> UUID:
    """The id that the page made. Raises Invalid."""
    step_id = uuid_of(text)
    if step_id is None:
        raise Invalid(fields={"id": [_("A step needs an id of its own.")]})
    return step_id


def uuid_of(text: str) -> UUID | None:
    """A UUID, or None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def _step(request: Request, unit: Callable[[], CartView], *, raw: str = "") -> HttpResponse:
    """The cart after the step; or the row that says why not, with nothing lost from the cart."""
    try:
        cart = await lanes.run(unit, request.actor, write=True)
    except Busy:
        raise
    except Refusal as refusal:
        context = {
            "refusal": refusal,
            "raw": clean_scan(raw),
            "words": _("Not in the catalogue. Nothing was added.")
            if refusal.code == "unknown_product"
            else refusal.message,
        }
        return render_screen(request, "sales/_miss.html", context=context, status=refusal.status)
    return show(request, cart)


async def to_cart(request: Request, register_id: UUID, sold: UUID | None = None) -> HttpResponse:
    actor = request.actor
    unit = partial(open_cart, cart_id=ids.new(), register_id=register_id, actor=actor)
    cart_id = await lanes.run(unit, actor, write=True)
    query = f"?sold={sold}" if sold else ""
    return HttpResponseRedirect(reverse("sales:cart", args=[cart_id]) + query)
