"""Goods arrive: scanned or searched onto a list, counted, and put on the shelf in one posting."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from inventory.forms import ArrivalForm
from inventory.reports.arrivals import Arriving, find_arriving, read_arriving
from inventory.reports.shelf import own_store
from inventory.services.stock import MOST_LINES, ReceiptLine, receive_stock
from inventory.views.rooms import an_id, asked, tabs
from people.access import Request, requires
from people.models import Store
from people.permissions import Permission as P
from regalpos import ids, lanes
from regalpos.errors import Invalid, NotHere, Refusal
from regalpos.screens import render_screen


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list as it was sent back: its product, what was typed, what is wrong."""

    arriving: Arriving
    form: ArrivalForm


@requires(P.RECEIVE_STOCK)
@require_http_methods(["GET", "POST"])
async def receive(request: Request) -> HttpResponse:
    """GET: an empty list. POST: what is on it is on the shelf."""
    if request.method == "POST":
        return await _post(request)
    unit = partial(own_store, request.actor, asked(request, "store"))
    store, _stores = await lanes.run(unit, request.actor, lane="office")
    return _show(request, store, receipt_id=ids.new())


@requires(P.RECEIVE_STOCK)
@require_GET
async def found(request: Request) -> HttpResponse:
    """For a scan or a search: a line for the list, some to choose from, or a miss."""
    unit = partial(
        find_arriving, request.actor, store_code=asked(request, "store"), text=asked(request, "q")
    )
    what = await lanes.run(unit, request.actor, lane="office")
    context = {"found": what, "store": what.store, "sees_money": request.actor.may(P.SEE_MONEY)}
    return render_screen(request, "inventory/_found.html", context=context)


async def _post(request: Request) -> HttpResponse:
    receipt_id = an_id(request.POST.get("receipt_id", ""))
    forms = _forms(request.POST)
    unit = partial(_known, request, [form.data["product"] for form in forms])
    store, known = await lanes.run(unit, request.actor, lane="office")
    if unknown := [form for form in forms if an_id(form.data["product"]) not in known]:
        raise NotHere(product=unknown[0].data["product"])
    lines = [Line(known[an_id(form.data["product"])], form) for form in forms]
    note = request.POST.get("note", "")
    again = partial(_show, request, store, receipt_id=receipt_id, lines=lines, note=note)
    sound = [form.is_valid() for form in forms]  # All of them: each shows its own errors.
    if not all(sound):
        return again(status=422)
    try:
        post = partial(
            receive_stock,
            receipt_id=receipt_id,
            store_id=store.pk,
            lines=[_line(form) for form in forms],
            actor=request.actor,
            note=note,
        )
        moves = await lanes.run(post, request.actor, write=True, lane="office")
    except Refusal as refusal:
        wrong = _blame(lines, refusal)
        return again(status=refusal.status, wrong=wrong)
    done = [
        {"arriving": known[move.level.product_id], "quantity": move.quantity, "left": move.balance}
        for move in moves
    ]
    return _show(request, store, receipt_id=ids.new(), done=done)


def _show(
    request: Request,
    store: Store,
    *,
    receipt_id: UUID,
    lines: list[Line] | None = None,
    done: list[dict[str, Any]] | None = None,
    note: str = "",
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "store": store,
        "store_name": store.name,
        "receipt_id": receipt_id,
        "lines": lines or [],
        "done": done or [],
        "note": note,
        "wrong": wrong,
        "sees_money": request.actor.may(P.SEE_MONEY),
        "tabs": tabs(request.actor, store, "receive"),
    }
    return render_screen(request, "inventory/receive.html", "receipt", context, status)


def _known(request: Request, products: list[str]) -> tuple[Store, dict[UUID, Arriving]]:
    store, _stores = own_store(request.actor, asked(request, "store"))
    return store, read_arriving(store, {an_id(text) for text in products})


def _forms(sent: QueryDict) -> list[ArrivalForm]:
    """One form a line. A column that is shorter than the others leaves its cells empty."""
    products, quantities = sent.getlist("product"), sent.getlist("quantity")
    costs = sent.getlist("unit_cost")
    if len(products) > MOST_LINES:
        raise Invalid(fields={"lines": [_("No more than 500 lines at once.")]})
    return [
        ArrivalForm(
            {
                "product": product,
                "quantity": quantities[i] if i < len(quantities) else "",
                "unit_cost": costs[i] if i < len(costs) else "",
            }
        )
        for i, product in enumerate(products)
    ]


def _line(form: ArrivalForm) -> ReceiptLine:
    said = form.cleaned_data
    return ReceiptLine(said["product"], said["quantity"], said["unit_cost"])


def _blame(lines: list[Line], refusal: Refusal) -> str:
    """Each reason at the line and the field it is about; what is about the whole is answered."""
    rest: list[str] = []
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    for path, words in fields.items():
        _lines, _dot, place = path.partition(".")
        number, _dot, name = place.partition(".")
        if number.isdigit() and int(number) < len(lines):
            form = lines[int(number)].form
            form.add_error(name if name in form.fields else None, words)
        else:
            rest += words
    return " ".join(rest) or ("" if fields else str(refusal.message))
