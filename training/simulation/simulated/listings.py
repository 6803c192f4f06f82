"""Listings of one seller: the goods, their prices, and the rows that the marketplace sends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final

from training.simulation.simulated.chance import Random, around, happens, one_of
from training.simulation.simulated.goods import GOODS, HOUSES
from training.simulation.simulated.habits import HABITS, Around, Craft, Honest, Kind
from training.simulation.simulated.prose import Item, Text, mistyped, write
from training.simulation.simulated.records import Row, block, counters, volumes
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
    item: Item
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


def draw_item(random: Random, seller: Seller, *, unknowing: float) -> Item:
    """An item that the seller lists; `unknowing` is the probability of a fake where the seller is honest."""
    if seller.supplier is not None and happens(random, FAKE_SHARE):
        return _of_house(random, one_of(random, seller.houses), counterfeit=True, part=False)
    if not happens(random, HABITS[seller.kind].branded):
        house = one_of(random, range(len(HOUSES)))
        if happens(random, _PARTS):
            return _of_house(random, house, counterfeit=False, part=True)
        return Item(None, 0, one_of(random, tuple(GOODS)), _variant(random), counterfeit=False)
    return _of_house(random, one_of(random, seller.houses), counterfeit=happens(random, unknowing), part=False)


def _of_house(random: Random, house: int, *, counterfeit: bool, part: bool) -> Item:
    model = one_of(random, range(len(HOUSES[house].models)))
    return Item(house, model, HOUSES[house].models[model].goods, _variant(random), counterfeit, part)


def _variant(random: Random) -> int:
    return one_of(random, range(8))


def draft(random: Random, seller: Seller, article: Item) -> Draft:
    """The listing of an item on a random day of the seller's career."""
    career = seller.career
    day = career.first_day + random.random() * (career.last_day - career.first_day)
    content = _content(random, seller, article, write(random, seller, article))
    if happens(random, _BARE):
        bare: Row = {name: content[name] for name in _BARE_FIELDS if name in content}
        return Draft(seller, day, article, bare, {}, {})
    return _observed(random, Draft(seller, day, article, content, {}, {}))


def _observed(random: Random, listing: Draft) -> Draft:
    seller, article, habits = listing.seller, listing.item, HABITS[listing.seller.kind]
    totals = volumes(random, seller.career, seller.record, listing.day)
    age = min(around(random, habits.listing_age), listing.day - seller.career.opened)
    counted = counters(
        random, totals, habits, age=age, listings=seller.career.listings, counterfeit=article.counterfeit
    )
    if happens(random, 0.7):
        counted["availability"] = "in_stock" if happens(random, 0.93) else "out_of_stock"
    seller_block = block(seller.career, seller.record, totals, country=seller.style.country, day=listing.day)
    return replace(listing, observed=counted, block=seller_block)


def later(random: Random, listing: Draft, day: float) -> Draft:
    """The same listing on a later day, with unchanged content."""
    seller = listing.seller
    totals = volumes(random, seller.career, seller.record, day)
    renewed = block(seller.career, seller.record, totals, country=seller.style.country, day=day)
    observed = dict(listing.observed)
    if isinstance(age := observed.get("age_days"), int):
        observed["age_days"] = age + int(day - listing.day)
    return replace(listing, day=day, observed=observed, block=renewed if listing.block else {})


def relisted(random: Random, listing: Draft, seller: Seller) -> Draft:
    """The same goods with nearly the same text under another account."""
    career = seller.career
    day = career.first_day + random.random() * (career.last_day - career.first_day)
    content = {**listing.content, "title": varied(random, str(listing.content["title"]))}
    if "price" in content:
        content["price"] = f"{float(str(content['price'])) * (0.95 + 0.1 * random.random()):.2f}"
    return _observed(random, Draft(seller, day, listing.item, content, {}, {}))


def varied(random: Random, title: str) -> str:
    """A title that differs slightly, as a copied title does."""
    ways = (title, mistyped(random, title), f"{title}!", title.replace(",", " -"), f"★ {title}")
    return one_of(random, ways)


def _content(random: Random, seller: Seller, article: Item, text: Text) -> Row:
    habits = HABITS[seller.kind]
    price, usual = _price(random, seller.kind, article)
    rate = PER_EURO[seller.style.currency]
    content: Row = {"title": text.title, "price": _amount(random, price * rate), "currency": seller.style.currency}
    if text.description:
        content["description"] = text.description
    if text.named is not None and not article.part and happens(random, habits.declares):
        content["brand"] = text.named
    if happens(random, 0.9):
        content["product_type"] = GOODS[article.goods].product_type
    if happens(random, 0.45 if article.counterfeit else 0.3) and usual > price:
        content["list_price"] = _amount(random, usual * rate)
    if article.house is not None and not article.part and happens(random, habits.coded):
        content["gtin"] = _gtin(random, article)
    if happens(random, 0.7):
        content["condition"] = "used" if seller.style.story is Story.SECOND_HAND and happens(random, 0.8) else "new"
    if happens(random, 0.6):
        content["language"] = text.language.value
    if happens(random, 0.6):
        content["ship_from"] = _dispatch(random, seller, article)
    if happens(random, 0.7):
        pictures = 1 + int(random.random() * 3)
        content["image_link"] = [
            f"https://img.market.example/{int(random.random() * 16**9):09x}.jpg" for _ in range(pictures)
        ]
    return content


def _dispatch(random: Random, seller: Seller, article: Item) -> str:
    """The country of dispatch; workshops often send counterfeits themselves."""
    if happens(random, 0.3 if article.counterfeit else 0.12):
        return one_of(random, _ELSEWHERE)
    return seller.style.country


def _price(random: Random, kind: Kind, article: Item) -> tuple[float, float]:
    """The asking price in EUR, and the usual price of the goods."""
    if article.part:
        return 9 * around(random, Around(median=1.0, spread=0.5)), 9.0
    if article.house is None:
        usual = float(GOODS[article.goods].unbranded)
        return usual * around(random, Around(median=1.0, spread=0.4)), usual * 1.3
    listed = HOUSES[article.house].models[article.model].list_price
    behaves = Honest.RETAIL if isinstance(kind, Craft) and not article.counterfeit else kind
    return listed * around(random, HABITS[behaves].price), float(listed)


def _amount(random: Random, amount: float) -> str:
    return f"{max(1, int(amount))}.{one_of(random, _ENDINGS)}"


def _gtin(random: Random, article: Item) -> str:
    """The GTIN of the goods; counterfeiters copy a GTIN and often make a mistake."""
    assert article.house is not None
    gtin = HOUSES[article.house].gtin(article.model, article.variant)
    wrong = happens(random, 0.25 if article.counterfeit else 0.03)
    return f"{gtin[:-1]}{(int(gtin[-1]) + 1 + int(random.random() * 8)) % 10}" if wrong else gtin
