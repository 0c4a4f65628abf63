"""Goods and shelves. A SKU may hold any visible sign, a slash too."""

from django.urls import path

from inventory.views import levels, product, products, receive

app_name = "inventory"

urlpatterns = [
    # /products/
    path("products/", products.products, name="products"),
    path("products/new/", products.new, name="product-new"),
    path("products/<path:sku>/edit/", product.edit, name="product-edit"),
    path("products/<path:sku>/prices/", product.prices, name="product-prices"),
    path("products/<path:sku>/barcodes/", product.barcodes, name="product-barcodes"),
    path("products/<path:sku>/barcodes/removal/", product.barcode_removal, name="barcode-removal"),
    path("products/<path:sku>/retirement/", product.retirement, name="product-retirement"),
    path("products/<path:sku>/", product.product, name="product"),
    # /stock/
    path("stock/", levels.stock, name="stock"),
    path("stock/levels/", levels.levels, name="levels"),
    path("stock/levels/<path:sku>/adjustments/", levels.adjust, name="adjustments"),
    path("stock/levels/<path:sku>/", levels.item, name="item"),
    path("stock/low/", levels.low, name="low"),
    path("stock/receive/", receive.receive, name="receive"),
    path("stock/receive/found/", receive.found, name="receive-found"),
]
