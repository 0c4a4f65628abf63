"""Before selling: which till, and the float that its drawer begins with."""

from decimal import Decimal
from functools import partial
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from people.access import Request, requires
from people.permissions import Permission
from regalpos import ids, lanes
from regalpos.errors import Invalid, Refusal
from regalpos.money import NotAnAmount, parse_amount
from regalpos.screens import render_screen
from sales.services.cart_states import open_cart
from sales.services.shifts import open_shift
from sales.services.till_view import TillChoice, own_till, read_choices, read_register
from sales.views.till import to_cart, uuid_of


@requires(Permission.SELL)
@require_GET
async def registers(request: Request) -> HttpResponse:
    """Straight to the sale at the person's own till; without one, the tills to choose from."""
    actor = request.actor

    def unit() -> UUID | list[TillChoice]:
        register_id = own_till(actor)
        if register_id is None:
            return read_choices(actor)
        return open_cart(cart_id=ids.new(), register_id=register_id, actor=actor)

    found = await lanes.run(unit, actor, write=True)
    if isinstance(found, UUID):
        return HttpResponseRedirect(reverse("sales:cart", args=[found]))
    return render_screen(request, "sales/registers.html", context={"tills": found})


@requires(Permission.SELL)
@require_http_methods(["GET", "POST"])
async def register(request: Request, register_id: UUID) -> HttpResponse:
    """GET: the form that opens a shift here, or the sale of one that is open. POST: it is open."""
    actor = request.actor
    choice = await lanes.run(partial(read_register, register_id, actor), actor)
    if request.method == "POST":
        return await _open_shift(request, choice)
    if choice.shift is not None and (choice.mine or choice.shared):
        return await to_cart(request, register_id)
    return _shift_form(request, choice)


async def _open_shift(request: Request, choice: TillChoice) -> HttpResponse:
    """The shift is open and the till is ready; or the form says what was wrong with the float."""
    typed, shift_id = request.POST.get("float", ""), uuid_of(request.POST.get("id", ""))
    try:
        amount = _float(typed, choice.store.currency)
        unit = partial(
            open_shift,
            shift_id=shift_id or ids.new(),
            register_id=choice.register.pk,
            float_amount=amount,
            actor=request.actor,
        )
        await lanes.run(unit, request.actor, write=True)
    except Refusal as refusal:
        fields = refusal.fields if isinstance(refusal, Invalid) else {}
        problem = next(iter(fields.values()), [str(refusal.message)])[0]
        return _shift_form(request, choice, typed, problem, refusal.status)
    return await to_cart(request, choice.register.pk)


def _float(typed: str, currency: str) -> Decimal:
    try:
        return parse_amount(typed or "0", currency, get_language() or "en")
    except NotAnAmount as wrong:
        raise Invalid(fields={"float": [_("An amount of money, zero or more.")]}) from wrong


def _shift_form(
    request: Request, choice: TillChoice, typed: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"till": choice, "typed": typed, "problem": problem, "shift_id": ids.new()}
    return render_screen(request, "sales/register.html", context=context, status=status)
