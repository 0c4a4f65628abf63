"""The words that the demo catalogue is made of. All names are invented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shelf:
    """A category: its letters on the SKU, its tax, what is on it, and in which variants."""

    name: str
    letters: str
    tax: str  # A code of TAXES.
    shape: str  # What its pictures show.
    prices: tuple[float, float]
    things: tuple[str, ...]
    kinds: tuple[str, ...]
    unit: str = "each"
    limited: bool = False


TAXES = {
    "A": ("Zero rated", "0", "0"),  # code: name, percent at Harbour Street, at Mill Lane
    "B": ("Standard", "23", "8.25"),
    "C": ("Reduced", "13.5", "2.5"),
}

SHELVES = (
    Shelf(
        "Bakery", "BK", "A", "loaf", (1.2, 6.5),
        ("Rye sourdough", "White sourdough", "Seeded batch loaf", "Spelt loaf", "Potato bread",
         "Croissant", "Almond croissant", "Cinnamon knot", "Cheese scone", "Fruit scone",
         "Oat flapjack", "Lemon slice"),
        ("", "800 g", "400 g", "pack of 4"),
    ),
    Shelf(
        "Greengrocer", "VG", "A", "leaf", (1.1, 7.9),
        ("Tomatoes on the vine", "Bananas", "Braeburn apples", "Conference pears", "New potatoes",
         "Carrots", "Red onions", "Flat mushrooms", "Seedless grapes", "Oranges", "Lemons",
         "Courgettes", "Chestnut squash", "Spring cabbage"),
        ("", "organic", "local"), unit="kg",
    ),
    Shelf(
        "Dairy", "DR", "A", "carton", (0.9, 8.5),
        ("Oat milk", "Whole milk", "Low-fat milk", "Buttermilk", "Natural yoghurt",
         "Strained yoghurt", "Farmhouse butter", "Young cheddar", "Mature cheddar",
         "Soft goat cheese"),
        ("1 l", "500 g", "250 g", "2 l"),
    ),
    Shelf(
        "Larder", "LD", "A", "jar", (1.4, 12.9),
        ("Olive oil", "Rapeseed oil", "Cider vinegar", "Wholegrain mustard", "Blackcurrant jam",
         "Heather honey", "Sea salt flakes", "Linseed crackers", "Oatcakes", "Red lentils",
         "Basmati rice", "Penne", "Chopped tomatoes", "Butter beans", "Brown onion relish"),
        ("500 ml", "250 g", "500 g", "1 kg"),
    ),
    Shelf(
        "Drinks", "DK", "B", "bottle", (1.0, 9.8),
        ("Sparkling water", "Still water", "Apple juice", "Pear juice", "Ginger cordial",
         "Elderflower cordial", "Cold brew coffee", "Kombucha", "Tonic water", "Lemonade"),
        ("330 ml", "500 ml", "750 ml", "1 l"),
    ),
    Shelf(
        "Coffee and tea", "CT", "C", "cup", (2.2, 14.5),
        ("Filter coffee", "Espresso beans", "House blend beans", "Decaf beans", "Breakfast tea",
         "Earl Grey tea", "Peppermint tea", "Camomile tea", "Drinking chocolate"),
        ("", "250 g", "500 g", "1 kg"),
    ),
    Shelf(
        "Kitchen", "KT", "B", "board", (3.5, 48.0),
        ("Oak serving board", "Linen tea towel", "Linen apron", "Enamel mug", "Stoneware bowl",
         "Paring knife", "Wooden spoon", "Measuring jug", "Salt pig", "Bread tin", "Tea strainer"),
        ("natural", "slate", "sand", "sea green"),
    ),
    Shelf(
        "Home", "HM", "B", "candle", (2.5, 39.0),
        ("Beeswax candle", "Soy candle", "Wool throw", "Rush basket", "Door mat", "Picture hooks",
         "Letter paper", "Garden twine", "Matches", "Linen spray"),
        ("small", "large", "gift box"), limited=True,
    ),
    Shelf(
        "Bath", "BT", "B", "soap", (1.9, 18.5),
        ("Oat soap", "Seaweed soap", "Shampoo bar", "Hand cream", "Lip balm", "Bath salts",
         "Body lotion", "Nail brush", "Cotton flannel"),
        ("100 g", "200 g", "set of 3"),
    ),
    Shelf(
        "Pantry for pets", "PT", "B", "tin", (1.3, 22.0),
        ("Dog biscuits", "Cat supper", "Bird seed", "Fat balls", "Hamster mix", "Dog chew"),
        ("small", "medium", "large"),
    ),
    Shelf(
        "Stationery", "ST", "B", "book", (0.8, 16.0),
        ("Pocket notebook", "Dotted notebook", "Pencil", "Ink pen", "Eraser", "Wrapping paper",
         "Gift tag", "Birthday card", "Blank card", "Desk pad"),
        ("", "grey", "red", "pack of 5"),
    ),
    Shelf(
        "Counter", "CN", "B", "bag", (0.2, 3.0),
        ("Carrier bag", "Paper bag", "Gift wrap", "Batteries AA", "Batteries AAA", "Umbrella"),
        ("", "large"),
    ),
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
    11: "Filter coffee", 12: "Croissant", 13: "Rye sourdough", 14: "Oat milk 1 l",
    15: "Carrier bag", 21: "Tomatoes on the vine", 22: "Bananas", 23: "Braeburn apples",
    31: "Olive oil 500 ml", 32: "Gift wrap", 33: "Beeswax candle small", 34: "Breakfast tea 250 g",
    41: "Oak serving board natural", 42: "Linen tea towel natural", 43: "Birthday card",
}  # fmt: skip
