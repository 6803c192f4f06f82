"""The marketplace's counts of a seller and a listing, in consistent windows."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from training.simulation.simulated.chance import Random, draw_around, happens
from training.simulation.simulated.habits import FAKES_OF_GENUINE, Habits, LogNormal

Row = dict[str, object]
Counts = tuple[int, int, int]

DAYS: Final = (7, 30, 90)
FOLLOWED: Final = 0.3  # Share of sellers whose sales the marketplace reports as single events.
# Sales per month and listing. These are small shops, so that a demo sends fewer than hundreds of thousands of events.
_FOLLOWED_SALES: Final = LogNormal(median=0.8, spread=0.4)
_ACCEPTED: Final = 0.95
_RATES: Final = 0.15  # Share of buyers who leave stars.
_RETURN_DAYS: Final = 9.0
# Share of sellers whose rows have each part of the seller block, because real marketplace data are incomplete.
_SAYS: Final = {"age": 0.85, "country": 0.8, "rating": 0.55, "volumes": 0.65, "returns": 0.6, "stock": 0.6}


@dataclass(frozen=True, slots=True)
class Career:
    """The days of the history on which an account opened, first listed and last listed, and its number of listings."""

    opened: float
    first_day: float
    last_day: float
    listings: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One act of a buyer; `sale` is the number of the sale that it belongs to."""

    day: float
    kind: str
    sale: int
    amount: float


class Ledger:
    """All sales and returns of one seller, from which both windows and events are made."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        self.entries = tuple(sorted(entries, key=lambda ledger_entry: ledger_entry.day))
        self._days = {kind: [e.day for e in self.entries if e.kind == kind] for kind in ("sale", "return")}
        self._sums = {
            kind: [0.0, *accumulate(e.amount for e in self.entries if e.kind == kind)] for kind in ("sale", "return")
        }

    def counts(self, kind: str, day: float) -> Counts:
        """The number of entries in each window that ends at `day`."""
        (a, b, c), end = self._starts(kind, day), bisect_right(self._days[kind], day)
        return end - a, end - b, end - c

    def amounts(self, kind: str, day: float) -> tuple[float, float, float]:
        """The total amount in each window that ends at `day`."""
        sums, end = self._sums[kind], bisect_right(self._days[kind], day)
        a, b, c = self._starts(kind, day)
        return sums[end] - sums[a], sums[end] - sums[b], sums[end] - sums[c]

    def _starts(self, kind: str, day: float) -> Counts:
        a, b, c = (bisect_right(self._days[kind], day - window) for window in DAYS)
        return a, b, c


@dataclass(frozen=True, slots=True)
class Record:
    """A seller's constant figures. `says` names the parts that the marketplace sends.

    A seller without a ledger has no events.
    """

    monthly_sales: float
    order_value: float
    return_share: float
    rating: float
    rating_count: int
    variety: int
    available: int
    says: frozenset[str]
    ledger: Ledger | None


@dataclass(frozen=True, slots=True)
class Volumes:
    """A seller's windows at one moment; `turnover` and `returned_value` in currency units."""

    orders: Counts
    sales: Counts
    returned: Counts
    turnover: tuple[float, float, float]
    returned_value: tuple[float, float, float]


def draw_record(random: Random, habits: Habits, career: Career, *, order_value: float, fake_share: float) -> Record:
    """Figures of a new seller; `fake_share` is the share of its goods that are counterfeit."""
    return_share = min(0.5, habits.returns * draw_around(random, LogNormal(median=1.0, spread=0.45)))
    monthly_sales = draw_around(random, habits.sales)
    ledger = None
    if happens(random, FOLLOWED):
        monthly_sales = career.listings * draw_around(random, _FOLLOWED_SALES)
        fakes = fake_share * habits.fakes + (1 - fake_share) * FAKES_OF_GENUINE
        ledger = _draw_ledger(random, career, (monthly_sales, order_value, return_share, fakes))
    return Record(
        monthly_sales=monthly_sales,
        order_value=order_value,
        return_share=return_share,
        rating=round(float(np.clip(habits.rating + 0.3 * random.standard_normal(), 1, 5)), 1),
        rating_count=int(monthly_sales * draw_around(random, LogNormal(median=2.0, spread=0.8))),
        variety=career.listings
        + int(draw_around(random, LogNormal(median=10.0 if monthly_sales > 10 else 1.0, spread=1.2))),
        available=int(draw_around(random, LogNormal(median=1 + 3 * monthly_sales, spread=1.0))),
        says=frozenset(part for part, share in _SAYS.items() if random.random() < share),
        ledger=ledger,
    )


def _draw_ledger(random: Random, career: Career, rates: tuple[float, float, float, float]) -> Ledger:
    monthly_sales, order_value, return_share, fakes = rates
    begin = max(career.opened, career.first_day - DAYS[-1])
    length = career.last_day - begin
    entries: list[LedgerEntry] = []
    for sale in range(int(random.poisson(monthly_sales * length / 30))):
        day = begin + random.random() * length
        amount = round(draw_around(random, LogNormal(median=order_value, spread=0.5)), 2)
        entries.append(LedgerEntry(day, "sale", sale, amount))
        if happens(random, return_share):
            back = day + random.exponential(_RETURN_DAYS)
            entries.append(LedgerEntry(back, "return", sale, amount))
            if happens(random, fakes):
                entries.append(LedgerEntry(back, "fake_return", sale, amount))
        elif happens(random, _RATES):
            entries.append(LedgerEntry(day + random.exponential(_RETURN_DAYS), "rating", sale, 0.0))
    return Ledger(entries)


def draw_volumes(random: Random, career: Career, seller: Record, day: float) -> Volumes:
    """The seller's windows at `day`, counted from its ledger if it has one, otherwise random."""
    if seller.ledger is not None:
        sales = seller.ledger.counts("sale", day)
        return Volumes(
            sales,
            sales,
            seller.ledger.counts("return", day),
            seller.ledger.amounts("sale", day),
            seller.ledger.amounts("return", day),
        )
    active = min(day - career.opened, 90.0)
    orders = _thin_counts(random, int(random.poisson(seller.monthly_sales * active / 30)), active)
    sales = _draw_part(random, orders, _ACCEPTED)
    returned = _draw_part(random, sales, seller.return_share)
    return Volumes(orders, sales, returned, _turnover_of_counts(orders, seller), _turnover_of_counts(returned, seller))


def _turnover_of_counts(counts: Counts, seller: Record) -> tuple[float, float, float]:
    a, b, c = counts
    return a * seller.order_value, b * seller.order_value, c * seller.order_value


def _thin_counts(random: Random, in_90: int, active: float) -> Counts:
    """Counts of all windows from that of the longest, for an activity that began `active` days ago."""
    in_30 = int(random.binomial(in_90, min(1.0, 30 / max(active, 1.0))))
    return int(random.binomial(in_30, 7 / min(30.0, max(active, 7.0)))), in_30, in_90


def _draw_part(random: Random, counts: Counts, share: float) -> Counts:
    """A random part of each window's count, consistent between the windows."""
    in_7, in_30, in_90 = counts
    a = int(random.binomial(in_7, share))
    b = a + int(random.binomial(in_30 - in_7, share))
    return a, b, b + int(random.binomial(in_90 - in_30, share))


def draw_seller_block(career: Career, seller: Record, totals: Volumes, *, country: str, day: float) -> Row:
    """The seller block of a row, without the seller's id."""
    payload: Row = {}
    if "age" in seller.says:
        payload["age_days"] = max(0, int(day - career.opened))
    if "country" in seller.says:
        payload["country"] = country
    if "rating" in seller.says and seller.rating_count:
        payload |= {"rating": seller.rating, "rating_count": seller.rating_count}
    if "volumes" in seller.says:
        payload |= {
            "gmv": _amounts_object(totals.turnover),
            "orders": _window_object(totals.orders),
            "accepted": _window_object(totals.sales),
        }
    if "returns" in seller.says:
        payload |= {
            "returned": _window_object(totals.returned),
            "returned_value": _amounts_object(totals.returned_value),
        }
    if "stock" in seller.says:
        payload |= {"variety": seller.variety, "available": seller.available}
    return payload


def listing_counters(
    random: Random, totals: Volumes, habits: Habits, *, age: float, listings: int, counterfeit: bool
) -> Row:
    """The counts of one listing that is `age` days old; its sales are a part of the seller's."""
    share = min(0.6, draw_around(random, LogNormal(median=1 / (listings + 1), spread=0.6)))
    sold = _thin_counts(random, int(random.binomial(totals.sales[2], share * min(age, 90.0) / 90)), min(age, 90.0))
    returned = _draw_part(
        random, sold, min(0.5, habits.returns * draw_around(random, LogNormal(median=1.0, spread=0.3)))
    )
    fakes = habits.fakes if counterfeit else FAKES_OF_GENUINE
    payload: Row = {"age_days": int(age)}
    if happens(random, 0.65):
        payload |= {"sales": _window_object(sold), "returns": _window_object(returned)}
    if happens(random, 0.5):
        payload["fake_returns"] = _window_object(_draw_part(random, returned, fakes))
    raters = int(random.binomial(3 * sold[2], _RATES))
    if happens(random, 0.25):
        worst = 0.05 + (0.2 * fakes if counterfeit else 0.0)
        payload["rating_counts"] = random.multinomial(raters, (worst, 0.05, 0.07, 0.2, 0.68 - worst)).tolist()
    if happens(random, 0.6):
        payload["photos_count"] = 1 + int(random.poisson(3.0 if counterfeit else 4.2))  # Copied pictures are few.
        payload["comments_count"] = int(random.binomial(raters, 0.5))
    if happens(random, 0.3):
        payload["videos_count"] = int(random.random() < 0.15)
    return payload


def _window_object(counts: Counts) -> Row:
    return dict(zip(("d7", "d30", "d90"), counts, strict=True))


def _amounts_object(amounts: tuple[float, float, float]) -> Row:
    return {key: f"{abs(amount):.2f}" for key, amount in zip(("d7", "d30", "d90"), amounts, strict=True)}
