"""What a brand may know of its own answers, as counts and as a file."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from models.brand_record import BrandRecord, became, brand_record
from models.labels import AppealState
from serving.db.brand_answers import BrandAnswer
from serving.usecases.tabular import Format, Kind, as_file

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
    "answered_at": Kind.MOMENT,
    "outcome": Kind.TEXT,
    "reason": Kind.TEXT,
    "removed_at": Kind.MOMENT,
    "hours_to_removal": Kind.NUMBER,
    "counter_notice": Kind.TEXT,
    "counter_notice_at": Kind.MOMENT,
    "counter_notice_decided_at": Kind.MOMENT,
}


def record_of(answers: Iterable[BrandAnswer]) -> BrandRecord:
    """The counts."""
    return brand_record(one.answered for one in answers)


def record_file(form: Format, answers: Iterable[BrandAnswer]) -> bytes:
    """A row an answer, oldest first, with what became of it and why."""
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
        answered.answered_at,
        found.outcome.value,
        found.reason,
        answered.removed_at,
        found.hours_to_removal,
        None if answered.appeal is AppealState.NONE else answered.appeal.value,
        one.appealed_at,
        one.appeal_decided_at,
    )
