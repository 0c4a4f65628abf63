"""The words that the demo catalogue is made of. All names are invented."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Shelf:
    """A category: its letters on the SKU, its tax, and what stands on it, in which variants."""

    name: str
    letters: str
    tax: str  # A code of TAXES.
    shape: str  # What its pictures show.
    prices: tuple[float, float]
    goods: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # (things, kinds), again and again
    unit: str = "each"
    limited: bool = False

    def names(self) -> Iterator[str]:
        for things, kinds in self.goods:
            for thing in things:
                for kind in kinds:
                    yield f"{thing} {kind}".strip()


TAXES = {
    "A": ("Zero rated", "0", "0"),  # code: name, percent at Harbour Street, at Mill Lane
    "B": ("Standard", "23", "8.25"),
    "C": ("Reduced", "13.5", "2.5"),
}

SHELVES = (
    Shelf("Bakery", "BK", "A", "loaf", (1.2, 6.5), (
        (("Rye sourdough", "White sourdough", "Seeded batch loaf", "Spelt loaf", "Potato bread",
          "Walnut loaf", "Oat and honey loaf"), ("800 g", "400 g", "sliced")),
        (("Croissant", "Almond croissant", "Cinnamon knot", "Cheese scone", "Fruit scone",
          "Oat flapjack", "Lemon slice", "Pear danish", "Sesame bagel", "Poppy roll"),
         ("", "pack of 4")),
    )),
    Shelf("Greengrocer", "VG", "A", "leaf", (1.1, 7.9), (
        (("Tomatoes on the vine", "Bananas", "Braeburn apples", "Conference pears", "New potatoes",
          "Carrots", "Red onions", "Flat mushrooms", "Seedless grapes", "Oranges", "Lemons",
          "Courgettes", "Chestnut squash", "Spring cabbage", "Beetroot", "Parsnips"),
         ("", "organic")),
    ), unit="kg"),
    Shelf("Dairy", "DR", "A", "carton", (0.9, 8.5), (
        (("Oat milk", "Whole milk", "Low-fat milk", "Buttermilk", "Almond milk"),
         ("500 ml", "1 l", "2 l")),
        (("Natural yoghurt", "Strained yoghurt", "Vanilla yoghurt", "Rhubarb yoghurt"),
         ("150 g", "500 g", "1 kg")),
        (("Farmhouse butter", "Young cheddar", "Mature cheddar", "Soft goat cheese", "Blue cheese",
          "Smoked cheese"), ("200 g", "400 g")),
    )),
    Shelf("Larder", "LD", "A", "jar", (1.4, 12.9), (
        (("Olive oil", "Rapeseed oil", "Cider vinegar", "Malt vinegar"),
         ("250 ml", "500 ml", "1 l")),
        (("Wholegrain mustard", "Blackcurrant jam", "Heather honey", "Brown onion relish",
          "Bitter marmalade", "Tahini", "Peanut butter"), ("200 g", "340 g")),
        (("Linseed crackers", "Oatcakes", "Seaweed crackers"), ("180 g", "300 g")),
        (("Red lentils", "Basmati rice", "Penne", "Spaghetti", "Butter beans", "Porridge oats",
          "Strong white flour", "Cane sugar"), ("500 g", "1 kg", "3 kg")),
    )),
    Shelf("Drinks", "DK", "B", "bottle", (1.0, 9.8), (
        (("Sparkling water", "Still water", "Apple juice", "Pear juice", "Lemonade", "Tonic water"),
         ("330 ml", "750 ml", "1 l", "six-pack")),
        (("Ginger cordial", "Elderflower cordial", "Cold brew coffee", "Kombucha"),
         ("330 ml", "500 ml")),
    )),
    Shelf("Coffee and tea", "CT", "C", "cup", (2.2, 14.5), (
        (("Filter coffee", "Flat white", "Hot chocolate", "Pot of tea"), ("", "large")),
        (("Espresso beans", "House blend beans", "Decaf beans", "Harbour roast beans"),
         ("250 g", "500 g", "1 kg")),
        (("Breakfast tea", "Earl Grey tea", "Peppermint tea", "Camomile tea", "Green tea"),
         ("40 bags", "80 bags", "loose 125 g")),
    )),
    Shelf("Kitchen", "KT", "B", "board", (3.5, 48.0), (
        (("Oak serving board", "Beech chopping board", "Walnut cheese board"),
         ("small", "medium", "large")),
        (("Linen tea towel", "Linen apron", "Oven glove", "Table runner"),
         ("natural", "slate", "sand", "sea green")),
        (("Enamel mug", "Stoneware bowl", "Side plate", "Milk jug"), ("white", "blue", "grey")),
        (("Paring knife", "Wooden spoon", "Measuring jug", "Salt pig", "Bread tin", "Tea strainer"),
         ("", "gift box")),
    )),
    Shelf("Home", "HM", "B", "candle", (2.5, 39.0), (
        (("Beeswax candle", "Soy candle", "Dinner candles", "Storm lantern"),
         ("small", "large", "gift box")),
        (("Wool throw", "Cushion cover", "Door mat", "Rush basket"), ("grey", "moss", "ochre")),
        (("Picture hooks", "Garden twine", "Matches", "Linen spray", "Bird box"),
         ("", "pack of 3")),
    ), limited=True),
    Shelf("Bath", "BT", "B", "soap", (1.9, 18.5), (
        (("Oat soap", "Seaweed soap", "Rosemary soap", "Shampoo bar"), ("100 g", "set of 3")),
        (("Hand cream", "Body lotion", "Bath salts", "Shower oil"), ("100 ml", "250 ml", "500 ml")),
        (("Lip balm", "Nail brush", "Cotton flannel", "Sponge"), ("", "pack of 2")),
    )),
    Shelf("Pets", "PT", "B", "tin", (1.3, 22.0), (
        (("Dog biscuits", "Cat supper", "Kitten supper", "Dog chew"), ("small", "medium", "large")),
        (("Bird seed", "Fat balls", "Sunflower hearts", "Hamster mix"), ("1 kg", "3 kg", "10 kg")),
    )),
    Shelf("Stationery", "ST", "B", "book", (0.8, 16.0), (
        (("Pocket notebook", "Dotted notebook", "Lined notebook", "Desk pad"),
         ("grey", "red", "navy", "green")),
        (("Pencil", "Ink pen", "Eraser", "Marker"), ("", "pack of 5")),
        (("Wrapping paper", "Gift tag", "Birthday card", "Blank card", "Thank-you card"),
         ("", "pack of 5")),
    )),
    Shelf("Counter", "CN", "B", "bag", (0.2, 3.0), (
        (("Carrier bag", "Paper bag", "Gift wrap", "Umbrella"), ("", "large")),
        (("Batteries AA", "Batteries AAA", "Batteries C"), ("pack of 4", "pack of 8")),
    )),
)  # fmt: skip

BRANDS = (
    "Hollow Oak", "Fenbrook", "Saltmarsh", "Two Herons", "Quarry Field", "Maes & Daughter",
    "Little Ferry", "Ashdown Mill", "Copper Lane", "Tidewright", "Barrowdale", "Plain Goods",
)  # fmt: skip
VENDORS = (
    ("Fenbrook Growers", 14), ("Ashdown Mill", 30), ("Saltmarsh Trading", 30),
    ("Quay Wholesale", 45), ("Copper Lane Makers", 30), ("Barrowdale Dairy", 7),
    ("Tidewright Imports", 60), ("Plain Goods", 30),
)  # fmt: skip
FIRST_NAMES = (
    "Ana", "Ben", "Cara", "Dilan", "Eoin", "Freya", "Gita", "Hugo", "Iris", "Jonas", "Kira",
    "Liam", "Maeve", "Noor", "Otis", "Petra", "Quinn", "Rosa", "Sami", "Tess", "Uma", "Vera",
    "Wren", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Alder", "Brannock", "Cotter", "Dunmore", "Ellery", "Farrow", "Garrick", "Hale", "Ibbot",
    "Jessop", "Kestrel", "Larkin", "Morrow", "Nash", "Orrin", "Pell", "Quill", "Rook", "Slade",
)  # fmt: skip

# Tile numbers of a store's tills, typed with Enter, and what they add.
FAVOURITES = {
    11: "Filter coffee", 12: "Croissant", 13: "Rye sourdough 800 g", 14: "Oat milk 1 l",
    15: "Carrier bag", 21: "Tomatoes on the vine", 22: "Bananas", 23: "Braeburn apples",
    31: "Olive oil 500 ml", 32: "Gift wrap", 33: "Beeswax candle small",
    34: "Breakfast tea 80 bags", 41: "Oak serving board large", 42: "Linen tea towel natural",
    43: "Birthday card",
}  # fmt: skip
