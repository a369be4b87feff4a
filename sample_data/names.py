"""Names the sample plant is made of: product families, ingredients and packaging. All invented."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """A pack: text, content in grams or millilitres, pieces per case, packaging names (one each per piece)."""

    text: str
    net: int
    case: int
    packs: tuple[str, ...]


class Family(NamedTuple):
    """Six flavours in two sizes; `common` ingredients go into all of them. `season` is January to December."""

    name: str
    base_name: str
    unit: str
    line: str
    home: str
    shelf: int
    sizes: tuple[Size, Size]
    common: tuple[str, ...]
    flavours: tuple[tuple[str, tuple[str, ...]], ...]
    season: tuple[float, ...]


_FLAT = (1.0, 0.98, 1.0, 1.0, 1.03, 1.04, 0.97, 0.95, 1.0, 1.02, 1.01, 1.0)

FAMILIES = (
    Family("Jam", "Jam Base", "KGM", "LINE1", "FG01", 540,
           (Size("340 g", 340, 12, ("Glass Jar 340 ml", "Twist Lid 70 mm")),
            Size("900 g", 900, 6, ("Tub 900 ml", "Tub Lid 120 mm"))),
           ("Sugar", "Pectin", "Citric Acid"),
           (("Strawberry", ("Strawberries IQF",)), ("Raspberry", ("Raspberries IQF",)),
            ("Blackcurrant", ("Blackcurrants IQF",)), ("Apricot", ("Apricot Purée",)),
            ("Lingonberry", ("Lingonberries IQF",)), ("Orange Marmalade", ("Orange Peel", "Orange Juice Conc."))),
           (1.0, 0.98, 1.0, 1.02, 1.06, 1.1, 0.97, 0.9, 0.98, 1.0, 0.98, 1.01)),
    Family("Müsli", "Müsli Mix", "KGM", "LINE2", "FG01", 365,
           (Size("375 g", 375, 10, ("Stand-up Pouch 375 g",)), Size("1 kg", 1000, 6, ("Stand-up Pouch 1 kg",))),
           ("Oat Flakes", "Barley Flakes", "Raisins"),
           (("Apple Cinnamon", ("Dried Apple", "Cinnamon")), ("Nut Crunch", ("Hazelnuts", "Almonds", "Honey")),
            ("Chocolate", ("Dark Chocolate Drops",)), ("Red Berry", ("Freeze-dried Berries",)),
            ("Seed Power", ("Pumpkin Seeds", "Sunflower Seeds", "Linseed")), ("Classic", ("Wheat Flakes",))),
           (1.2, 1.12, 1.05, 1.0, 0.97, 0.92, 0.9, 0.98, 1.06, 1.0, 0.92, 0.88)),
    Family("Knäckebrot", "Crispbread Dough", "KGM", "LINE3", "FG01", 300,
           (Size("250 g", 250, 16, ("Flow-wrap Sleeve 250 g", "Folding Box 250 g")),
            Size("500 g", 500, 8, ("Folding Box 500 g",))),
           ("Rye Flour", "Wheat Flour", "Salt", "Yeast"),
           (("Sesame", ("Sesame Seeds",)), ("Rye", ("Rye Bran",)), ("Sourdough", ("Sourdough Powder",)),
            ("Caraway", ("Caraway",)), ("Oat and Spelt", ("Spelt Flour", "Oat Flakes")),
            ("Sea Salt", ("Sea Salt Flakes", "Rapeseed Oil"))), _FLAT),
    Family("Oat Drink", "Oat Drink Base", "LTR", "LINE4", "CS01", 180,
           (Size("1 l", 1000, 6, ("Carton Brick 1 l", "Screw Cap 28 mm")),
            Size("500 ml", 500, 12, ("Carton Brick 500 ml", "Screw Cap 28 mm"))),
           ("Oat Flour", "Rapeseed Oil", "Calcium Carbonate"),
           (("Barista", ("Sunflower Oil",)), ("Original", ("Salt",)), ("Vanilla", ("Vanilla Extract", "Sugar")),
            ("Cocoa", ("Cocoa Powder", "Sugar")), ("Unsweetened", ("Enzyme Blend",)), ("Coffee", ("Coffee Extract",))),
           _FLAT),
    Family("Soup", "Soup Base", "KGM", "LINE5", "CS01", 120,
           (Size("400 g", 400, 8, ("Soup Cup 400 g", "Seal Lid 95 mm")), Size("1 kg", 1000, 5, ("Soup Pouch 1 kg",))),
           ("Onions", "Vegetable Stock", "Salt", "Potato Starch"),
           (("Tomato", ("Tomato Paste", "Basil")), ("Mushroom", ("Mushrooms", "Cream 35 %")),
            ("Pea and Mint", ("Green Peas", "Mint")), ("Carrot Ginger", ("Carrots", "Ginger Purée")),
            ("Pumpkin", ("Pumpkin Purée", "Nutmeg")), ("Leek and Potato", ("Leek", "Potatoes", "Cream 35 %"))),
           (1.45, 1.38, 1.2, 0.95, 0.76, 0.62, 0.56, 0.66, 0.9, 1.1, 1.19, 1.23)),
    Family("Dressing", "Dressing Emulsion", "KGM", "LINE6", "CS01", 240,
           (Size("250 ml", 250, 12, ("PET Bottle 250 ml", "Flip Cap 38 mm")),
            Size("500 ml", 500, 8, ("PET Bottle 500 ml", "Flip Cap 38 mm"))),
           ("Rapeseed Oil", "Spirit Vinegar", "Egg Yolk Powder", "Salt"),
           (("Thousand Island", ("Tomato Paste", "Paprika")), ("Crème Fraîche", ("Crème Fraîche 24 %", "Dill")),
            ("Garlic", ("Garlic Purée",)), ("Honey Mustard", ("Honey", "Mustard Seed")),
            ("Jalapeño Lime", ("Jalapeño Purée", "Lime Juice Conc.")),
            ("Caesar", ("Hard Cheese Powder", "Anchovy Paste"))),
           (0.7, 0.72, 0.85, 1.05, 1.3, 1.45, 1.4, 1.25, 1.0, 0.8, 0.72, 0.76)),
    Family("Cookies", "Cookie Dough", "KGM", "LINE3", "FG01", 270,
           (Size("300 g tin", 300, 12, ("Cookie Tin 300 g", "Paper Cup Insert")),
            Size("600 g box", 600, 8, ("Folding Box 600 g", "Paper Cup Insert"))),
           ("Wheat Flour", "Butter", "Sugar", "Whole Egg Powder"),
           (("Christmas Butter", ("Vanilla Extract",)), ("Gingerbread", ("Ginger Powder", "Cinnamon", "Cloves")),
            ("Almond", ("Almonds",)), ("Chocolate Chip", ("Dark Chocolate Drops",)), ("Cardamom", ("Cardamom",)),
            ("Oat Raisin", ("Oat Flakes", "Raisins"))),
           (0.62, 0.6, 0.66, 0.7, 0.64, 0.6, 0.58, 0.66, 0.9, 1.3, 2.2, 2.54)),
)  # fmt: skip

XMAS_SEASON = (0.3, 0.25, 0.3, 0.35, 0.3, 0.25, 0.25, 0.4, 0.9, 1.9, 3.2, 3.6)

# The bulk family is sold by the kilogram from the bases of jam and soup.
BULK = (
    ("Strawberry Filling", 0, 0), ("Raspberry Filling", 0, 1), ("Blackcurrant Filling", 0, 2),
    ("Apricot Filling", 0, 3), ("Lingonberry Filling", 0, 4), ("Orange Filling", 0, 5),
    ("Tomato Soup Concentrate", 4, 0), ("Mushroom Soup Concentrate", 4, 1), ("Pea Soup Concentrate", 4, 2),
    ("Carrot Soup Concentrate", 4, 3), ("Pumpkin Soup Concentrate", 4, 4), ("Leek Soup Concentrate", 4, 5),
)  # fmt: skip

# name | base unit | cent per unit | unit the suppliers sell in | storage
RAW = """Strawberries IQF|KGM|245|KGM|CS01
Raspberries IQF|KGM|392|KGM|CS01
Blackcurrants IQF|KGM|281|KGM|CS01
Apricot Purée|KGM|187|XDR|RM01
Lingonberries IQF|KGM|455|KGM|CS01
Orange Peel|KGM|164|XDR|RM01
Orange Juice Conc.|KGM|318|XDR|CS01
Sugar|KGM|88|TNE|RM01
Pectin|KGM|1380|XBG|RM01
Citric Acid|KGM|172|XBG|RM01
Oat Flakes|KGM|74|XBG|RM01
Barley Flakes|KGM|69|XBG|RM01
Wheat Flakes|KGM|66|XBG|RM01
Raisins|KGM|264|KGM|RM01
Dried Apple|KGM|612|KGM|RM01
Cinnamon|KGM|745|KGM|RM01
Hazelnuts|KGM|832|KGM|RM01
Almonds|KGM|694|KGM|RM01
Honey|KGM|418|XDR|RM01
Dark Chocolate Drops|KGM|573|XBG|RM01
Freeze-dried Berries|KGM|2890|KGM|RM01
Pumpkin Seeds|KGM|527|XBG|RM01
Sunflower Seeds|KGM|188|XBG|RM01
Linseed|KGM|154|XBG|RM01
Rye Flour|KGM|52|TNE|RM01
Wheat Flour|KGM|49|TNE|RM01
Spelt Flour|KGM|97|XBG|RM01
Oat Flour|KGM|81|TNE|RM01
Salt|KGM|31|TNE|RM01
Sea Salt Flakes|KGM|240|KGM|RM01
Yeast|KGM|196|KGM|CS01
Sesame Seeds|KGM|243|XBG|RM01
Rye Bran|KGM|58|XBG|RM01
Sourdough Powder|KGM|366|XBG|RM01
Caraway|KGM|511|KGM|RM01
Rapeseed Oil|LTR|126|XDR|RM01
Sunflower Oil|LTR|139|XDR|RM01
Calcium Carbonate|KGM|67|XBG|RM01
Vanilla Extract|LTR|8450|LTR|RM01
Cocoa Powder|KGM|864|XBG|RM01
Enzyme Blend|KGM|4120|KGM|CS01
Coffee Extract|LTR|1875|LTR|RM01
Onions|KGM|43|KGM|CS01
Vegetable Stock|KGM|358|XBG|RM01
Potato Starch|KGM|94|XBG|RM01
Tomato Paste|KGM|148|XDR|RM01
Basil|KGM|905|KGM|RM01
Mushrooms|KGM|277|KGM|CS01
Cream 35 %|LTR|329|LTR|CS01
Green Peas|KGM|112|KGM|CS01
Mint|KGM|780|KGM|RM01
Carrots|KGM|38|KGM|CS01
Ginger Purée|KGM|422|KGM|CS01
Pumpkin Purée|KGM|119|XDR|CS01
Nutmeg|KGM|1560|KGM|RM01
Leek|KGM|96|KGM|CS01
Potatoes|KGM|29|TNE|CS01
Spirit Vinegar|LTR|47|XDR|RM01
Egg Yolk Powder|KGM|1240|KGM|RM01
Paprika|KGM|486|KGM|RM01
Crème Fraîche 24 %|KGM|294|KGM|CS01
Dill|KGM|840|KGM|RM01
Garlic Purée|KGM|351|KGM|CS01
Mustard Seed|KGM|175|XBG|RM01
Jalapeño Purée|KGM|388|KGM|CS01
Lime Juice Conc.|KGM|467|KGM|CS01
Hard Cheese Powder|KGM|1125|KGM|CS01
Anchovy Paste|KGM|972|KGM|CS01
Butter|KGM|598|KGM|CS01
Whole Egg Powder|KGM|885|XBG|RM01
Ginger Powder|KGM|493|KGM|RM01
Cloves|KGM|910|KGM|RM01
Cardamom|KGM|2630|KGM|RM01"""

# name | base unit | 1/100 cent per unit | unit the suppliers sell in | pieces or metres in that unit
PACKAGING = """Glass Jar 340 ml|EA|1450|XPX|1800
Twist Lid 70 mm|EA|420|XCS|1200
Tub 900 ml|EA|1730|XPX|960
Tub Lid 120 mm|EA|510|XCS|800
Stand-up Pouch 375 g|EA|890|XCS|1000
Stand-up Pouch 1 kg|EA|1310|XCS|500
Flow-wrap Sleeve 250 g|EA|260|XCS|2000
Folding Box 250 g|EA|640|XCS|600
Folding Box 500 g|EA|980|XCS|400
Folding Box 600 g|EA|1120|XCS|400
Carton Brick 1 l|EA|1190|XPX|7200
Carton Brick 500 ml|EA|870|XPX|9600
Screw Cap 28 mm|EA|230|XCS|3000
Soup Cup 400 g|EA|1080|XPX|4800
Seal Lid 95 mm|EA|310|XCS|2500
Soup Pouch 1 kg|EA|1260|XCS|500
PET Bottle 250 ml|EA|1340|XPX|2400
PET Bottle 500 ml|EA|1690|XPX|1500
Flip Cap 38 mm|EA|540|XCS|1000
Cookie Tin 300 g|EA|4870|XPX|900
Paper Cup Insert|EA|95|XCS|5000
Pail 10 kg|EA|8900|XPX|300
Pail Lid 10 kg|EA|2650|XPX|900
Shipping Case Small|EA|2750|XPX|1200
Shipping Case Medium|EA|3480|XPX|900
Label Reel Jam|MTR|380|XRO|2000
Label Reel Dressing|MTR|395|XRO|2000
Label Reel Bulk|MTR|450|XRO|1500
Flow-wrap Film 320 mm|MTR|290|XRO|0"""

LABELS = {"Jam": "Label Reel Jam", "Dressing": "Label Reel Dressing", "Knäckebrot": "Flow-wrap Film 320 mm"}
