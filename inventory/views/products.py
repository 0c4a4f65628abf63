"""The catalogue: the list of products, and a new one."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from inventory.forms import NewProductForm
from inventory.reports.goods import STATES, Goods, Sieve, choices, read_goods
from inventory.services.catalogue import add_product
from inventory.views.product import kept_picture
from inventory.views.rooms import asked, asked_id
from people.access import Request, requires
from people.permissions import Permission as P
from regalpos import ids, lanes
from regalpos.errors import Refusal
from regalpos.screens import blame, render_screen

SAID = {
    "active": gettext_lazy("On sale"),
    "inactive": gettext_lazy("Not on sale"),
    "all": gettext_lazy("On sale or not"),
}


@requires(P.SEE_PRODUCTS)
@require_GET
async def products(request: Request) -> HttpResponse:
    """A page of the catalogue; `#products-list` of it for a swap."""
    state = asked(request, "state")
    sieve = Sieve(
        text=asked(request, "q"),
        store_code=asked(request, "store"),
        category_id=asked_id(request, "category"),
        brand_id=asked_id(request, "brand"),
        vendor_id=asked_id(request, "vendor"),
        state=state if state in STATES else "active",
        after=asked_id(request, "after"),
        before=asked_id(request, "before"),
    )
    goods = await lanes.run(partial(read_goods, request.actor, sieve), request.actor, lane="office")
    context = {
        "goods": goods,
        "store": goods.store,
        "sieve": sieve,
        "selects": _selects(request, goods, sieve),
        "here": request.get_full_path(),
        "earlier": goods.earlier and _address(request, before=str(goods.earlier)),
        "later": goods.later and _address(request, after=str(goods.later)),
        "may_edit": request.actor.may(P.EDIT_PRODUCTS),
        "sees_money": request.actor.may(P.SEE_MONEY),
        "narrowed": any(asked(request, name) for name in ("q", "category", "brand", "vendor")),
    }
    return render_screen(request, "inventory/products.html", "products-list", context)


@requires(P.EDIT_PRODUCTS)
@require_http_methods(["GET", "POST"])
async def new(request: Request) -> HttpResponse:
    """GET: an empty form, with the id that its product will have. POST: the product is there."""
    found = await lanes.run(choices, request.actor, lane="office")
    if request.method == "GET":
        first = found["tax_rate"][0][0] if found["tax_rate"] else ""
        form = NewProductForm(choices=found, initial={"id": ids.new(), "tax_rate": first})
        return _show(request, form)
    form = NewProductForm(request.POST, request.FILES, choices=found)
    if not form.is_valid():
        return _show(request, form, status=422)
    try:
        image = await kept_picture(form)
        add = partial(
            add_product,
            product_id=form.cleaned_data["id"],
            sku=form.cleaned_data["sku"],
            details=form.details(),
            image=image or "",
            actor=request.actor,
        )
        product = await lanes.run(add, request.actor, write=True, lane="office")
    except Refusal as refusal:
        blame(form, refusal)
        return _show(request, form, status=refusal.status)
    messages.success(request, _("Added. Give it a price next."))
    return HttpResponseRedirect(reverse("inventory:product", args=[product.sku]))


def _show(request: Request, form: NewProductForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "back": reverse("inventory:products")}
    return render_screen(request, "inventory/product_form.html", "", context, status)


def _selects(request: Request, goods: Goods, sieve: Sieve) -> list[dict[str, Any]]:
    """The filters of the list: their names, what is chosen, what can be."""
    everything = {
        "category": (_("All categories"), sieve.category_id),
        "brand": (_("All brands"), sieve.brand_id),
        "vendor": (_("All vendors"), sieve.vendor_id),
    }
    if not request.actor.may(P.SEE_VENDORS):
        del everything["vendor"]
    stores = [(store.code, store.name) for store in goods.stores]
    first = {
        "name": "store",
        "label": _("Store"),
        "chosen": goods.store.code,
        "options": stores,
    }
    states = {
        "name": "state",
        "label": _("On sale"),
        "chosen": sieve.state,
        "options": [(name, SAID[name]) for name in STATES],
    }
    others = [
        {
            "name": name,
            "label": words,
            "chosen": str(chosen or ""),
            "options": [("", words), *goods.choices[name]],
        }
        for name, (words, chosen) in everything.items()
        if goods.choices[name]
    ]
    return [first, *others, states] if len(stores) > 1 else [*others, states]


def _address(request: Request, **page: str) -> str:
    asking = {name: text for name, text in request.GET.items() if text}
    for name in ("after", "before"):
        asking.pop(name, None)
    return f"{reverse('inventory:products')}?{urlencode({**asking, **page})}"
