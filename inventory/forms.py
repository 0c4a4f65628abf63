"""What may be said of products and of goods that arrive or go: checked, then plain values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inventory.models import Product

NOTHING = Decimal(0)
ONE = Decimal(1)

type Choices = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDetails:
    """All that can be said of a product and may change. Its SKU and its id never do."""

    name: str
    tax_rate_id: UUID
    description: str = ""
    markdown_percent: Decimal = NOTHING
    category_id: UUID | None = None
    brand_id: UUID | None = None
    vendor_id: UUID | None = None
    parent_id: UUID | None = None
    unit: str = "each"
    options: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    limited: bool = False
    stocked: bool = True
    minimum_age: int | None = None
    active: bool = True


def _number(label: Any, digits: int, places: int, **more: Any) -> forms.DecimalField:
    """A figure as the reader's language writes it."""
    attrs = {"inputmode": "decimal", "autocomplete": "off"}
    more.setdefault("widget", forms.TextInput(attrs=attrs))
    return forms.DecimalField(
        label=label, max_digits=digits, decimal_places=places, localize=True, **more
    )


class ProductForm(forms.Form):
    """A product's details. What can be chosen was read beforehand."""

    name = forms.CharField(label=_("Name"), max_length=100)
    description = forms.CharField(
        label=_("Description"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    category = forms.TypedChoiceField(
        label=_("Category"), coerce=UUID, empty_value=None, required=False
    )
    brand = forms.TypedChoiceField(label=_("Brand"), coerce=UUID, empty_value=None, required=False)
    vendor = forms.TypedChoiceField(
        label=_("Vendor"), coerce=UUID, empty_value=None, required=False
    )
    tax_rate = forms.TypedChoiceField(label=_("Tax rate"), coerce=UUID)
    unit = forms.ChoiceField(
        label=_("Sold by"),
        choices=Product.Unit.choices,
        help_text=_("Cannot change once some of it has moved."),
    )
    markdown_percent = _number(
        _("Markdown, percent"), 6, 3, min_value=0, max_value=100, required=False
    )
    minimum_age = forms.IntegerField(
        label=_("Minimum age"),
        min_value=1,
        max_value=99,
        required=False,
        help_text=_("The cashier is asked to check it."),
    )
    stocked = forms.BooleanField(label=_("Kept in stock"), required=False, initial=True)
    limited = forms.BooleanField(
        label=_("Limited"),
        required=False,
        help_text=_("Never sold beyond what is on hand."),
    )
    active = forms.BooleanField(label=_("On sale"), required=False, initial=True)
    image = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG, PNG or WebP, up to 10 MB."),
    )

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, found in choices.items():
            chosen: Any = self.fields[name]
            chosen.choices = found if name == "tax_rate" else [("", _("None")), *found]

    def details(self, *, parent_id: UUID | None = None, **kept: Any) -> ProductDetails:
        """What a valid form says; `kept` is what it does not ask for."""
        said = self.cleaned_data
        return ProductDetails(
            name=said["name"],
            description=said["description"],
            category_id=said["category"],
            brand_id=said["brand"],
            vendor_id=said["vendor"],
            tax_rate_id=said["tax_rate"],
            unit=said["unit"],
            markdown_percent=said["markdown_percent"] or NOTHING,
            minimum_age=said["minimum_age"],
            stocked=said["stocked"],
            limited=said["limited"],
            active=said["active"],
            parent_id=parent_id,
            **kept,
        )


class NewProductForm(ProductForm):
    """A new product: the details, and the SKU that it will keep."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    sku = forms.CharField(
        label=_("SKU"),
        max_length=50,
        help_text=_("Your own number for it. It never changes."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    field_order = ("id", "name", "sku")


class PriceForm(forms.Form):
    """A new price, in one store or in all that trade in its currency."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    amount = _number(_("New price"), 15, 4, min_value=0)
    where = forms.ChoiceField(label=_("Where"))

    def __init__(self, *args: Any, places: Choices, **kwargs: Any):
        super().__init__(*args, **kwargs)
        where: Any = self.fields["where"]
        where.choices = list(places)


class BarcodeForm(forms.Form):
    """A code, and how much of the product one scan of it means."""

    code = forms.CharField(
        label=_("Barcode"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    quantity = _number(_("Each scan counts"), 12, 3, min_value=Decimal("0.001"), initial=ONE)


class ArrivalForm(forms.Form):
    """One line of what arrived."""

    product = forms.UUIDField()
    quantity = _number(_("Quantity"), 12, 3)
    unit_cost = _number(_("Cost of one"), 15, 4, min_value=0, required=False)


class AdjustmentForm(forms.Form):
    """A correction of one level: more or less, how much, and why."""

    # Two words and no sign: a keypad for numbers has no minus.
    LESS, MORE = "less", "more"
    REASONS = (
        ("missing", _("Missing")),
        ("broken", _("Broken")),
        ("gone off", _("Gone off")),
        ("own use", _("Used in the shop")),
        ("found", _("Found")),
        ("wrong before", _("Was booked wrong")),
        ("other", _("Something else")),
    )

    adjustment_id = forms.UUIDField(widget=forms.HiddenInput)
    way = forms.ChoiceField(
        label=pgettext_lazy("of stock", "Change"),
        choices=((LESS, _("Take away")), (MORE, _("Add"))),
        initial=LESS,
    )
    quantity = _number(_("How much"), 12, 3, min_value=Decimal("0.001"))
    why = forms.ChoiceField(label=_("Why"), choices=REASONS)
    note = forms.CharField(label=_("In your words"), max_length=150, required=False)

    def clean(self) -> dict[str, Any]:
        """Something else has to be said; a page without its id is too old to go on from."""
        said = super().clean() or self.cleaned_data
        if "adjustment_id" not in said:
            self.add_error(None, _("This page has grown old. Send it once more."))
        if said.get("why") == "other" and not said.get("note", "").strip():
            self.add_error("note", _("Say why, so that the next person knows."))
        return said

    @property
    def signed(self) -> Decimal:
        """The quantity as a movement writes it."""
        quantity: Decimal = self.cleaned_data["quantity"]
        return -quantity if self.cleaned_data["way"] == self.LESS else quantity

    @property
    def reason(self) -> str:
        """The reason as it is kept, in the language it was given in."""
        words = str(dict(self.REASONS)[self.cleaned_data["why"]])
        note: str = self.cleaned_data["note"].strip()
        if self.cleaned_data["why"] == "other":
            return note
        return f"{words}: {note}" if note else words
