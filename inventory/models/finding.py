"""How a product is found: by code, by the start of its name, by words of it, or misspelt.

Every way uses an index of `Product.Meta`, and none is asked before the surer ones found nothing.
"""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connections, models
from django.db.models import F, Q
from django.db.models.functions import Collate, Lower, Upper

from regalpos.barcodes import clean_scan, lookup_key

if TYPE_CHECKING:
    from inventory.models.product import Product

LONGEST = 100  # as long as a name may be
MOST_WORDS = 6
TRIGRAM = 3  # shorter words have no trigram of their own
LIKENESS = 0.5  # how much of a misspelt word must fit; below it everything looks alike

NAME_KEY = Collate(Lower("name"), "C")
SKU_KEY = Collate(Lower("sku"), "C")


class ProductQuerySet(models.QuerySet["Product"]):
    def on_sale(self) -> Self:
        return self.filter(active=True)

    def by_name(self) -> Self:
        """In the order of the name's index, so that a page is read and not sorted."""
        return self.alias(name_key=NAME_KEY).order_by("name_key", "id")

    def after(self, product_id: UUID) -> Self:
        """Of `by_name()`: what follows this product."""
        return self._beside(product_id, "gt")

    def before(self, product_id: UUID) -> Self:
        """Of `by_name()`: what precedes this product."""
        return self._beside(product_id, "lt")

    def with_code(self, text: str) -> Self:
        """The product with this very barcode or SKU. Case and leading zeros do not matter."""
        code = clean_scan(text)
        if not code:
            return self.none()
        barcodes = apps.get_model("inventory", "Barcode").objects.filter(lookup=lookup_key(code))
        owners = list(barcodes.values_list("product_id", flat=True))
        skus = self.alias(sku_key=SKU_KEY).filter(sku_key=code.lower())
        return self.filter(pk__in=[*owners, *skus.values_list("pk", flat=True)])

    def named_from(self, text: str) -> Self:
        """Names that begin like this.

        A range, not LIKE: a prepared `LIKE $1` cannot use the index.
        """
        return self.alias(name_key=NAME_KEY).filter(_within("name_key", text.lower()))

    def starting(self, text: str) -> Self:
        """Names or SKUs that begin like this."""
        start = text.lower()
        found = self.alias(name_key=NAME_KEY, sku_key=SKU_KEY)
        return found.filter(_within("name_key", start) | _within("sku_key", start))

    def holding(self, text: str) -> Self:
        """Names that hold every word, anywhere; or a SKU that begins with the whole text."""
        words = Q()
        for word in text.split()[:MOST_WORDS]:
            words &= Q(name__icontains=word)
        found = self.alias(sku_key=SKU_KEY)
        return found.filter(words | _within("sku_key", text.lower()))

    def like(self, text: str) -> Self:
        """Names with something much like the text in them, the likest first. Slow: the last way."""
        _mind_likeness(self.db)
        found = self.alias(shout=Upper("name")).filter(shout__trigram_word_similar=text.upper())
        found = found.annotate(likeness=TrigramWordSimilarity(text, "name"))
        return found.filter(likeness__gte=LIKENESS).order_by(F("likeness").desc(), "name", "id")

    def matching(self, text: str) -> Self:
        """What somebody means who types or scans this, by the surest way that finds anything.

        A code finds its one product. Else words, or for very short text the beginning; only when
        those find nothing, what is spelt much like it, likest first. Whatever the queryset is
        already narrowed to holds. Asks the database one to four small questions: call it in a lane.
        """
        text = seek(text)
        if not text:
            return self
        coded = self.with_code(text)
        if coded.exists():
            return coded
        has_trigram = any(len(word) >= TRIGRAM for word in text.split())
        named = self.holding(text) if has_trigram else self.starting(text)
        if not has_trigram or named.exists():
            return named
        return self.like(text)

    def best(self, text: str, limit: int) -> list["Product"]:
        """At most `limit` products for what was typed, the surest first: for a till's list."""
        text = seek(text)
        if not text:
            return []
        if coded := list(self.with_code(text)[:limit]):
            return coded
        has_trigram = any(len(word) >= TRIGRAM for word in text.split())
        # By name alone first: its index is read in order, and stops as soon as there are enough.
        ways = [self.named_from(text), self.holding(text) if has_trigram else self.starting(text)]
        found: list[Product] = []
        for way in ways:
            if len(found) < limit:
                rest = way.exclude(pk__in=[product.pk for product in found])
                found += rest.by_name()[: limit - len(found)]
        if not found and has_trigram:
            found = list(self.like(text)[:limit])
        return found

    def _beside(self, product_id: UUID, way: str) -> Self:
        [key] = self.model._default_manager.filter(pk=product_id).values_list(NAME_KEY) or [("",)]
        found = self.alias(name_key=NAME_KEY)
        # Row by row: (name, id) > (this name, this id), in a form that the index can begin at.
        return found.filter(
            Q(**{f"name_key__{way}e": key[0]}),
            Q(**{f"name_key__{way}": key[0]}) | Q(**{f"pk__{way}": product_id}),
        )


def seek(text: str) -> str:
    """What is looked for: one line, no unseen signs, no longer than a name."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST].strip()


def _within(key: str, start: str) -> Q:
    """The range of keys that begin with `start`, in the C collation's order."""
    if not (end := _end(start)):
        return Q(**{f"{key}__gte": start})
    return Q(**{f"{key}__gte": start, f"{key}__lt": end})


def _end(start: str) -> str:
    """The first text that comes after everything that begins with `start`; "" for none."""
    while start:
        point = ord(start[-1]) + 1
        point = 0xE000 if 0xD800 <= point < 0xE000 else point  # surrogates are no characters
        if point <= 0x10FFFF:
            return start[:-1] + chr(point)
        start = start[:-1]
    return ""


def _mind_likeness(alias: str) -> None:
    """The index itself then leaves out what is too unlike: three times faster than filtering.

    Lasts for the connection. Where a pooler loses it, the filter in `like()` still holds.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pg_trgm.word_similarity_threshold', %s, false)", [str(LIKENESS)]
        )
