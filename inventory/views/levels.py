"""Stock levels on a tablet: the list, one product of it, and its correction."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from inventory.forms import AdjustmentForm
from inventory.reports import shelf
from inventory.services.stock import adjust_stock
from inventory.views.rooms import asked, asked_id, tabs
from people.access import Request, requires
from people.permissions import Permission as P
from regalpos import ids, lanes
from regalpos.errors import Refusal
from regalpos.screens import blame, render_screen

FILTERS = (("all", _("All")), ("low", _("Low")), ("none", _("None left")))


@requires(P.SEE_STOCK)
@require_GET
async def stock(request: Request) -> HttpResponse:
    """The stock room opens on its levels."""
    return HttpResponseRedirect(_levels_url(request))


@requires(P.SEE_STOCK)
@require_GET
async def low(request: Request) -> HttpResponse:
    """What is to be ordered: the levels that are low."""
    return HttpResponseRedirect(_levels_url(request, show="low"))


@requires(P.SEE_STOCK)
@require_GET
async def levels(request: Request) -> HttpResponse:
    """A page of a store's levels; `#stock-list` of it for a swap."""
    show = asked(request, "show")
    show = show if show in shelf.SHOWN else "all"
    text = asked(request, "q")
    found = await lanes.run(
        partial(
            shelf.read_shelf,
            request.actor,
            store_code=asked(request, "store"),
            show=show,
            text=text,
            after=asked_id(request, "after"),
            before=asked_id(request, "before"),
        ),
        request.actor,
        lane="office",
    )
    where = {"store": found.store.code, "show": show, "q": text}
    context = {
        "shelf": found,
        "store": found.store,
        "store_name": found.store.name,
        "show": show,
        "text": text,
        "filters": [
            {
                "name": name,
                "label": label,
                "count": found.counts[name],
                "url": _address(**{**where, "show": name}),
            }
            for name, label in FILTERS
        ],
        "here": request.get_full_path(),
        "earlier": found.earlier and _address(**where, before=str(found.earlier)),
        "later": found.later and _address(**where, after=str(found.later)),
        "tabs": tabs(request.actor, found.store, "low" if show == "low" else "levels"),
        "may_receive": request.actor.may(P.RECEIVE_STOCK),
        "swapped": request.headers.get("HX-Request") == "true",
    }
    return render_screen(request, "inventory/levels.html", "stock-list", context)


@requires(P.SEE_STOCK)
@require_GET
async def item(request: Request, sku: str) -> HttpResponse:
    """One product on the shelf: a page of its own, or `#stock-item` beside the list."""
    return await _item(request, sku, AdjustmentForm())


@requires(P.ADJUST_STOCK)
@require_POST
async def adjust(request: Request, sku: str) -> HttpResponse:
    """The level is corrected, with a reason; the answer is the product as it is now."""
    form = AdjustmentForm(request.POST)
    if not form.is_valid():
        return await _item(request, sku, form, status=422)
    found = await _read(request, sku)
    try:
        await lanes.run(
            partial(
                adjust_stock,
                adjustment_id=form.cleaned_data["adjustment_id"],
                store_id=found.store.pk,
                product_id=found.row.product_id,
                quantity=form.signed,
                reason=form.reason,
                actor=request.actor,
            ),
            request.actor,
            write=True,
            lane="office",
        )
    except Refusal as refusal:
        blame(form, refusal)
        return await _item(request, sku, form, status=refusal.status)
    return await _item(request, sku, AdjustmentForm())


async def _item(
    request: Request, sku: str, form: AdjustmentForm, status: int = 200
) -> HttpResponse:
    found = await _read(request, sku)
    context: dict[str, Any] = {
        "item": found,
        "row": found.row,
        "store": found.store,
        "store_name": found.store.name,
        "tabs": tabs(request.actor, found.store, "levels"),
        "form": form,
        "adjustment_id": _still(form) or ids.new(),
        "may_adjust": request.actor.may(P.ADJUST_STOCK) and found.stocked,
        "sees_money": request.actor.may(P.SEE_MONEY),
    }
    return render_screen(request, "inventory/item.html", "stock-item", context, status)


def _still(form: AdjustmentForm) -> UUID | None:
    """The id of a correction that was sent and refused: a new try of it is the same one."""
    return form.cleaned_data.get("adjustment_id") if form.is_bound else None


async def _read(request: Request, sku: str) -> shelf.ShelfItem:
    unit = partial(shelf.read_item, request.actor, sku=sku, store_code=asked(request, "store"))
    return await lanes.run(unit, request.actor, lane="office")


def _levels_url(request: Request, **more: str) -> str:
    return _address(store=asked(request, "store"), **more)


def _address(**asking: str) -> str:
    """The levels, with what is asked of them; what is empty is left out."""
    said = {name: text for name, text in asking.items() if text and (name, text) != ("show", "all")}
    return reverse("inventory:levels") + (f"?{urlencode(said)}" if said else "")
