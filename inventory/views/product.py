"""One product: its page, and everything that may be changed about it."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.forms import BarcodeForm, PriceForm, ProductForm
from inventory.reports.goods import ProductSheet, choices, read_product
from inventory.services import catalogue
from inventory.services.pictures import forget_picture, keep_picture
from people.access import Request, requires
from people.permissions import Permission as P
from regalpos import ids, lanes
from regalpos.errors import Refusal
from regalpos.screens import blame, render_screen


@requires(P.SEE_PRODUCTS)
@require_GET
async def product(request: Request, sku: str) -> HttpResponse:
    """The product's page."""
    return _show(request, await _read(request, sku))


@requires(P.EDIT_PRODUCTS)
@require_http_methods(["GET", "POST"])
async def edit(request: Request, sku: str) -> HttpResponse:
    """GET: the details in a form. POST: they are as sent."""
    sheet = await _read(request, sku)
    found = await lanes.run(choices, request.actor, lane="office")
    if request.method == "GET":
        form = ProductForm(choices=found, initial=sheet.details)
        return _show_form(request, sheet, form)
    form = ProductForm(request.POST, request.FILES, choices=found)
    if not form.is_valid():
        return _show_form(request, sheet, form, status=422)
    was = sheet.product
    details = form.details(parent_id=was.parent_id, options=was.options, attributes=was.attributes)
    try:
        image = await kept_picture(form)
        change = partial(
            catalogue.change_product,
            product_id=was.pk,
            details=details,
            image=image,
            actor=request.actor,
        )
        await lanes.run(change, request.actor, write=True, lane="office")
    except Refusal as refusal:
        blame(form, refusal)
        return _show_form(request, sheet, form, status=refusal.status)
    if image and was.image:
        await asyncio.to_thread(forget_picture, str(was.image))
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(_address(sku))


@requires(P.EDIT_PRODUCTS)
@require_POST
async def prices(request: Request, sku: str) -> HttpResponse:
    """The product costs what was sent, from now on."""
    sheet = await _read(request, sku)
    form = PriceForm(request.POST, places=_places(sheet))
    if not form.is_valid():
        return _show(request, sheet, price_form=form, status=422)
    said = form.cleaned_data
    store_id, _colon, currency = said["where"].partition(":")
    change = partial(
        catalogue.set_price,
        price_id=said["id"],
        product_id=sheet.product.pk,
        amount=said["amount"],
        currency=currency,
        store_id=UUID(store_id) if store_id else None,
    )
    return await _change(request, sheet, change, _("The price is set."), price_form=form)


@requires(P.EDIT_PRODUCTS)
@require_POST
async def barcodes(request: Request, sku: str) -> HttpResponse:
    """The code that was sent means this product."""
    sheet = await _read(request, sku)
    form = BarcodeForm(request.POST)
    if not form.is_valid():
        return _show(request, sheet, barcode_form=form, status=422)
    said = form.cleaned_data
    change = partial(
        catalogue.add_barcode,
        product_id=sheet.product.pk,
        code=said["code"],
        quantity=said["quantity"],
    )
    return await _change(request, sheet, change, _("The code is added."), barcode_form=form)


@requires(P.EDIT_PRODUCTS)
@require_POST
async def barcode_removal(request: Request, sku: str) -> HttpResponse:
    """The code that was sent means this product no more."""
    sheet = await _read(request, sku)
    code = request.POST.get("code", "")
    change = partial(catalogue.remove_barcode, product_id=sheet.product.pk, code=code)
    return await _change(request, sheet, change, _("The code is removed."))


@requires(P.EDIT_PRODUCTS)
@require_POST
async def retirement(request: Request, sku: str) -> HttpResponse:
    """The product is sold no more."""
    sheet = await _read(request, sku)
    change = partial(catalogue.retire_product, product_id=sheet.product.pk)
    words = _("%(name)s is off sale. Its history stays.") % {"name": sheet.product.name}
    return await _change(request, sheet, change, words)


async def kept_picture(form: forms.Form) -> str | None:
    """The stored name of the picture that a form brought, or None."""
    sent = form.cleaned_data.get("image")
    return await asyncio.to_thread(keep_picture, sent) if sent else None


async def _change(
    request: Request, sheet: ProductSheet, change: Any, words: str, **said: forms.Form
) -> HttpResponse:
    """Run the use case, then show the page: anew, or as it stands with the reason."""
    try:
        unit = partial(change, actor=request.actor)
        await lanes.run(unit, request.actor, write=True, lane="office")
    except Refusal as refusal:
        for form in said.values():
            blame(form, refusal)
        return _show(request, sheet, refusal=refusal, status=refusal.status, **said)
    messages.success(request, words)
    return HttpResponseRedirect(_address(sheet.product.sku))


def _show(
    request: Request,
    sheet: ProductSheet,
    *,
    price_form: forms.Form | None = None,
    barcode_form: forms.Form | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    places = _places(sheet)
    context = {
        "sheet": sheet,
        "product": sheet.product,
        "may_edit": request.actor.may(P.EDIT_PRODUCTS),
        "sees_money": request.actor.may(P.SEE_MONEY),
        "sees_vendors": request.actor.may(P.SEE_VENDORS),
        "price_form": price_form or PriceForm(places=places, initial={"id": ids.new()}),
        "barcode_form": barcode_form or BarcodeForm(),
        "refusal": refusal if refusal and not (price_form or barcode_form) else None,
    }
    return render_screen(request, "inventory/product.html", "", context, status)


def _show_form(
    request: Request, sheet: ProductSheet, form: ProductForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "product": sheet.product,
        "image": sheet.image,
        "back": _address(sheet.product.sku),
    }
    return render_screen(request, "inventory/product_form.html", "", context, status)


def _places(sheet: ProductSheet) -> list[tuple[str, str]]:
    """Where a price can hold: in every store of a currency, or in one."""
    currencies = dict.fromkeys(place.store.currency for place in sheet.places)
    words = _("All stores, %(currency)s")
    everywhere = [(f":{currency}", words % {"currency": currency}) for currency in currencies]
    single = [
        (f"{place.store.pk}:{place.store.currency}", f"{place.store}, {place.store.currency}")
        for place in sheet.places
    ]
    return [*everywhere, *single]


async def _read(request: Request, sku: str) -> ProductSheet:
    return await lanes.run(partial(read_product, request.actor, sku), request.actor, lane="office")


def _address(sku: str) -> str:
    return reverse("inventory:product", args=[sku])
