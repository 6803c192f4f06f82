"""Listings of one seller: the goods, their prices, and the rows that the marketplace sends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final

from training.simulation.simulated.chance import Random, choose, draw_around, happens
from training.simulation.simulated.goods import GOODS, HOUSES
from training.simulation.simulated.habits import HABITS, Craft, HonestTrade, Kind, LogNormal
from training.simulation.simulated.prose import Product, Text, mistype, write_text
from training.simulation.simulated.records import Row, draw_seller_block, draw_volumes, listing_counters
from training.simulation.simulated.sellers import FAKE_SHARE, PER_EURO, Seller
from training.simulation.simulated.words import Story

_OFFSETS: Final = {"CN": 8, "HK": 8, "RU": 3, "TR": 3, "KZ": 5, "US": -5, "MX": -6, "GB": 0}  # Hours; else 1.
_ENDINGS: Final = ("00", "00", "90", "95", "99", "50")
_BARE: Final = 0.035  # The share of rows with only a title and a price.
_PARTS: Final = 0.2  # The share of unbranded listings that are parts and accessories for a brand's products.
_ELSEWHERE: Final = ("CN", "HK", "TR", "CN", "DE", "PL")
_BARE_FIELDS: Final = ("title", "price", "currency")


@dataclass(frozen=True, slots=True)
class Draft:
    """A listing without an id: `content` is what buyers see, `observed` are its counts, `block` is the seller block."""

    seller: Seller
    day: float
    product: Product
    content: Row
    observed: Row
    block: Row

    def row(self, external_id: str, start: datetime) -> Row:
        """The row as the marketplace sends it; `occurred_at` is in the seller's own time zone."""
        zone = timezone(timedelta(hours=_OFFSETS.get(self.seller.style.country, 1)))
        row = {
            "external_id": external_id,
            **self.content,
            **self.observed,
            "occurred_at": moment(start, self.day).astimezone(zone).isoformat(),
        }
        row["seller"] = {"external_id": self.seller.external_id, **self.block}
        if self.observed:
            row["link"] = f"https://market.example/offers/{external_id}"
        return row


def moment(start: datetime, day: float) -> datetime:
    """The time of a day of the simulated history, to the second."""
    return start + timedelta(seconds=int(day * 86_400))


def draw_product(random: Random, seller: Seller, *, unknowing: float) -> Product:
    """An item that the seller lists; `unknowing` is the probability of a fake where the seller is honest."""
    if seller.supplier is not None and happens(random, FAKE_SHARE):
        return _product_of_house(random, choose(random, seller.houses), counterfeit=True, part=False)
    if not happens(random, HABITS[seller.kind].branded):
        house = choose(random, range(len(HOUSES)))
        if happens(random, _PARTS):
            return _product_of_house(random, house, counterfeit=False, part=True)
        return Product(None, 0, choose(random, tuple(GOODS)), _draw_variant(random), counterfeit=False)
    return _product_of_house(random, choose(random, seller.houses), counterfeit=happens(random, unknowing), part=False)


def _product_of_house(random: Random, house: int, *, counterfeit: bool, part: bool) -> Product:
    model = choose(random, range(len(HOUSES[house].models)))
    return Product(house, model, HOUSES[house].models[model].goods, _draw_variant(random), counterfeit, part)


def _draw_variant(random: Random) -> int:
    return choose(random, range(8))


def draw_listing(random: Random, seller: Seller, article: Product) -> Draft:
    """The listing of an item on a random day of the seller's career."""
    career = seller.career
    day = career.first_day + random.random() * (career.last_day - career.first_day)
    content = _draw_content(random, seller, article, write_text(random, seller, article))
    if happens(random, _BARE):
        bare: Row = {name: content[name] for name in _BARE_FIELDS if name in content}
        return Draft(seller, day, article, bare, {}, {})
    return _with_observed_counts(random, Draft(seller, day, article, content, {}, {}))


def _with_observed_counts(random: Random, listing: Draft) -> Draft:
    seller, article, habits = listing.seller, listing.product, HABITS[listing.seller.kind]
    totals = draw_volumes(random, seller.career, seller.record, listing.day)
    age = min(draw_around(random, habits.listing_age), listing.day - seller.career.opened)
    counted = listing_counters(
        random, totals, habits, age=age, listings=seller.career.listings, counterfeit=article.counterfeit
    )
    if happens(random, 0.7):
        counted["availability"] = "in_stock" if happens(random, 0.93) else "out_of_stock"
    seller_block = draw_seller_block(
        seller.career, seller.record, totals, country=seller.style.country, day=listing.day
    )
    return replace(listing, observed=counted, block=seller_block)


def on_later_day(random: Random, listing: Draft, day: float) -> Draft:
    """The same listing on a later day, with unchanged content."""
    seller = listing.seller
    totals = draw_volumes(random, seller.career, seller.record, day)
    renewed = draw_seller_block(seller.career, seller.record, totals, country=seller.style.country, day=day)
    observed = dict(listing.observed)
    if isinstance(age := observed.get("age_days"), int):
        observed["age_days"] = age + int(day - listing.day)
    return replace(listing, day=day, observed=observed, block=renewed if listing.block else {})


def relist(random: Random, listing: Draft, seller: Seller) -> Draft:
    """The same goods with nearly the same text under another account."""
    career = seller.career
    day = career.first_day + random.random() * (career.last_day - career.first_day)
    content = {**listing.content, "title": vary_title(random, str(listing.content["title"]))}
    if "price" in content:
        content["price"] = f"{float(str(content['price'])) * (0.95 + 0.1 * random.random()):.2f}"
    return _with_observed_counts(random, Draft(seller, day, listing.product, content, {}, {}))


def vary_title(random: Random, title: str) -> str:
    """A title that differs slightly, as a copied title does."""
    ways = (title, mistype(random, title), f"{title}!", title.replace(",", " -"), f"★ {title}")
    return choose(random, ways)


def _draw_content(random: Random, seller: Seller, article: Product, text: Text) -> Row:
    habits = HABITS[seller.kind]
    price, usual = _draw_price(random, seller.kind, article)
    rate = PER_EURO[seller.style.currency]
    content: Row = {"title": text.title, "price": _price_text(random, price * rate), "currency": seller.style.currency}
    if text.description:
        content["description"] = text.description
    if text.named is not None and not article.part and happens(random, habits.declares):
        content["brand"] = text.named
    if happens(random, 0.9):
        content["product_type"] = GOODS[article.goods].product_type
    if happens(random, 0.45 if article.counterfeit else 0.3) and usual > price:
        content["list_price"] = _price_text(random, usual * rate)
    if article.house is not None and not article.part and happens(random, habits.coded):
        content["gtin"] = _draw_gtin(random, article)
    if happens(random, 0.7):
        content["condition"] = "used" if seller.style.story is Story.SECOND_HAND and happens(random, 0.8) else "new"
    if happens(random, 0.6):
        content["language"] = text.language.value
    if happens(random, 0.6):
        content["ship_from"] = _dispatch_country(random, seller, article)
    if happens(random, 0.7):
        pictures = 1 + int(random.random() * 3)
        content["image_link"] = [
            f"https://img.market.example/{int(random.random() * 16**9):09x}.jpg" for _ in range(pictures)
        ]
    return content


def _dispatch_country(random: Random, seller: Seller, article: Product) -> str:
    """The country of dispatch; workshops often send counterfeits themselves."""
    if happens(random, 0.3 if article.counterfeit else 0.12):
        return choose(random, _ELSEWHERE)
    return seller.style.country


def _draw_price(random: Random, kind: Kind, article: Product) -> tuple[float, float]:
    """The asking price in EUR, and the usual price of the goods."""
    if article.part:
        return 9 * draw_around(random, LogNormal(median=1.0, spread=0.5)), 9.0
    if article.house is None:
        usual = float(GOODS[article.goods].unbranded)
        return usual * draw_around(random, LogNormal(median=1.0, spread=0.4)), usual * 1.3
    listed = HOUSES[article.house].models[article.model].list_price
    behaves = HonestTrade.RETAIL if isinstance(kind, Craft) and not article.counterfeit else kind
    return listed * draw_around(random, HABITS[behaves].price), float(listed)


def _price_text(random: Random, amount: float) -> str:
    return f"{max(1, int(amount))}.{choose(random, _ENDINGS)}"


def _draw_gtin(random: Random, article: Product) -> str:
    """The GTIN of the goods; counterfeiters copy a GTIN and often make a mistake."""
    assert article.house is not None
    gtin = HOUSES[article.house].gtin(article.model, article.variant)
    wrong = happens(random, 0.25 if article.counterfeit else 0.03)
    return f"{gtin[:-1]}{(int(gtin[-1]) + 1 + int(random.random() * 8)) % 10}" if wrong else gtin
