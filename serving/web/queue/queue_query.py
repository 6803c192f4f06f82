"""The query of a queue as an address states it: read from allowlists, and written back unchanged."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode

from models.case import CaseLane
from serving.cases.store.queues import Lease, Order, QueueFilter, Sort
from serving.web.wording.vocabulary import ANALYST_LANES

NO_BRAND: Final = "none"
OVERDUE: Final = "overdue"
LONGEST: Final = 400
_BY_HARM: Final = Order(Sort.HARM, descending=True)
_DESCENDING: Final = frozenset({Sort.HARM, Sort.SCORE})
_MOST_PAGES: Final = 1_000
_MOST_LANGUAGES: Final = 12
_MOST_DAYS: Final = 999
_ID: Final = re.compile(r"[a-z]{3}_[0-9a-z]{1,36}\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,4})?\Z", re.ASCII)
_UNSTORABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class FilterName(StrEnum):
    """Filter names as addresses spell them."""

    LANE = "lane"
    BRAND = "brand"
    MARKETPLACE = "marketplace"
    LANGUAGE = "language"
    HARM = "harm"
    AGE = "age"
    DUE = "due"
    SELLER = "seller"
    SCORE = "score"
    LEASE = "lease"
    RELIST = "relist"
    SNOOZED = "snoozed"
    SORT = "sort"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """A range of scores: probabilities up to 1, the scorecard's points above."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g}"


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """The selected part of the queue; without a lane, all lanes of analysts.

    `harm` is in the base currency, `age` in days, `due` in hours (0: overdue). `ignored` names invalid parameters.
    """

    lane: CaseLane | None = None
    page: int = 1
    brand: str | None = None
    marketplace: str | None = None
    language: tuple[str, ...] = ()
    harm: float | None = None
    age: int | None = None
    due: int | None = None
    seller: str | None = None
    score: ScoreBand | None = None
    lease: Lease | None = None
    relist: bool = False
    snoozed: bool = False
    sort: Order | None = None
    ignored: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, text: str) -> "QueueQuery":
        """The query of an address's query string; repeated fields form a list."""
        fields: dict[str, str] = {}
        for name, field_text in parse_qsl(text[: 4 * LONGEST], keep_blank_values=True, max_num_fields=None):
            fields[name] = f"{fields[name]},{field_text}" if name in fields else field_text
        return cls.read(fields)

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "QueueQuery":
        """The query of given values; values on no allowlist are ignored and reported."""
        values: dict[str, object] = {}
        ignored = []
        for name, field_text in fields.items():
            if not field_text:
                continue
            reader = _READERS.get(name)
            read = reader(field_text) if reader else None
            if read is None:
                ignored.append(name if name in set(FilterName) else "")
            else:
                values[name] = read
        return cls(**values, ignored=tuple(dict.fromkeys(ignored)))  # type: ignore[arg-type]  # each reader's own kind

    @property
    def lanes(self) -> tuple[CaseLane, ...]:
        return (self.lane,) if self.lane else ANALYST_LANES

    @property
    def text(self) -> str:
        """The query as an address has it, without its page."""
        return urlencode({name: text for name, text in self._values() if name != FilterName.PAGE})

    @property
    def filtered(self) -> bool:
        return replace(self, lane=None, page=1, sort=None) != QueueQuery()

    def without(self, word: FilterName) -> "QueueQuery":
        """The same query without one filter, from the first page."""
        return QueueQuery.read({name: text for name, text in self._values() if name not in {word, FilterName.PAGE}})

    def sorted_by(self, by: Sort) -> "QueueQuery":
        """The same queue sorted by a column: each column in its usual direction first, then in the other one."""
        usual = Order(by, descending=by in _DESCENDING)
        order = replace(usual, descending=not usual.descending) if self.shown_order == usual else usual
        return replace(self, page=1, sort=None if order == _BY_HARM else order)

    @property
    def shown_order(self) -> Order:
        """The order in which the queue is shown."""
        return self.sort or _BY_HARM

    @property
    def sort_text(self) -> str:
        """The order as addresses spell it; empty for the usual one."""
        return f"{'-' if self.sort.descending else ''}{self.sort.by.value}" if self.sort else ""

    def address(self, page: int = 1) -> str:
        text = "&".join(part for part in (self.text, f"page={page}" if page > 1 else "") if part)
        return f"/queue?{text}" if text else "/queue"

    def case_address(self, case_id: str) -> str:
        """The address of a case that was opened from this queue."""
        return f"/cases/{case_id}{f'?{self.text}' if self.text else ''}"

    def to_filter(
        self, marketplaces: frozenset[str], person: str, now: datetime, sellers: frozenset[str] | None = None
    ) -> QueueFilter:
        """The database query; `sellers` are the named seller and those linked with it."""
        marketplace_ids = marketplaces if self.marketplace is None else marketplaces & {self.marketplace}
        return QueueFilter(
            marketplace_ids,
            self.lanes,
            person=person,
            at=now,
            brand=None if self.brand == NO_BRAND else self.brand,
            without_brand=self.brand == NO_BRAND,
            languages=self.language,
            harm_from=self.harm,
            opened_before=None if self.age is None else now - timedelta(days=self.age),
            due_before=None if self.due is None else now + timedelta(hours=self.due),
            sellers=sellers if self.seller is not None else None,
            scores=(self.score.low, self.score.high) if self.score else None,
            lease=self.lease,
            without_masked=self.lane is not None or self.due is not None,
            relisted=self.relist,
            snoozed=self.snoozed,
        )

    def _values(self) -> list[tuple[str, str]]:
        values = {
            FilterName.LANE: self.lane.value if self.lane else "",
            FilterName.BRAND: self.brand or "",
            FilterName.MARKETPLACE: self.marketplace or "",
            FilterName.LANGUAGE: ",".join(self.language),
            FilterName.HARM: "" if self.harm is None else f"{self.harm:.4f}".rstrip("0").rstrip("."),
            FilterName.AGE: "" if self.age is None else str(self.age),
            FilterName.DUE: "" if self.due is None else OVERDUE if self.due == 0 else str(self.due),
            FilterName.SELLER: self.seller or "",
            FilterName.SCORE: str(self.score) if self.score else "",
            FilterName.LEASE: self.lease.value if self.lease else "",
            FilterName.RELIST: "yes" if self.relist else "",
            FilterName.SNOOZED: "yes" if self.snoozed else "",
            FilterName.SORT: self.sort_text,
        }
        return [(name.value, text) for name, text in values.items() if text]


def _parse_page(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        return None
    return min(max(int(text), 1), _MOST_PAGES)


def _parse_lane(text: str) -> CaseLane | None:
    return CaseLane(text) if text in set(CaseLane) else None


def _parse_brand(text: str) -> str | None:
    return text if text == NO_BRAND or _ID.match(text) else None


def _parse_marketplace(text: str) -> str | None:
    return text if _ID.match(text) else None


def _parse_languages(text: str) -> tuple[str, ...] | None:
    tags = sorted({part for part in text.split(",") if part})
    return tuple(tags) if 0 < len(tags) <= _MOST_LANGUAGES and all(map(_LANGUAGE.match, tags)) else None


def _parse_harm(text: str) -> float | None:
    return float(text) if _NUMBER.match(text) and float(text) > 0 else None


def _parse_days(text: str) -> int | None:
    number = text.isascii() and text.isdigit() and len(text) <= 3 and int(text)
    return number if number and number <= _MOST_DAYS else None


def _parse_due(text: str) -> int | None:
    return 0 if text == OVERDUE else _parse_days(text)


def _parse_seller(text: str) -> str | None:
    name = text.strip()
    return name if 0 < len(name) <= 200 and not _UNSTORABLE.search(name) else None


def _parse_score(text: str) -> ScoreBand | None:
    low, _, high = text.partition("-")
    if not (_NUMBER.match(low) and _NUMBER.match(high)):
        return None
    band = ScoreBand(float(low), float(high))
    return band if band.low <= band.high <= 100 and math.isfinite(band.high) else None


def _parse_lease(text: str) -> Lease | None:
    return Lease(text) if text in set(Lease) else None


def _parse_relist(text: str) -> bool | None:
    return True if text == "yes" else None


def _parse_sort(text: str) -> Order | None:
    name = text.removeprefix("-")
    return Order(Sort(name), descending=text != name) if name in set(Sort) else None


_READERS: Final[Mapping[str, Callable[[str], object | None]]] = {
    FilterName.LANE: _parse_lane, FilterName.BRAND: _parse_brand, FilterName.MARKETPLACE: _parse_marketplace,
    FilterName.LANGUAGE: _parse_languages, FilterName.HARM: _parse_harm, FilterName.AGE: _parse_days,
    FilterName.DUE: _parse_due, FilterName.SELLER: _parse_seller, FilterName.SCORE: _parse_score,
    FilterName.LEASE: _parse_lease, FilterName.RELIST: _parse_relist, FilterName.SNOOZED: _parse_relist,
    FilterName.SORT: _parse_sort, FilterName.PAGE: _parse_page,
}  # fmt: skip
