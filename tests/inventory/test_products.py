"""The catalogue's screens: found, read by everybody, changed by those who may."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from inventory.models import Barcode, Brand, Category, Price, Product
from people.models import AuditEvent, Store, Vendor
from people.permissions import Role
from regalpos import ids
from tests.factories import a_level, a_product, a_tax

type SignedIn = Callable[..., Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _pictures_elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def goods(harbour: Store) -> list[Product]:
    bakery = Category.objects.create(name="Bakery")
    bread = a_product(
        "Rye sourdough",
        sku="BK-0003",
        price="4.95",
        category=Category.objects.create(name="Bread", parent=bakery),
        brand=Brand.objects.create(name="Saltmarsh"),
        vendor=Vendor.objects.create(name="Copper Lane"),
    )
    a_level(bread, harbour, "11")
    gone = a_product("Cork trivet", sku="KT-0051", active=False)
    unpriced = a_product("Olive oil", sku="GR-0120", price=None)
    return [bread, gone, unpriced]


def names(page: str) -> list[str]:
    return [name for name in ("Cork trivet", "Olive oil", "Rye sourdough") if name in page]


def test_everybody_finds_products_and_only_the_office_sees_costs(
    signed_in: SignedIn, goods: list[Product]
) -> None:
    for role in Role:
        response = signed_in(role).get("/products/", {"store": "HS"})
        page = response.content.decode()
        assert response.status_code == 200
        assert names(page) == ["Olive oil", "Rye sourdough"]
        assert "€4.95" in page
        assert "No price" in page
        assert f'id="on-hand-HS-{goods[0].pk}" data-version="1">11</span>' in page
        office = role in {Role.ADMIN, Role.MANAGER}
        assert (">Cost<" in page, "New product" in page) == (office, office)
        assert ("All vendors" in page) == (role != Role.CASHIER)


def test_the_list_is_narrowed(signed_in: SignedIn, goods: list[Product]) -> None:
    browser = signed_in(Role.CASHIER)
    bread = goods[0]

    def shown(**query: Any) -> list[str]:
        return names(browser.get("/products/", query).content.decode())

    assert shown(state="inactive") == ["Cork trivet"]
    assert shown(state="all") == ["Cork trivet", "Olive oil", "Rye sourdough"]
    assert bread.category is not None
    assert shown(category=bread.category_id) == ["Rye sourdough"]
    assert shown(category=bread.category.parent_id) == ["Rye sourdough"]
    assert shown(brand=bread.brand_id) == ["Rye sourdough"]
    assert shown(vendor=bread.vendor_id) == ["Rye sourdough"]
    assert shown(q="sourdogh") == ["Rye sourdough"]
    assert shown(q="gr-0120") == ["Olive oil"]
    assert shown(q="olive", brand=bread.brand_id) == []


def test_an_empty_answer_says_what_to_do(signed_in: SignedIn, harbour: Store) -> None:
    browser = signed_in(Role.MANAGER)
    assert "The catalogue is empty" in browser.get("/products/").content.decode()
    assert "Nothing fits" in browser.get("/products/", {"q": "zzz"}).content.decode()


def test_a_swap_gets_the_list_alone(signed_in: SignedIn, goods: list[Product]) -> None:
    page = signed_in(Role.CASHIER).get("/products/", headers=HTMX).content.decode()
    assert 'id="products-list"' in page
    assert "<html" not in page


@pytest.mark.parametrize(
    "query", [{"store": "ML"}, {"category": "x"}, {"brand": "'"}, {"after": "9"}, {"store": "\x00"}]
)
def test_a_list_of_something_that_is_not_there_is_not_here(
    signed_in: SignedIn, goods: list[Product], mill: Store, query: dict[str, str]
) -> None:
    assert signed_in(Role.MANAGER).get("/products/", query).status_code == 404


def test_a_product_has_its_page(signed_in: SignedIn, goods: list[Product], mill: Store) -> None:
    Barcode.objects.create(product=goods[0], code="036000291452")
    page = signed_in(Role.CASHIER).get("/products/BK-0003/").content.decode()
    for words in ("Rye sourdough", "036000291452", "€4.95", "Bread", "Saltmarsh", "Received"):
        assert words in page
    for words in ("Mill Lane", mill.name, "Copper Lane", "Average cost", "Set price", "Edit"):
        assert words not in page
    page = signed_in(Role.MANAGER).get("/products/BK-0003/").content.decode()
    for words in ("Copper Lane", "Average cost", "Set price", "Edit"):
        assert words in page
    assert signed_in(Role.CASHIER).get("/products/NONE/").status_code == 404


def said(**more: str) -> dict[str, str]:
    return {
        "name": "Gift wrap",
        "tax_rate": str(a_tax().pk),
        "unit": "each",
        "stocked": "on",
        "active": "on",
        **more,
    }


def test_a_manager_adds_a_product(signed_in: SignedIn, harbour: Store) -> None:
    browser = signed_in(Role.MANAGER)
    a_tax()
    assert browser.get("/products/new/").status_code == 200
    sent = said(id=str(ids.new()), sku="HM-0012")
    for _again in range(2):
        response = browser.post("/products/new/", sent)
        assert (response.status_code, response.headers["Location"]) == (302, "/products/HM-0012/")
    product = Product.objects.get()
    assert (product.name, product.stocked, product.limited) == ("Gift wrap", True, False)
    assert AuditEvent.objects.filter(action="product.added").count() == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": ""}, "required"),
        ({"sku": "with space"}, "no spaces"),
        ({"sku": "bk-0003"}, "Another product has this SKU."),
        ({"tax_rate": str(ids.new())}, "valid choice"),
        ({"unit": "lb"}, "valid choice"),
        ({"markdown_percent": "101"}, "less than or equal"),
        ({"name": "a\x00b"}, "Null characters"),
    ],
)
def test_a_product_that_cannot_be_is_refused_beside_its_field(
    signed_in: SignedIn, goods: list[Product], more: dict[str, str], words: str
) -> None:
    sent = said(id=str(ids.new()), sku="HM-0012") | more
    response = signed_in(Role.MANAGER).post("/products/new/", sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Product.objects.count() == 3


def test_a_manager_edits_a_product_but_not_its_sku(
    signed_in: SignedIn, goods: list[Product]
) -> None:
    browser = signed_in(Role.MANAGER)
    page = browser.get("/products/BK-0003/edit/").content.decode()
    assert 'value="Rye sourdough"' in page
    assert 'name="sku"' not in page
    sent = said(name="Rye 800 g", sku="HACKED", markdown_percent="2,5")
    assert browser.post("/products/BK-0003/edit/", sent).status_code == 422
    sent["markdown_percent"] = "2.5"
    assert browser.post("/products/BK-0003/edit/", sent).status_code == 302
    bread = Product.objects.get(pk=goods[0].pk)
    assert (bread.name, bread.sku, bread.markdown_percent) == (
        "Rye 800 g",
        "BK-0003",
        Decimal("2.500"),
    )
    assert bread.brand is None


def test_a_change_that_the_shelves_forbid_says_so(
    signed_in: SignedIn, goods: list[Product]
) -> None:
    sent = said()
    del sent["stocked"]
    response = signed_in(Role.MANAGER).post("/products/BK-0003/edit/", sent)
    assert response.status_code == 409
    assert "still on a shelf" in response.content.decode()
    assert Product.objects.get(sku="BK-0003").name == "Rye sourdough"


@pytest.mark.parametrize("role", [Role.CASHIER, Role.EMPLOYEE])
def test_who_may_not_edit_changes_nothing(
    signed_in: SignedIn, goods: list[Product], role: Role
) -> None:
    browser = signed_in(role)
    for path, sent in [
        ("new/", said(id=str(ids.new()), sku="X")),
        ("BK-0003/edit/", said()),
        ("BK-0003/prices/", {"id": str(ids.new()), "amount": "1", "where": ":EUR"}),
        ("BK-0003/barcodes/", {"code": "1", "quantity": "1"}),
        ("BK-0003/barcodes/removal/", {"code": "1"}),
        ("BK-0003/retirement/", {}),
    ]:
        assert browser.post(f"/products/{path}", sent).status_code == 403
    assert browser.get("/products/new/").status_code == 403
    bread = Product.objects.get(sku="BK-0003")
    assert (bread.name, bread.active) == ("Rye sourdough", True)
    assert (Product.objects.count(), Price.objects.count(), Barcode.objects.count()) == (3, 2, 0)


def test_a_manager_sets_a_price(
    signed_in: SignedIn, goods: list[Product], harbour: Store, mill: Store
) -> None:
    browser = signed_in(Role.MANAGER)
    url = "/products/GR-0120/prices/"
    key = str(ids.new())
    where = f"{harbour.pk}:EUR"
    for _again in range(2):
        sent = {"id": key, "amount": "8.90", "where": where}
        assert browser.post(url, sent).headers["Location"] == "/products/GR-0120/"
    price = Price.objects.get(product=goods[2])
    assert (price.amount, price.store_id) == (Decimal("8.9000"), harbour.pk)
    for bad in (
        {"amount": "-1"},
        {"amount": ""},
        {"amount": "1.23456"},
        {"where": f"{mill.pk}:GBP"},
        {"where": ":USD"},
        {"id": "x"},
    ):
        sent = {"id": str(ids.new()), "amount": "1", "where": where} | bad
        assert browser.post(url, sent).status_code == 422
    assert Price.objects.filter(product=goods[2]).count() == 1


def test_a_manager_adds_and_removes_a_code(signed_in: SignedIn, goods: list[Product]) -> None:
    browser = signed_in(Role.MANAGER)
    url = "/products/BK-0003/barcodes/"
    assert browser.post(url, {"code": "036000291452", "quantity": "6"}).status_code == 302
    assert Barcode.objects.get().quantity == 6
    for bad in ({"code": "036000291453"}, {"quantity": "0"}, {"code": ""}):
        sent = {"code": "77", "quantity": "1"} | bad
        assert browser.post(url, sent).status_code == 422
    taken = browser.post("/products/GR-0120/barcodes/", {"code": "0036000291452", "quantity": "1"})
    assert "Rye sourdough has this code already." in taken.content.decode()
    assert Barcode.objects.count() == 1
    assert browser.post(f"{url}removal/", {"code": "036000291452"}).status_code == 302
    assert Barcode.objects.count() == 0


def test_a_manager_takes_a_product_off_sale(signed_in: SignedIn, goods: list[Product]) -> None:
    response = signed_in(Role.MANAGER).post("/products/BK-0003/retirement/")
    assert response.headers["Location"] == "/products/BK-0003/"
    assert Product.objects.get(sku="BK-0003").active is False


# ---- pictures -----------------------------------------------------------------------------------


def a_picture(
    kind: str = "JPEG", size: tuple[int, int] = (1200, 600), **more: Any
) -> SimpleUploadedFile:
    kept = BytesIO()
    Image.new("RGB", size, "rebeccapurple").save(kept, kind, **more)
    return SimpleUploadedFile("../../etc/passwd.php", kept.getvalue(), "text/html")


def send_picture(signed_in: SignedIn, picture: SimpleUploadedFile) -> Any:
    browser = signed_in(Role.MANAGER)
    return browser.post("/products/BK-0003/edit/", {**said(), "image": picture})


def test_a_picture_is_made_anew(signed_in: SignedIn, goods: list[Product]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Taken with the camera on its side ...
    exif[0x010E] = "taken at home"  # ... and with something to tell.
    assert send_picture(signed_in, a_picture(exif=exif)).status_code == 302
    name = str(Product.objects.get(sku="BK-0003").image)
    assert name.startswith("products/")
    assert name.endswith(".webp")
    with default_storage.open(name) as file, Image.open(file) as kept:
        assert (kept.format, kept.size) == ("WEBP", (400, 800))
        assert not kept.getexif()
        assert "exif" not in kept.info
    # A new picture replaces the file of the old one.
    assert send_picture(signed_in, a_picture("PNG", (20, 20))).status_code == 302
    newer = str(Product.objects.get(sku="BK-0003").image)
    assert default_storage.listdir("products")[1] == [newer.removeprefix("products/")]


def test_what_is_no_picture_is_refused(
    signed_in: SignedIn, goods: list[Product], settings: Any
) -> None:
    huge = a_picture("PNG", (8000, 6500))  # 52 million pixels in some kilobytes
    cut = a_picture()
    cut = SimpleUploadedFile("cut.jpg", cut.read()[:2000])
    fakes = [
        SimpleUploadedFile("a.jpg", b"<script>alert(1)</script>"),
        SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        SimpleUploadedFile("a.gif", b"GIF89a" + b"\0" * 100),
        cut,
        huge,
    ]
    for fake in fakes:
        response = send_picture(signed_in, fake)
        assert response.status_code == 422, fake.name
    settings.UPLOAD_MAX_MB = 0
    assert send_picture(signed_in, a_picture()).status_code == 422
    assert not Product.objects.get(sku="BK-0003").image
    assert not default_storage.exists("products")
