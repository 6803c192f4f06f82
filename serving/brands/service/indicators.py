"""Counterfeit indicators as account managers load them: validated, bounded in number, withdrawn but never changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from features.indicators import (
    LONGEST_TEXT,
    MOST_PER_BRAND,
    Direction,
    Indicator,
    PatternRefused,
    SearchedText,
    check_pattern,
    matched_words,
)
from models.errors import Conflict, Invalid
from serving.audit.store import audit
from serving.brands.store import brands, indicators
from serving.listings.store import listings
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime

LONGEST_LABEL = 200
_TRIED_ON = 500  # Listings: at most half a second of folding, and enough to see that a pattern is too wide.
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class NewIndicator:
    """A brand's counterfeit indicator: a label for people, a pattern, and its validity (default: at once, without
    end)."""

    brand: str
    label: str
    pattern: str
    direction: Direction
    where: SearchedText = SearchedText.ANY
    active_from: datetime | None = None
    active_to: datetime | None = None
    marketplace: str | None = None


def add_indicator(runtime: Runtime, new_indicator: NewIndicator, *, by: str) -> Indicator:
    """Add a counterfeit indicator of an enrolled brand; it applies to listings that come in from now on.

    Raises Invalid (the pattern or the label is refused, or the end is not after the beginning), NotFound (the brand is
    not enrolled here) or Conflict (the brand has the maximum number of indicators).
    """
    now = runtime.clock.now()
    label = new_indicator.label.strip()
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise Invalid(
            "A counterfeit indicator needs a label of at most {most} characters, all of them visible.",
            most=LONGEST_LABEL,
        )
    try:
        check_pattern(new_indicator.pattern)
    except PatternRefused as refused:
        raise Invalid(refused.phrase) from None
    active_from = new_indicator.active_from or now
    if new_indicator.active_to is not None and new_indicator.active_to <= active_from:
        raise Invalid("A counterfeit indicator must end after it begins.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        marketplace_id = marketplaces.by_name(connection, new_indicator.marketplace).marketplace_id
        brand_id = brands.enrolled_id_by_name(connection, marketplace_id, new_indicator.brand)
        if indicators.active_count(connection, marketplace_id, brand_id) >= MOST_PER_BRAND:
            raise Conflict(
                "{name} already has {most} counterfeit indicators, which is the maximum. Withdraw one first.",
                name=new_indicator.brand,
                most=MOST_PER_BRAND,
            )
        indicator = Indicator(
            indicator_id=runtime.ids.new("tel"),
            brand_id=brand_id,
            label=label,
            pattern=new_indicator.pattern,
            where=new_indicator.where,
            direction=new_indicator.direction,
            active_from=active_from,
            active_to=new_indicator.active_to,
            known_at=now,
        )
        indicators.add_indicator(connection, marketplace_id, indicator)
        audit.record(
            connection,
            now,
            marketplace_id,
            by,
            "indicator.added",
            indicator.indicator_id,
            brand_id=brand_id,
            label=label,
            direction=indicator.direction.value,
        )
    runtime.forget()
    return indicator


def remove_indicator(runtime: Runtime, indicator_id: str, *, marketplace: str | None, by: str) -> None:
    """Withdraw a counterfeit indicator; earlier scores with it stay as they were.

    Raises NotFound (there is no indicator of this id in force).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, marketplace).marketplace_id
        brand_id = indicators.withdraw(connection, marketplace_id, indicator_id, now)
        audit.record(connection, now, marketplace_id, by, "indicator.removed", indicator_id, brand_id=brand_id)
    runtime.forget()


@dataclass(frozen=True, slots=True)
class PatternTrial:
    """The matches of a pattern: words of the pasted text, and the ids, titles and matched words of some listings."""

    words: str | None
    looked_at: int
    fitting: int
    examples: tuple[tuple[str, str, str], ...]


def try_pattern(runtime: Runtime, pair: tuple[str, str], pattern: str, where: SearchedText, text: str) -> PatternTrial:
    """Match a pattern against a pasted text and the latest listings of a brand; `pair` is (marketplace, brand).

    Raises Invalid (the pattern is refused).
    """
    try:
        check_pattern(pattern)
    except PatternRefused as refused:
        raise Invalid(refused.phrase) from None
    with runtime.store.read() as connection:
        others = listings.latest_of_brand(connection, pair, _TRIED_ON)
    examples = [
        (external_id, str(content.get("title") or external_id), words)
        for external_id, content in others
        if (words := matched_words(pattern, where, content.get("title") or "", content.get("description") or ""))
        is not None
    ]
    words = matched_words(pattern, where, text[:LONGEST_TEXT], text) if text.strip() else None
    return PatternTrial(words, len(others), len(examples), tuple(examples[:_EXAMPLES]))


def of_brand(connection: Connection, pair: tuple[str, str]) -> list[Indicator]:
    """Every counterfeit indicator of a brand at a marketplace, including withdrawn ones, the newest first."""
    all_indicators = indicators.of_marketplace(connection, pair[0])
    return [indicator for indicator in reversed(all_indicators) if indicator.brand_id == pair[1]]
