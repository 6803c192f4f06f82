"""Takedown requests of brands: the listings, the right, and the result of each listing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, exists, func, or_, select, tuple_

from features.message import Message, from_json
from features.phrase import Phrase
from models.case import CaseLane
from models.errors import NotFound
from models.verdict import ReasonCode
from serving.cases.rules.takedown_request import Fate
from serving.cases.tables import review_case, takedown_item, takedown_request, verdict
from serving.listings.tables import listing, listing_version
from serving.platform.database.row_reader import RowReader, reader
from serving.platform.database.scope import Pair, inside, same
from serving.platform.database.store import add
from serving.platform.phrases import of_data


@dataclass(frozen=True, slots=True)
class StoredRequest:
    marketplace_id: str
    request_id: str
    brand_id: str
    right_id: str
    user_id: str
    reason_code: ReasonCode
    known_at: datetime


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One listing of a request. `external_id` and `content` are None where the brand was never asked about it.

    `refusal` is the reason for its refusal, as a phrase.
    """

    case_id: str
    version_id: str
    verdict_id: str | None
    fate: Fate
    reasons: tuple[Message, ...]
    refusal: Phrase | None
    external_id: str | None
    content: Mapping[str, Any] | None
    undone: bool

    @property
    def why(self) -> tuple[Message, ...] | Phrase:
        """The refusal, or the reasons where there is none."""
        return self.reasons if self.refusal is None else self.refusal


_ITEMS: Final = RowReader(
    StoredItem,
    reasons=lambda reasons: tuple(map(from_json, reasons)),
    refusal=lambda refusal: None if refusal is None else of_data(refusal),
)


def add_request(connection: Connection, row: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    add(connection, takedown_request, [row])
    key = {name: row[name] for name in ("marketplace_id", "request_id")}
    add(connection, takedown_item, [{**key, "number": number, **item_row} for number, item_row in enumerate(items)])


def find(connection: Connection, request_id: str) -> StoredRequest | None:
    """The request of an id, from any marketplace; None where there is none."""
    query = select(takedown_request).where(takedown_request.c.request_id == request_id)
    return reader(StoredRequest).single(connection, query)


def listing_names(connection: Connection, pair: Pair, case_ids: Collection[str]) -> dict[str, str]:
    """The marketplace's ids of the listings of these cases, by case; only of a brand's own, by (marketplace, brand)."""
    query = (
        select(review_case.c.case_id, listing.c.external_id)
        .join(listing, same(listing, review_case, "listing_id"))
        .where(inside(review_case, pair[0], brand_id=pair[1]), review_case.c.case_id.in_(case_ids))
    )
    return {row.case_id: row.external_id for row in connection.execute(query)}


def get(connection: Connection, request_id: str, pairs: Collection[tuple[str, str]]) -> StoredRequest:
    """A request of one of these brands, by (marketplace, brand).

    Raises NotFound (there is no such request, or it is another brand's; the error is the same).
    """
    request = find(connection, request_id)
    if request is None or (request.marketplace_id, request.brand_id) not in pairs:
        raise NotFound("There is no such takedown request.")
    return request


def latest(connection: Connection, pairs: Collection[tuple[str, str]], most: int) -> list[StoredRequest]:
    """The latest requests of these brands, newest first."""
    query = (
        select(takedown_request)
        .where(tuple_(takedown_request.c.marketplace_id, takedown_request.c.brand_id).in_(sorted(pairs)))
        .order_by(takedown_request.c.known_at.desc(), takedown_request.c.request_id.desc())
        .limit(most)
    )
    return reader(StoredRequest).all(connection, query) if pairs else []


def listing_counts(connection: Connection, requests: Collection[StoredRequest]) -> dict[str, int]:
    """The number of listings by request."""
    query = (
        select(takedown_item.c.request_id, func.count().label("n"))
        .where(takedown_item.c.request_id.in_([request.request_id for request in requests]))
        .group_by(takedown_item.c.request_id)
    )
    return {row.request_id: row.n for row in connection.execute(query)}


def items(connection: Connection, request: StoredRequest) -> list[StoredItem]:
    """The listings of a request, in the order of the request."""
    later, own, place = verdict.alias("later"), verdict.alias("own"), takedown_item.c.marketplace_id
    answered = exists().where(
        own.c.marketplace_id == place, own.c.case_id == takedown_item.c.case_id, own.c.brand_id == request.brand_id
    )
    undone = later.c.verdict_id.is_not(None).label("undone")
    query = (
        select(takedown_item, listing.c.external_id, listing_version.c.content, undone)
        .outerjoin(verdict, (verdict.c.marketplace_id == place) & (verdict.c.verdict_id == takedown_item.c.verdict_id))
        .outerjoin(later, (later.c.marketplace_id == place) & (later.c.supersedes_id == takedown_item.c.verdict_id))
        # The submitted id may be any case: only cases that the brand was asked about are shown with their listing.
        .outerjoin(
            review_case,
            (review_case.c.marketplace_id == place)
            & (review_case.c.case_id == takedown_item.c.case_id)
            & (review_case.c.brand_id == request.brand_id)
            & or_(review_case.c.lane == CaseLane.ASK_BRAND.value, answered),
        )
        .outerjoin(listing, (listing.c.marketplace_id == place) & (listing.c.listing_id == review_case.c.listing_id))
        .outerjoin(
            listing_version,
            (listing_version.c.marketplace_id == place) & (listing_version.c.version_id == review_case.c.version_id),
        )
        .where(place == request.marketplace_id, takedown_item.c.request_id == request.request_id)
        .order_by(takedown_item.c.number)
    )
    return _ITEMS.all(connection, query)
