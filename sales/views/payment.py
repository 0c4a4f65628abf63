"""Taking the money: the checkout contract, as the till's screen keeps it.

Pressing pay sends an attempt with an id that the page made. The cart is frozen under it in one
transaction and checked out in the next, so whatever breaks in between is asked about, never
guessed: the cart's row knows its attempt, and the same id can be sent again safely.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.access import Actor, Request, requires
from people.permissions import Permission
from regalpos import ids, lanes
from regalpos.bodies import read_json
from regalpos.errors import Busy, Invalid, NotHere, Refusal
from regalpos.money import LIMIT, NO_MONEY
from regalpos.screens import render_screen, wants_partial
from sales.services.cart_gate import CartFrozen, CartSold
from sales.services.cart_states import attempt_cart, freeze_cart, open_cart
from sales.services.cart_view import CartView, view_cart
from sales.services.checkout import Answer, InProgress, abandon_sale, check_out, find_answer
from sales.views.figures import Sold, due_of, sold_of
from sales.views.till import cart_context, show_cart, uuid_of

LANE = "checkout"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the page is told about an attempt. `cart` is the one to go on with."""

    attempt: UUID
    state: str  # posted, refused, abandoned, unknown
    cart: CartView | None = None
    sold: Sold | None = None
    code: str = ""
    words: str = ""
    facts: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        """Where the page stands afterwards."""
        if self.cart is None:
            return reverse("sales:till")
        query = f"?sold={self.sold.id}" if self.sold else ""
        return reverse("sales:cart", args=[self.cart.id]) + query


@requires(Permission.SELL)
@require_http_methods(["GET", "POST"])
async def payment(request: Request, cart_id: UUID) -> HttpResponse:
    """GET: the screen to take money on, or what is left to pay. POST: the sale is posted."""
    if request.method == "POST":
        return await _take(request, cart_id)
    if not wants_partial(request):
        return await show_cart(request, cart_id, view="pay")
    actor = request.actor
    cart = await lanes.run(partial(view_cart, cart_id=cart_id, actor=actor), actor)
    due = due_of(cart, _paid(request.GET.getlist("paid")))
    return render_screen(request, "sales/_due.html", context={"due": due})


@requires(Permission.SELL)
@require_http_methods(["GET", "DELETE"])
async def attempt(request: Request, attempt_id: UUID) -> HttpResponse:
    """GET: what became of an attempt, as far as is known. DELETE: it is given up, if it can be."""
    actor, cart_id = request.actor, uuid_of(request.GET.get("cart", ""))
    if request.method == "DELETE":
        return await _give_up(request, attempt_id, cart_id)

    def unit() -> Outcome:
        answer = find_answer(sale_id=attempt_id, actor=actor)
        return _outcome(attempt_id, answer, cart_id, actor)

    return _tell(request, await lanes.run(unit, actor, write=True))


async def _take(request: Request, cart_id: UUID) -> HttpResponse:
    """Freeze, then check out: two units, each whole. What is not known is said to be unknown."""
    sent, actor = request.POST, request.actor
    attempt_id = uuid_of(sent.get("attempt", ""))
    if attempt_id is None:
        raise Invalid(fields={"attempt": [_("A payment needs an id of its own.")]})
    freeze = partial(
        freeze_cart,
        cart_id=cart_id,
        attempt_id=attempt_id,
        actor=actor,
        payments=_payments(sent.get("payments", "")) if "payments" in sent else None,
        shown_total=sent.get("shown_total", ""),
    )
    try:
        body = await lanes.run(freeze, actor, write=True, lane=LANE)
    except Busy:
        raise
    except Refusal as refusal:
        return await _not_frozen(request, cart_id, attempt_id, refusal)
    if body is None:
        return await _settled(request, cart_id, attempt_id)
    sell = partial(
        check_out, sale_id=attempt_id, body=body, actor=actor, source="till", cart_id=cart_id
    )
    try:
        answer = await lanes.run(sell, actor, write=True, lane=LANE)
    except InProgress:
        return _tell(request, Outcome(attempt=attempt_id, state="unknown"))
    except Busy:
        raise
    except Refusal as refusal:
        return await _not_meant(request, cart_id, attempt_id, body.register, refusal)
    return await _answered(request, cart_id, attempt_id, answer)


async def _answered(
    request: Request, cart_id: UUID, attempt_id: UUID, answer: Answer
) -> HttpResponse:
    unit = partial(_outcome, attempt_id, answer, cart_id, request.actor)
    outcome = await lanes.run(unit, request.actor, write=True)
    return _tell(request, outcome, answer.status)


async def _settled(request: Request, cart_id: UUID, attempt_id: UUID) -> HttpResponse:
    """The attempt was over before this copy of it came: the answer of then."""
    actor = request.actor
    answer = await lanes.run(partial(find_answer, sale_id=attempt_id, actor=actor), actor)
    if answer is None:
        raise NotHere
    return await _answered(request, cart_id, attempt_id, answer)


async def _not_frozen(
    request: Request, cart_id: UUID, attempt_id: UUID, refusal: Refusal
) -> HttpResponse:
    """Another attempt stands, or the cart cannot be paid for: said with the cart as it is."""
    actor = request.actor
    if isinstance(refusal, CartSold | CartFrozen):
        standing = uuid_of(str(refusal.facts.get("attempt") or refusal.facts.get("sale") or ""))
        if standing is not None:
            unit = partial(_standing, standing, cart_id, actor)
            return _tell(request, await lanes.run(unit, actor, write=True), refusal.status)
    return await _say_no(request, cart_id, attempt_id, refusal)


async def _not_meant(
    request: Request, cart_id: UUID, attempt_id: UUID, register_id: UUID, refusal: Refusal
) -> HttpResponse:
    """Nothing was written: give the id up, so that the cart goes on and no late copy can sell."""
    give_up = partial(
        abandon_sale,
        sale_id=attempt_id,
        register_id=register_id,
        actor=request.actor,
        cart_id=cart_id,
    )
    answer = await lanes.run(give_up, request.actor, write=True, lane=LANE)
    if answer.state == "posted":
        return await _answered(request, cart_id, attempt_id, answer)
    return await _say_no(request, cart_id, attempt_id, refusal)


async def _say_no(
    request: Request, cart_id: UUID, attempt_id: UUID, refusal: Refusal
) -> HttpResponse:
    actor = request.actor
    cart = await lanes.run(partial(view_cart, cart_id=cart_id, actor=actor), actor)
    words = str(refusal.message)
    if isinstance(refusal, Invalid) and refusal.fields:
        words = next(iter(refusal.fields.values()))[0]
    outcome = Outcome(
        attempt=attempt_id,
        state="refused",
        cart=cart,
        code=refusal.code,
        words=words,
        facts=dict(refusal.facts),
    )
    return _tell(request, outcome, refusal.status)


async def _give_up(request: Request, attempt_id: UUID, cart_id: UUID | None) -> HttpResponse:
    actor = request.actor

    def find() -> UUID:
        cart = attempt_cart(attempt_id=attempt_id, actor=actor)
        if cart is not None:
            return cart.register_id
        if cart_id is None:
            raise NotHere
        # It never arrived; given up, it cannot sell when it does.
        return view_cart(cart_id=cart_id, actor=actor).register_id

    register_id = await lanes.run(find, actor)
    give_up = partial(
        abandon_sale, sale_id=attempt_id, register_id=register_id, actor=actor, cart_id=cart_id
    )
    try:
        answer = await lanes.run(give_up, actor, write=True, lane=LANE)
    except InProgress:
        return _tell(request, Outcome(attempt=attempt_id, state="unknown"))
    unit = partial(_outcome, attempt_id, answer, cart_id, actor)
    return _tell(request, await lanes.run(unit, actor, write=True))


# ---- in a lane ----------------------------------------------------------------------------------


def _standing(attempt_id: UUID, cart_id: UUID, actor: Actor) -> Outcome:
    answer = find_answer(sale_id=attempt_id, actor=actor)
    return _outcome(attempt_id, answer, cart_id, actor)


def _outcome(
    attempt_id: UUID, answer: Answer | None, cart_id: UUID | None, actor: Actor
) -> Outcome:
    """What to show for an answer, with the cart to go on with: the next one after a sale."""
    if answer is None:
        return Outcome(attempt=attempt_id, state="unknown")
    if answer.state == "posted":
        return Outcome(
            attempt=attempt_id,
            state="posted",
            sold=sold_of(answer.content, actor),
            cart=_next_cart(UUID(answer.content["register"]), actor),
        )
    content = dict(answer.content)
    words = content.get("message") or _("The payment was given up. The cart is kept.")
    if content.get("code") == "out_of_stock":
        words = _("Not sold: less is left here than this sale wants. Set the counts, pay again.")
    return Outcome(
        attempt=attempt_id,
        state=answer.state,
        cart=view_cart(cart_id=cart_id, actor=actor) if cart_id else None,
        code=str(content.get("code", answer.state)),
        words=str(words),
        facts={key: content[key] for key in content.keys() - {"code", "message"}},
    )


def _next_cart(register_id: UUID, actor: Actor) -> CartView | None:
    """The sale after this one; None if the till cannot begin one (its shift was closed)."""
    try:
        fresh = open_cart(cart_id=ids.new(), register_id=register_id, actor=actor)
        return view_cart(cart_id=fresh, actor=actor)
    except Refusal:
        return None


def _tell(request: Request, outcome: Outcome, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"outcome": outcome, "sold": outcome.sold}
    if outcome.cart is not None:
        context |= cart_context(outcome.cart)
    return render_screen(request, "sales/_outcome.html", context=context, status=status)


# ---- what was sent ------------------------------------------------------------------------------


def _payments(text: str) -> list[dict[str, Any]]:
    """The payments as the page lists them; `parse_sale` reads each strictly."""
    sent = read_json(text.encode())
    if not isinstance(sent, list) or not all(isinstance(row, dict) for row in sent):
        raise Invalid(fields={"payments": [_("A list of payments.")]})
    return sent


def _paid(amounts: list[str]) -> Decimal:
    """What the page has taken in other tenders. Only to show what is left; nothing is believed."""
    total = NO_MONEY
    for text in amounts[:20]:
        try:
            amount = Decimal(text[:20])
        except InvalidOperation:
            continue
        if amount.is_finite() and abs(amount) < LIMIT:
            total += amount
    return total
