"""A brand's record of its own answers, as counts and as a file."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from features.message import message
from models.labels import AppealState
from models.messages.english import in_english
from serving.brands.rules.brand_record import Answered, BrandRecord, became, brand_record
from serving.brands.store.brand_answers import BrandAnswer
from serving.platform.tabular import Format, Kind, as_file
from serving.standing.store import standings
from serving.standing.store.standings import StandingChange

COLUMNS: Final = {
    "marketplace": Kind.TEXT,
    "brand": Kind.TEXT,
    "listing": Kind.TEXT,
    "version": Kind.COUNT,
    "title": Kind.TEXT,
    "price": Kind.MONEY,
    "currency": Kind.TEXT,
    "seller": Kind.TEXT,
    "answer": Kind.TEXT,
    "reason_code": Kind.TEXT,
    "asked_at": Kind.MOMENT,
    "answered_at": Kind.MOMENT,
    "hours_to_answer": Kind.NUMBER,
    "outcome": Kind.TEXT,
    "reason": Kind.TEXT,
    "removed_at": Kind.MOMENT,
    "hours_to_removal": Kind.NUMBER,
    "counter_notice": Kind.TEXT,
    "counter_notice_at": Kind.MOMENT,
    "counter_notice_decided_at": Kind.MOMENT,
}

STANDING_COLUMNS: Final = {
    "changed_at": Kind.MOMENT,
    "level": Kind.TEXT,
    "warned": Kind.TEXT,
    "accepted": Kind.COUNT,
    "rejected": Kind.COUNT,
    "overturned": Kind.COUNT,
    "reasons": Kind.TEXT,
    "policy_version": Kind.TEXT,
}
_ALL_CHANGES: Final = 10_000


def standing_rows(connection: Connection, marketplace_id: str, brand_id: str) -> list[tuple[Any, ...]]:
    """One row per change of a brand's standing, oldest first, with the counts and reasons of that moment."""
    found = standings.changes(connection, marketplace_id, brand_id, most=_ALL_CHANGES)
    return [_change_row(one) for one in reversed(found)]


def _change_row(one: StandingChange) -> tuple[Any, ...]:
    counted = one.counts.get("overall", {})
    return (
        one.known_at,
        one.level.value,
        "Yes" if one.warned else "No",
        *(counted.get(name) for name in ("accepted", "rejected", "overturned")),
        " ".join(map(in_english, one.reasons)),
        one.policy_version,
    )


def record_of(answers: Iterable[BrandAnswer]) -> BrandRecord:
    """The counts."""
    return brand_record(one.answered for one in answers)


def record_file(form: Format, answers: Iterable[BrandAnswer]) -> bytes:
    """One row per answer, oldest first, with its outcome and the reason."""
    return as_file(form, COLUMNS, (_row(one) for one in answers))


def _row(one: BrandAnswer) -> tuple[Any, ...]:
    answered, found = one.answered, became(one.answered)
    price = one.content.get("price")
    return (
        one.marketplace,
        one.brand,
        one.external_id,
        one.version,
        one.content.get("title"),
        None if price is None else Decimal(str(price)),
        one.content.get("currency"),
        one.seller_external_id,
        answered.judgement.value,
        one.reason_code.value if one.reason_code else None,
        answered.asked_at,
        answered.answered_at,
        answered.hours_to_answer,
        found.outcome.value,
        in_english(message(found.reason)),
        answered.removed_at,
        found.hours_to_removal,
        _objection(answered),
        one.appealed_at,
        one.appeal_decided_at,
    )


def _objection(answered: Answered) -> str | None:
    """The state of the seller's objection: on appeal, or else in the counter-notice."""
    if not answered.objected:
        return None
    if answered.appeal is not AppealState.NONE:
        return answered.appeal.value
    return None if answered.counter_notice is None else answered.counter_notice.value
